package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"
)

// Backlog hands out, once, the values of a table that are older than a release:
// for an event that tells what they are and that was not published before. The
// migration of that release notes the highest id in a table with the columns
// name (the primary key), last_id (0 at first) and until_id.
type Backlog[V, R any] struct {
	Of    Table[V, R]
	Notes string // the table of notes
	Name  string // in it
	ID    func(V) int64
}

// Next answers the next values, at most limit and ordered by id, and whether
// more may follow. It runs in the unit of ctx, and refuses to run without one:
// what it answered is handed out again unless that commits. Other units wait.
func (b Backlog[V, R]) Next(ctx context.Context, limit int) (values []V, more bool, err error) {
	if !b.Of.db.InTx(ctx) {
		return nil, false, errors.New("reading a backlog outside a unit of work")
	}
	var last, until int64
	db := b.Of.db.On(ctx)
	// The update locks the note.
	err = db.NewRaw("UPDATE ? SET last_id = last_id WHERE name = ? RETURNING last_id, until_id", bun.Ident(b.Notes), b.Name).Scan(ctx, &last, &until)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("reading how far the backlog of %s is: %w", b.Name, err)
	}
	if values, err = b.Of.List(ctx, limit, "id", Cond("id > ? AND id <= ?", last, until)); err != nil {
		return nil, false, err
	}
	if more = len(values) == limit; more {
		_, err = db.NewRaw("UPDATE ? SET last_id = ? WHERE name = ?", bun.Ident(b.Notes), b.ID(values[limit-1]), b.Name).Exec(ctx)
	} else {
		_, err = db.NewRaw("DELETE FROM ? WHERE name = ?", bun.Ident(b.Notes), b.Name).Exec(ctx)
	}
	if err != nil {
		return nil, false, fmt.Errorf("noting how far the backlog of %s is: %w", b.Name, err)
	}
	return values, more, nil
}
