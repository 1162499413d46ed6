package sqldb

import (
	"bytes"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"io"
	"strconv"

	"github.com/uptrace/bun/driver/pgdriver"
)

// batchRows are the rows that a batch answered, of one statement after the
// other.
type batchRows struct {
	sets []rowSet // the one that is read, and those behind it
	open bool     // what comes belongs to the last of them
	err  error
}

// rowSet is what one statement answered.
type rowSet struct {
	names  []string
	types  []uint32
	values []driver.Value // of one row after the other
}

// describe takes the names and types of columns of the next statement.
func (r *batchRows) describe(body []byte) error {
	n := int(binary.BigEndian.Uint16(body))
	body = body[2:]
	set := rowSet{names: make([]string, n), types: make([]uint32, n)}
	for i := range n {
		at := bytes.IndexByte(body, 0)
		if at < 0 || len(body) < at+19 {
			return errors.New("a description of columns is too short")
		}
		set.names[i], set.types[i] = string(body[:at]), binary.BigEndian.Uint32(body[at+7:])
		body = body[at+19:]
	}
	r.sets, r.open = append(r.sets, set), true
	return nil
}

// add takes a row. One that was not described is not read by anybody.
func (r *batchRows) add(body []byte) {
	if !r.open {
		return
	}
	set := &r.sets[len(r.sets)-1]
	body = body[2:]
	for _, typ := range set.types {
		size := int32(binary.BigEndian.Uint32(body)) //nolint:gosec // -1 is NULL
		body = body[4:]
		if size < 0 {
			set.values = append(set.values, nil)
			continue
		}
		value, err := valueOfText(typ, string(body[:size]))
		if err != nil && r.err == nil {
			r.err = err
		}
		set.values, body = append(set.values, value), body[size:]
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
func (r *batchRows) Columns() []string {
	if len(r.sets) == 0 {
		return nil
	}
	return r.sets[0].names
}

// Close implements driver.Rows.
func (r *batchRows) Close() error { return nil }

// Next implements driver.Rows.
func (r *batchRows) Next(dest []driver.Value) error {
	if r.err != nil {
		return r.err
	}
	if len(dest) == 0 || len(r.sets[0].values) == 0 {
		return io.EOF
	}
	set := &r.sets[0]
	set.values = set.values[copy(dest, set.values):]
	return nil
}

// HasNextResultSet implements driver.RowsNextResultSet.
func (r *batchRows) HasNextResultSet() bool { return len(r.sets) > 1 }

// NextResultSet implements driver.RowsNextResultSet.
func (r *batchRows) NextResultSet() error {
	if !r.HasNextResultSet() {
		return io.EOF
	}
	r.sets = r.sets[1:]
	return nil
}
