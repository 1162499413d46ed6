package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun/schema"
)

// Change is an update of many rows of a table, each by values of its own. A
// database gets the change of one row for each row, which it parses once, or,
// for many rows, PostgreSQL gets one statement with an array of values for each
// column, which it plans each time.
type Change struct {
	head, tail string // around the values of the statement for all rows
	single     string // SQLite's, with a parameter for each piece that has a value
	pieces     []piece
}

// piece is a part of the change of one row: a text, and the value behind it,
// counted from 1. The last has none.
type piece struct {
	text  string
	value int
}

// valueOfRow is how the texts of a change name a value of a row.
var valueOfRow = regexp.MustCompile(`\bv\.column(\d+)`)

// NewChange returns the change of a table. set and where name the values of a
// row v.column1, v.column2 and so on. They have the types of Go's values: whole
// numbers are bigint and others double precision. Times are to be cast with
// "::timestamptz", which SQLite is not told.
// returning names what is answered of each row that was changed, or is empty.
func NewChange(table, set, where, returning string) Change {
	if returning != "" {
		returning = " RETURNING " + returning
	}
	single := fmt.Sprintf("UPDATE %s SET %s WHERE %s%s", table, set, where, returning)
	var pieces []piece
	from := 0
	for _, at := range valueOfRow.FindAllStringSubmatchIndex(single, -1) {
		value, _ := strconv.Atoi(single[at[2]:at[3]]) // digits alone
		pieces = append(pieces, piece{single[from:at[0]], value})
		from = at[1]
	}
	return Change{
		pieces: append(pieces, piece{text: single[from:]}),
		head:   fmt.Sprintf("UPDATE %s SET %s FROM ", table, set), tail: fmt.Sprintf(") AS v WHERE %s%s", where, returning),
		// Without numbers: the driver asks for the names of parameters with each row.
		single: valueOfRow.ReplaceAllString(strings.ReplaceAll(single, "::timestamptz", ""), "?"),
	}
}

// changing is a change with its rows, as one statement.
type changing struct {
	Change
	rows Rows
}

// AppendQuery implements Query.
func (c changing) AppendQuery(gen schema.QueryGen, b []byte) ([]byte, error) {
	b, err := c.rows.AppendQuery(gen, append(append(b, c.head...), "(VALUES "...))
	return append(b, c.tail...), err
}

// Change updates rows in the transaction in ctx. scan takes what is answered
// of a row; it is nil for a change that answers nothing. No rows are no
// statement. Values are texts, numbers, booleans, times, pointers to these, and
// what is stored as JSON; those that write themselves are refused, and bytes.
func (db *DB) Change(ctx context.Context, c Change, rows Rows, scan func(row *sql.Rows) error) error {
	a := db.NewAsks()
	a.Change(c, rows, scan)
	return a.Run(ctx)
}

// Each runs a statement of SQLite with the values of one row after the other, on
// the transaction in ctx. It is parsed once, so that its text must not have values
// in it. What it takes and answers is as with Change.
func (db *DB) Each(ctx context.Context, query string, rows Rows, scan func(row *sql.Rows) error) error {
	if err := rows.refuseUnknown(); err != nil {
		return err
	}
	return db.singly(ctx, query, nil, rows, scan)
}

// singly is Each for values that can be bound. order names the value of each
// parameter; nil is that of the row.
func (db *DB) singly(ctx context.Context, query string, order []piece, rows Rows, scan func(row *sql.Rows) error) (err error) {
	w, ok := db.onWriter(ctx, query)
	if !ok {
		return errors.New("a statement runs for each row on a transaction of SQLite only")
	}
	db.count(ctx, 1)
	defer func() { err = errors.Join(err, w.Close()) }()
	var args []any
	for _, row := range rows {
		if args, err = appendBound(args[:0], row, order); err != nil {
			return err
		}
		if err := w.run(scan, args...); err != nil {
			return err
		}
	}
	return nil
}

// appendBound appends the values of a row as SQLite's driver takes them.
func appendBound(args, row []any, order []piece) ([]any, error) {
	n := len(row)
	if order != nil {
		n = len(order)
	}
	for i := range n {
		at := i
		if order != nil {
			at = order[i].value - 1
		}
		if at >= len(row) {
			return nil, fmt.Errorf("a row of a change has %d values, and the change names the %dth", len(row), at+1)
		}
		value, err := bindValue(row[at])
		if err != nil {
			return nil, err
		}
		args = append(args, value)
	}
	return args, nil
}

// scanAll reads every row.
func scanAll(rows *sql.Rows, failed error, scan func(row *sql.Rows) error) (err error) {
	if failed != nil {
		return failed
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if scan == nil {
			continue
		}
		if err := scan(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// bindValue answers a value as SQLite's driver takes it, so that it is stored as
// bun writes it.
func bindValue(value any) (any, error) {
	switch v := value.(type) {
	case nil, bool, int, int64, float64:
		return v, nil
	case string:
		if strings.IndexByte(v, 0) >= 0 {
			return nil, errNUL
		}
		return value, nil
	case time.Time:
		return timeText(v), nil
	}
	return valueOf(reflect.TypeOf(value))(reflect.ValueOf(value))
}

// refuseUnknown refuses values that bindValue cannot bind, on both databases.
func (r Rows) refuseUnknown() error {
	for _, row := range r {
		for _, value := range row {
			switch value.(type) {
			case nil, bool, int, int64, float64, string, time.Time: // nearly all
				continue
			}
			if valueOf(reflect.TypeOf(value)) == nil {
				return fmt.Errorf("a change takes no values of type %T", value)
			}
		}
	}
	return nil
}
