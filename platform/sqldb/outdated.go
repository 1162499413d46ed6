package sqldb

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"sync/atomic"
)

// What is prepared is outdated once a migration, perhaps of another process, has
// changed the types that it answers: PostgreSQL refuses it (0A000) before it
// does anything. It is prepared anew and sent again where nothing else was done
// on the transaction. Elsewhere the unit fails, and those of the other
// connections don't, for all prepare anew from then on.

// outdated reports whether an error may be one of what was prepared: its plan no
// longer fits, or somebody has thrown it away.
func outdated(err error) bool {
	code := pgCode(err)
	return code == "0A000" || code == "26000"
}

// changed counts how often PostgreSQL has told that tables have changed.
type changed struct{ n atomic.Int64 }

// note counts an error of an outdated plan. What else is not supported has the
// same code, and no other words that are the same in all languages than the
// place in PostgreSQL.
func (c *changed) note(told pgError) {
	if told.Field('R') == "RevalidateCachedQuery" {
		c.n.Add(1)
	}
}

// forget throws away what is prepared on the connection, if it has to be
// prepared anew.
func (c *pgConn) forget(m []byte) []byte {
	now := c.changed.n.Load()
	if now == c.changes && !c.stale {
		return m
	}
	c.changes, c.stale = now, false
	for _, known := range c.names {
		at := len(m) + 1
		m = append(append(append(m, 'C', 0, 0, 0, 0, 'S'), known.name...), 0)
		binary.BigEndian.PutUint32(m[at:], uint32(len(m)-at)) //nolint:gosec // it is a name
	}
	c.names = nil
	return m
}

// untouched reports whether nothing was done on the transaction, so that what
// fails may be sent again: there is none, or it begins with what is sent.
func (c *pgConn) untouched() bool { return !c.tx.open || c.tx.begin != "" }

// anew sends once more what was refused as outdated, which ended the transaction
// that it began.
func (c *pgConn) anew(ctx context.Context, b *batch, refused error) (driver.Rows, error) {
	if c.tx.begin != "" {
		if _, err := c.Conn.ExecContext(ctx, "ROLLBACK", nil); err != nil {
			return nil, errors.Join(refused, ofConnection(err))
		}
	}
	return c.send(ctx, b)
}

// prepareAnew takes the place of a prepared statement that is outdated.
func (s *pgStmt) prepareAnew(ctx context.Context) error {
	if err := s.pgStatement.Close(); err != nil {
		return err
	}
	fresh, err := s.conn.prepare(ctx, s.text)
	if err != nil {
		return err
	}
	s.pgStatement = fresh
	return nil
}
