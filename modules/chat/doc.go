// Package chat owns threads, runs with their answers and stored streams, and
// the ledger of what models used.
//
// Owns: threads, runs, thoughts, supporting content, ledger. Tables: chat_*.
//
// Publishes: chat.thread_created.v1, chat.run_completed.v1,
// chat.run_failed.v1.
//
// Consumes: users.user_deleted.v1 (the user's threads and texts go). In every
// process also agents.agent_updated.v1, agents.agent_deleted.v1,
// users.access_changed.v1, users.user_deleted.v1 and projects.project_moved.v1
// (runs end whose askers may not run the agent any more).
//
// Rules: a run is rows, not a connection. Question and run are committed
// before any model is called, the stream's events are rows with a sequence
// number that clients read as often as they like, and answer, ledger rows and
// event are one commit, made before anybody is told that the run has ended.
// The journal of a process makes these commits, for all its runs together. A
// process renews a lease on its runs; what it leaves behind when it dies is
// closed as interrupted, with the text it had. Content is private: only the
// asker reads a thread.
//
// With caching on (the question's own caching_enabled, else the agent's) an
// answer is used again when a later prompt is the same: the same question, agent
// version, model and options, and the same passages of the same corpora in the
// same versions, as that asker's rights make them. Then no model is called, so
// the ledger has no row. A history or an attachment makes it another question. A
// stored answer is found by its key, so a deleted one never is.
//
// A user who loses access to an agent loses their open runs on it at once:
// they end cancelled, as chat.access_lost, with the text they had. Each
// process looks at those it answers itself when an event may have taken access
// away, and asks agents once for each agent which of the askers still have it.
// Access is decided again when the turn of a run comes, after the run is known
// to its process: Ask decided by what the caller was granted when the request
// came, and a loss since then may have been told of before.
package chat
