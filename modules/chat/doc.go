// Package chat owns threads, runs with their answers and stored streams, and
// the ledger of what models used.
//
// Owns: threads, runs, thoughts, supporting content, ledger. Tables: chat_*.
//
// Publishes: chat.thread_created.v1, chat.run_completed.v1,
// chat.run_failed.v1.
//
// Consumes: users.user_deleted.v1 (the user's threads and texts go).
//
// Rules: a run is rows, not a connection. Question and run are committed
// before any model is called, the stream's events are rows with a sequence
// number that clients read as often as they like, and answer, ledger rows and
// event are one commit, made before anybody is told that the run has ended. A
// process that runs runs renews a lease on them; what it leaves behind when
// it dies is closed as interrupted, with the text it had. Content is
// private: only the asker reads a thread.
package chat
