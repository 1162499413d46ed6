// Package corpora owns corpora, documents, the rights on them, their
// connection to agents, and retrieval.
package corpora
