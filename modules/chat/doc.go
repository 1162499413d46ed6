// Package chat owns threads, runs with their answers and stored streams, the
// grants to read them, and the ledger of what models used.
//
// Owns: threads, runs, thoughts, supporting content, comments, votes, content
// grants, ledger. Tables: chat_*.
//
// Publishes: chat.thread_created.v1, chat.run_completed.v1,
// chat.run_failed.v1, chat.response_commented.v1, chat.response_rated.v1,
// chat.response_deleted.v1, chat.thread_deleted.v1,
// chat.content_grant_created.v1, chat.content_grant_ended.v1,
// chat.content_read.v1.
//
// Consumes: users.user_deleted.v1 (the user's threads, texts, comments and
// votes go, and the grants on them; grants that the user made end). In every
// process also chat.thread_deleted.v1 and chat.response_deleted.v1 (deleted
// answers end), chat.content_grant_ended.v1 (streams end that are read through
// it), and agents.agent_updated.v1, agents.agent_deleted.v1,
// users.access_changed.v1, users.user_deleted.v1 and projects.project_moved.v1
// (runs end whose askers may not run the agent any more).
//
// Rules: a run is rows, not a connection. Question and run are committed
// before any model is called, the stream's events are rows with a sequence
// number that clients read as often as they like, and answer, ledger rows and
// event are one commit, made before anybody is told that the run has ended.
// The journal of a process makes these commits, for all its runs together. A
// process renews a lease on its runs; what it leaves behind when it dies is
// closed as interrupted, with the text it had. Content is private: the
// asker reads a thread, and a global admin for as long as a content grant that
// they made lives, on the asker or on the agent. Nobody reads what a global
// admin asked. Each such read is one commit with its entry in the audit log and
// chat.content_read.v1, made before anything is answered, and lets nobody write.
//
// Models come from a list; the question chooses one by its name, else the agent,
// else it is the default. A prompt is made to fit its model: the oldest
// exchanges go first, then the last passages. A model that fails before its
// first piece is stood in for by its fallback. Each call is a ledger row with
// its exact cost, and a run costs the sum of its rows.
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
//
// What a user deletes is gone with the commit: threads and answers, with
// texts, comments, streams and what later answers kept of them as history. Runs
// stay as bare figures, with their ledger and votes. A deleted answer that is
// still being made ends as chat.deleted: at its next piece at the latest,
// which is not stored, whichever process makes it. An Idempotency-Key of a
// deleted answer answers chat.deleted as long as it is kept.
//
// Each process has places for answers. One that gets free goes to the next
// organization that waits, and in it to the next user; who asks for more than a
// share of them is refused. Evaluations get the places that nobody else waits
// for. What they ask are runs as users ask them, in a thread of the test, which
// lists and recents leave out, and each call of their judge is a run of its own;
// a key makes each of them one run, whatever is killed. So all of it is in the
// ledger, and engagement leaves it out by its query_source.
//
// An admin of an agent may read what it answered, without the asker, as far as
// they may read the sources of the answer and of those before it in its thread.
//
// A user has one vote on an answer. It is told of only when it changes, with
// the one before, so that sums over the events are what is stored.
package chat
