// Package sqldb keeps state in SQLite (one file, no server) or PostgreSQL
// through bun, with the same repository code on both.
//
// SQLite has one writing connection, whose transactions begin immediately,
// and a small pool of read-only ones: that pair never answers "database is
// locked" to readers and never loses an update. A connection of its own copies
// the log into the database, so that no commit has to. PostgreSQL is reached over
// pgdriver with a statement timeout, because pgdriver does not notice a
// cancelled context.
//
// Rules for models, each of which closes a trap in bun: no default:, nullzero
// or autoincrement tags (a bulk insert would drop the column for all rows
// when the first row is zero); times and event ids come from Go; no scan
// target of type any.
package sqldb
