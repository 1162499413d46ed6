// Package corpora owns corpora, documents, the rights on them, their
// connection to agents, and retrieval.
//
// Owns: corpora with the roles on them, documents with their passages and
// postings, connections.
// Tables: corpora_*. The originals of documents are files in the blob store.
// Jobs: corpora.index, one for each document that waits; corpora.refresh, one for
// each page that is fetched again in its time; corpora.renew, one for each corpus
// whose words an older version has read; corpora.stale, one for each corpus with
// documents whose files an older version has read; corpora.embed, which makes
// vectors; corpora.empty and corpora.erase, which
// remove what nobody sees any more.
//
// Publishes: corpora.corpus_created.v1, corpora.corpus_updated.v1,
// corpora.corpus_deleted.v1, corpora.permissions_changed.v1,
// corpora.document_added.v1, corpora.document_updated.v1,
// corpora.document_indexed.v1, corpora.document_deleted.v1,
// corpora.connection_changed.v1, corpora.corpus_disconnected.v1.
//
// Consumes: users.user_deleted.v1 (owned corpora pass to the admin, and the
// user's roles end), projects.team_deleted.v1 (so do the team's),
// agents.agent_deleted.v1 (so do the agent's connections).
//
// Rules: a document and its step are stored before its event is published. It is
// indexed in the background; after "completed" the next question can find it,
// and after its deletion the next question does not. A new source takes the
// place of the old text in one step. Rights are part of the search itself: what
// the asker may not use is never a candidate. A corpus that shares its content through an agent
// gives answers and quotes to users who may run the agent, and nothing more.
// What an agent is connected to is part of its versions: whatever changes it makes
// the next one (agents.Versions), in the same transaction and with the agent locked
// before the corpus. Restoring a version is done here, with the connections that
// the caller could make by hand.
package corpora
