// Package corpora owns corpora, documents, the rights on them, their
// connection to agents, and retrieval.
//
// Owns: corpora with the roles on them, documents with their passages and
// postings, connections.
// Tables: corpora_*. The originals of documents are files in the blob store.
// Jobs: corpora.index, one for each document that waits, and corpora.renew, one
// for each corpus whose words an older version has read.
//
// Publishes: corpora.corpus_created.v1, corpora.corpus_updated.v1,
// corpora.corpus_deleted.v1, corpora.permissions_changed.v1,
// corpora.document_added.v1, corpora.document_indexed.v1.
//
// Consumes: users.user_deleted.v1 (owned corpora pass to the admin, and the
// user's roles end), projects.team_deleted.v1 (so do the team's).
//
// Rules: a document and its step are stored before its event is published. It is
// indexed in the background; after "completed" the next question can find it. Rights are part of the search itself: what the asker may not
// use is never a candidate. A corpus that shares its content through an agent
// gives answers and quotes to users who may run the agent, and nothing more.
package corpora
