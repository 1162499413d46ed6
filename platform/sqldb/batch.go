package sqldb

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun/driver/pgdriver"
)

// batch is statements that go to PostgreSQL in one message of its extended
// protocol. The first that fails ends it, and whoever began the transaction
// rolls it back.
type batch struct {
	statements []statement
	values     []byte // of all statements
	// commit ends the transaction after the last.
	commit bool
	// said is the text that a connection gets in the place of the batch.
	said string
}

// statement is one of a batch.
type statement struct {
	text string
	// kept statements are parsed and planned once for each connection. Such a
	// text must not have values in it.
	kept bool
	// rows tells that what it answers is read.
	rows bool
	// params are the number of values, and from and to where they are.
	params, from, to int
}

// add appends a statement without values.
func (b *batch) add(text string) { b.statements = append(b.statements, statement{text: text}) }

// andCommit ends the text of a batch that commits.
const andCommit = ";\nCOMMIT"

// text is what the statements of a batch are, for hooks.
func (b *batch) text() string {
	texts := make([]string, len(b.statements))
	for i, s := range b.statements {
		texts[i] = s.text
	}
	text := strings.Join(texts, ";\n")
	if b.commit {
		text += andCommit
	}
	return text
}

type batchKey struct{}

// in is the context by which a connection gets the batch, and the text that
// stands for it: database/sql hands both on as they are.
func (b *batch) in(ctx context.Context) (context.Context, string) {
	b.said = b.text()
	return context.WithValue(ctx, batchKey{}, b), b.said
}

// batchOf is the batch that query stands for, or nil. A hook may run others
// with the same context.
func batchOf(ctx context.Context, query string) *batch {
	if b, ok := ctx.Value(batchKey{}).(*batch); ok && b.said == query {
		return b
	}
	return nil
}

// pgNames are the statements that are prepared on one connection, by their
// texts.
type pgNames map[string]string

var lastName atomic.Int64

// buffers are the messages of batches.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// largestKept bounds a buffer that is kept for the next message, in bytes.
const largestKept = 1 << 20

// run sends a batch and reads what it answers.
func (c *pgConn) run(ctx context.Context, b *batch) (driver.Rows, error) {
	if !c.IsValid() {
		return nil, driver.ErrBadConn
	}
	if c.tx.lost {
		return nil, errLost
	}
	buffer, _ := buffers.Get().(*[]byte)
	message, parsed := c.message((*buffer)[:0], b)
	rows, err := c.talk(ctx, message, parsed)
	if cap(message) <= largestKept {
		*buffer = message
		buffers.Put(buffer)
	}
	c.begun(err)
	if err != nil {
		return nil, err
	}
	if b.commit {
		c.tx.ended = true
	}
	return rows, nil
}

// message appends a batch as PostgreSQL takes it, and answers the statements
// that it prepares, in order.
func (c *pgConn) message(m []byte, b *batch) (message []byte, parsed []string) {
	if c.tx.begin != "" {
		m, parsed = appendRun(m, c, statement{text: c.tx.begin}, nil, parsed)
	}
	for _, s := range b.statements {
		m, parsed = appendRun(m, c, s, b.values[s.from:s.to], parsed)
	}
	if b.commit {
		m, parsed = appendRun(m, c, statement{text: "COMMIT"}, nil, parsed)
	}
	return append(m, 'S', 0, 0, 0, 4), parsed
}

// appendRun appends the messages that run one statement: Parse unless it is
// prepared, Bind, Describe when its rows are read, and Execute.
func appendRun(m []byte, c *pgConn, s statement, values []byte, parsed []string) ([]byte, []string) {
	var at int
	begin := func(kind byte) { at, m = len(m)+1, append(m, kind, 0, 0, 0, 0) }
	end := func() { binary.BigEndian.PutUint32(m[at:], uint32(len(m)-at)) } //nolint:gosec // PostgreSQL refuses more than 1 GB
	name := ""
	known := false
	if s.kept {
		if name, known = c.names[s.text]; !known {
			name = "parley-" + strconv.FormatInt(lastName.Add(1), 10)
		}
	}
	if !known {
		begin('P')
		m = append(append(append(append(m, name...), 0), s.text...), 0, 0, 0)
		end()
		parsed = append(parsed, s.text, name)
	}
	begin('B')
	m = append(append(append(m, 0), name...), 0, 0, 1, 0, 1) // all values are binary
	m = binary.BigEndian.AppendUint16(m, uint16(s.params))   //nolint:gosec // as many as a table has columns
	m = append(append(m, values...), 0, 0)                   // all results are text
	end()
	if s.rows {
		begin('D')
		m = append(m, 'P', 0)
		end()
	}
	begin('E')
	m = append(m, 0, 0, 0, 0, 0)
	end()
	return m, parsed
}

