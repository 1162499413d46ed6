package sqldb

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"parley/platform/kernel/uow"
)

// talk sends a message and reads the answers to it. A connection that fails is
// closed: what is still on it belongs to nobody.
//
// A message with COMMIT is answered whatever the deadline of ctx: PostgreSQL
// goes on with it when nobody listens any more, and may well commit. When its
// connection breaks before PostgreSQL has told what it did, uow.ErrUnknown is
// among the errors.
func (c *pgConn) talk(ctx context.Context, message []byte, parsed []string, commits bool) (*batchRows, error) {
	deadline := time.Now().Add(c.timeout) //nolint:forbidigo // a socket counts by the machine's clock
	if d, ok := ctx.Deadline(); ok && !commits && d.Before(deadline) {
		deadline = d
	}
	conn := c.Conn.Conn()
	err := conn.SetDeadline(deadline)
	if err == nil {
		_, err = conn.Write(message)
	}
	if err != nil { // a part of it may have arrived, and COMMIT in it
		return nil, errors.Join(c.untold(commits), fmt.Errorf("sending to PostgreSQL: %w", err), c.Close())
	}
	answer := answers{conn: c, in: conn, buffer: c.read[:0], parsed: parsed, left: c.asked}
	refused, err := answer.all()
	if cap(answer.buffer) <= largestKept {
		c.read = answer.buffer
	}
	switch {
	case err != nil && answer.committed: // what broke afterwards is the connection's
		_ = c.Close()
	case err != nil:
		return nil, errors.Join(refused, c.untold(commits && refused == nil), fmt.Errorf("reading from PostgreSQL: %w", ofConnection(err)), c.Close())
	case refused != nil:
		return nil, refused
	}
	return &answer.rows, nil
}

// untold is what a broken connection leaves open about its transaction.
func (c *pgConn) untold(committing bool) error {
	if committing && !c.tx.reads {
		return uow.ErrUnknown
	}
	return nil
}

// answers are what PostgreSQL says to a batch.
type answers struct {
	conn   *pgConn
	in     io.Reader
	buffer []byte
	at     int      // where the next message begins in buffer
	parsed []string // texts and names of statements that are being prepared
	left   int      // statements that have not been answered
	rows   batchRows
	// committed: PostgreSQL has told that COMMIT was done.
	committed bool
}

// errRolledBack tells that a COMMIT ended a transaction that had failed.
var errRolledBack = errors.New("PostgreSQL has rolled the transaction back")

// errOthers tells of answers that were on the connection before, as of rows that
// nobody has read to their end.
var errOthers = errors.New("these are the answers to other statements")

// all reads until PostgreSQL waits for the next message. refused is the first
// error that it told.
func (a *answers) all() (refused, failed error) {
	for {
		kind, body, err := a.next()
		if err != nil {
			return refused, err
		}
		switch kind {
		case '1': // parsed
			if len(a.parsed) < 2 {
				return refused, errors.New("a statement was prepared that nobody sent")
			}
			if name := a.parsed[1]; name != "" {
				if a.conn.names == nil {
					a.conn.names = pgNames{}
				}
				a.conn.names[a.parsed[0]] = &pgName{name: name}
			}
			a.parsed = a.parsed[2:]
		case 'T':
			if err := a.rows.describe(body); err != nil {
				return refused, err
			}
		case 'D':
			a.rows.add(body)
		case 'C':
			a.left--
			a.rows.open = false
			switch string(body) {
			case "COMMIT\x00":
				a.committed = a.left == 0 // it is the last of its message
			case "ROLLBACK\x00":
				if refused == nil {
					refused = errRolledBack
				}
			}
		case 'E':
			if told := pgErrorOf(body); refused == nil {
				refused = told
				if len(a.conn.names) > 0 && outdated(told) { // the next batch prepares them again
					a.conn.stale = true
					a.conn.changed.note(told)
				}
			}
		case 'I':
			a.left--
		case 'Z':
			if refused == nil && a.left != 0 {
				return nil, errOthers
			}
			return refused, a.rest()
		case '2', '3', 'N', 'S', 'n', 'A', 's': // bound, closed, notices, no rows
		default:
			return refused, fmt.Errorf("a message of the kind %q was not expected", kind)
		}
	}
}

// next reads one message. Its body is valid until the next.
func (a *answers) next() (kind byte, body []byte, err error) {
	if err := a.have(5); err != nil {
		return 0, nil, err
	}
	size := int(binary.BigEndian.Uint32(a.buffer[a.at+1:]))
	if size < 4 || size > 1<<30 {
		return 0, nil, errors.New("a message has an impossible length")
	}
	if err := a.have(1 + size); err != nil {
		return 0, nil, err
	}
	kind, body = a.buffer[a.at], a.buffer[a.at+5:a.at+1+size]
	a.at += 1 + size
	return kind, body, nil
}

// have reads until n bytes are there from at on.
func (a *answers) have(n int) error {
	if len(a.buffer)-a.at >= n {
		return nil
	}
	left := copy(a.buffer, a.buffer[a.at:])
	a.buffer, a.at = a.buffer[:left], 0
	for len(a.buffer) < n {
		if cap(a.buffer)-len(a.buffer) < 512 || cap(a.buffer) < n {
			a.buffer = append(make([]byte, 0, max(4096, 2*cap(a.buffer), n)), a.buffer...)
		}
		k, err := a.in.Read(a.buffer[len(a.buffer):cap(a.buffer)])
		a.buffer = a.buffer[:len(a.buffer)+k]
		if err != nil && len(a.buffer) < n {
			return err
		}
	}
	return nil
}

// rest reads to its end what PostgreSQL has begun to tell beside the answer,
// such as a notice, which pgdriver would not find the beginning of.
func (a *answers) rest() error {
	for a.at < len(a.buffer) {
		if _, _, err := a.next(); err != nil {
			return err
		}
	}
	return nil
}
