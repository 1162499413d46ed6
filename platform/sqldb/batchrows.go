package sqldb

import (
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"io"
	"strconv"
	"strings"

	"github.com/uptrace/bun/driver/pgdriver"
)

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
