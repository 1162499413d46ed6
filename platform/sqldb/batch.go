package sqldb

import (
	"context"
	"database/sql/driver"
	"encoding/binary"
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// batch is statements that go to PostgreSQL in one message of its extended
// protocol. The first that fails ends it, and the code that began the
// transaction rolls it back.
type batch struct {
	statements []statement
	values     []byte // of all statements
	buffer     *[]byte
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
	// renewed statements are parsed and planned again after a while: a table may
	// have grown since, and PostgreSQL looks only when it has statistics.
	renewed bool
	// rows tells that what it answers is read.
	rows bool
	// params are the number of values, and from and to where they are.
	params, from, to int
}

// newBatch returns a batch without statements, in memory that is used again
// once it is freed.
func newBatch() *batch {
	buffer, _ := buffers.Get().(*[]byte)
	return &batch{values: (*buffer)[:0], buffer: buffer}
}

// free lets the next batch have the memory. Nothing of the batch may be used
// any more.
func (b *batch) free() {
	keep(b.buffer, b.values)
	b.values, b.buffer = nil, nil
}

// add appends a statement without values.
func (b *batch) add(text string) { b.statements = append(b.statements, statement{text: text}) }

// andCommit ends the text of a batch that commits.
const andCommit = ";\nCOMMIT"

// text is what the statements of a batch are, for hooks. One for each of many
// rows stands there once.
func (b *batch) text() string {
	texts := make([]string, 0, len(b.statements))
	for i, s := range b.statements {
		if i == 0 || s.text != b.statements[i-1].text {
			texts = append(texts, s.text)
		}
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
type pgNames map[string]*pgName

// pgName is what a prepared statement is called, and how often it was used since
// the message that prepared it.
type pgName struct {
	name string
	uses int
}

// renewAfter is how often a plan is used that is made anew. As many rows make no
// table so large that a plan of before would be a bad one.
const renewAfter = 250

// lastName is the number of the last statement that was prepared. It begins
// anywhere: where a server has one session for all its connections, a process of
// before may have left names.
var lastName = func() *atomic.Int64 {
	n := new(atomic.Int64)
	n.Store(rand.Int64N(1 << 62)) //nolint:gosec // nobody has to guess it
	return n
}()

// buffers are the messages of batches, and their values.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// largestKept bounds a buffer that is kept for the next message, in bytes.
const largestKept = 1 << 20

// keep keeps the memory of used for the next, unless it is very large.
func keep(buffer *[]byte, used []byte) {
	if cap(used) <= largestKept {
		*buffer = used
		buffers.Put(buffer)
	}
}

// run sends a batch and reads what it answers.
func (c *pgConn) run(ctx context.Context, b *batch) (driver.Rows, error) {
	if !c.IsValid() {
		return nil, driver.ErrBadConn
	}
	if c.tx.lost {
		return nil, errLost
	}
	rows, err := c.send(ctx, b)
	if err != nil && c.stale && c.untouched() && c.IsValid() {
		rows, err = c.anew(ctx, b, err)
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

// send sends a batch once.
func (c *pgConn) send(ctx context.Context, b *batch) (driver.Rows, error) {
	buffer, _ := buffers.Get().(*[]byte)
	c.asked = 0
	message, parsed := c.message(c.forget((*buffer)[:0]), b)
	rows, err := c.talk(ctx, message, parsed, b.commit)
	keep(buffer, message)
	if err != nil {
		return nil, err
	}
	return rows, nil
}

// message appends a batch as PostgreSQL takes it, and answers the statements
// that it prepares, in order.
func (c *pgConn) message(m []byte, b *batch) (message []byte, parsed []string) {
	if c.tx.begin != "" {
		for _, text := range c.tx.opening() {
			m, parsed = appendRun(m, c, statement{text: text}, nil, parsed)
		}
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
		var had *pgName
		if had, known = c.names[s.text]; known {
			name, had.uses = had.name, had.uses+1
		}
		if known && s.renewed && had.uses >= renewAfter {
			begin('C')
			m = append(append(append(m, 'S'), name...), 0)
			end()
			delete(c.names, s.text)
			known = false
		}
		for i := 0; i < len(parsed) && !known; i += 2 { // by this message
			if known = parsed[i] == s.text; known {
				name = parsed[i+1]
			}
		}
		if !known {
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
	c.asked++
	return m, parsed
}