// talk sends a message and reads the answers to it. A connection that fails is
// closed: what is still on it belongs to nobody.
func (c *pgConn) talk(ctx context.Context, message []byte, parsed []string) (*batchRows, error) {
	deadline := time.Now().Add(c.timeout) //nolint:forbidigo // a socket counts by the machine's clock
	if d, ok := ctx.Deadline(); ok && d.Before(deadline) {
		deadline = d
	}
	conn := c.Conn.Conn()
	err := conn.SetDeadline(deadline)
	if err == nil {
		_, err = conn.Write(message)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("sending to PostgreSQL: %w", err), c.Close())
	}
	answer := answers{conn: c, in: conn, buffer: c.read[:0], parsed: parsed}
	refused, err := answer.all()
	if cap(answer.buffer) <= largestKept {
		c.read = answer.buffer
	}
	switch {
	case err != nil:
		return nil, errors.Join(refused, fmt.Errorf("reading from PostgreSQL: %w", err), c.Close())
	case refused != nil:
		return nil, refused
	}
	return &answer.rows, nil
}

// answers are what PostgreSQL says to a batch.
type answers struct {
	conn   *pgConn
	in     io.Reader
	buffer []byte
	at     int      // where the next message begins in buffer
	parsed []string // texts and names of statements that are being prepared
	rows   batchRows
}

// errRolledBack tells that a COMMIT ended a transaction that had failed.
var errRolledBack = errors.New("PostgreSQL has rolled the transaction back")

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
				a.conn.names[a.parsed[0]] = name
			}
			a.parsed = a.parsed[2:]
		case 'T':
			if err := a.rows.describe(body); err != nil {
				return refused, err
			}
		case 'D':
			a.rows.add(body)
		case 'C':
			if string(body) == "ROLLBACK\x00" && refused == nil {
				refused = errRolledBack
			}
		case 'E':
			if told := pgErrorOf(body); refused == nil {
				refused = told
				// A plan that no longer fits, or statements that somebody has
				// thrown away: the next batch prepares them again.
				if code := told.Field('C'); code == "0A000" || code == "26000" {
					a.conn.names = nil
				}
			}
		case 'Z':
			return refused, a.rest()
		case '2', 'I', 'N', 'S', 'n', 'A', 's': // bound, empty, notices, no rows
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

// batchRows are the rows that a batch answered.
type batchRows struct {
	names  []string
	types  []uint32
	values []driver.Value // of one row after the other
	err    error
}

// describe takes the names and types of columns.
func (r *batchRows) describe(body []byte) error {
	n := int(binary.BigEndian.Uint16(body))
	body = body[2:]
	r.names, r.types = make([]string, n), make([]uint32, n)
	for i := range n {
		name, rest, ok := strings.Cut(string(body), "\x00")
		if !ok || len(rest) < 18 {
			return errors.New("a description of columns is too short")
		}
		r.names[i], r.types[i] = name, binary.BigEndian.Uint32(body[len(name)+7:])
		body = body[len(name)+19:]
	}
	return nil
}

// add takes a row. One that was not described is not read by anybody.
func (r *batchRows) add(body []byte) {
	if len(r.names) == 0 {
		return
	}
	body = body[2:]
	for _, typ := range r.types {
		size := int32(binary.BigEndian.Uint32(body)) //nolint:gosec // -1 is NULL
		body = body[4:]
		if size < 0 {
			r.values = append(r.values, nil)
			continue
		}
		value, err := valueOfText(typ, string(body[:size]))
		if err != nil && r.err == nil {
			r.err = err
		}
		r.values, body = append(r.values, value), body[size:]
	}
}

// Types of columns as PostgreSQL numbers them.
const (
	oidBool, oidInt8, oidInt2, oidInt4, oidText     = 16, 20, 21, 23, 25
	oidFloat4, oidFloat8, oidVarchar, oidTimestampz = 700, 701, 1043, 1184
)

// valueOfText answers a value as pgdriver does.
func valueOfText(typ uint32, text string) (driver.Value, error) {
	switch typ {
	case oidBool:
		return text == "t", nil
	case oidInt2, oidInt4, oidInt8:
		return strconv.ParseInt(text, 10, 64)
	case oidFloat4, oidFloat8:
		return strconv.ParseFloat(text, 64)
	case oidText, oidVarchar:
		return text, nil
	case oidTimestampz:
		return pgdriver.ParseTime(text)
	}
	return []byte(text), nil
}

// Columns implements driver.Rows.
func (r *batchRows) Columns() []string { return r.names }

// Close implements driver.Rows.
func (r *batchRows) Close() error { return nil }

// Next implements driver.Rows.
func (r *batchRows) Next(dest []driver.Value) error {
	if r.err != nil {
		return r.err
	}
	if len(r.values) == 0 || len(dest) == 0 {
		return io.EOF
	}
	r.values = r.values[copy(dest, r.values):]
	return nil
}
