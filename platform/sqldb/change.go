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

// Change is an update of many rows of a table, each by values of its own.
// SQLite gets the rows some at a time, by statements that it parses once.
// PostgreSQL gets the change of one row for each row, whose plan it keeps, or,
// for many rows, one statement with an array of values for each column, which it
// plans each time.
type Change struct {
	head, tail string              // around the values of the statement for all rows
	some       [len(atOnce)]string // SQLite's, by the number of rows
	quiet      [len(atOnce)]string // the same that answer nothing
	columns    int                 // how many values of a row it names
	pieces     []piece             // of the change of one row
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
// "::timestamptz", which SQLite is not told. where has to be false for NULLs.
// returning names what is answered of each row that was changed, or is empty.
func NewChange(table, set, where, returning string) Change {
	if returning != "" {
		returning = " RETURNING " + returning
	}
	single := fmt.Sprintf("UPDATE %s SET %s WHERE %s%s", table, set, where, returning)
	c := Change{head: fmt.Sprintf("UPDATE %s SET %s FROM ", table, set), tail: fmt.Sprintf(") AS v WHERE %s%s", where, returning)}
	from := 0
	for _, at := range valueOfRow.FindAllStringSubmatchIndex(single, -1) {
		value, _ := strconv.Atoi(single[at[2]:at[3]]) // digits alone
		c.pieces = append(c.pieces, piece{single[from:at[0]], value})
		c.columns, from = max(c.columns, value), at[1]
	}
	c.pieces = append(c.pieces, piece{text: single[from:]})
	row := "(" + repeated("?", c.columns) + ")"
	for i, n := range atOnce {
		c.some[i] = strings.ReplaceAll(c.head+"(VALUES "+repeated(row, n)+c.tail, "::timestamptz", "")
		c.quiet[i] = strings.TrimSuffix(c.some[i], returning)
	}
	return c
}

// Text is SQLite's statement for as many rows as it gets at once.
func (c Change) Text() string { return c.some[0] }

// changing is a change with its rows, as one statement.
type changing struct {
	Change
	rows Rows
	all  bool // it fails unless it finds every row
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
	return db.changeRows(ctx, changing{Change: c, rows: rows}, scan)
}

func (db *DB) changeRows(ctx context.Context, c changing, scan func(row *sql.Rows) error) error {
	a := db.NewAsks()
	a.change(c, scan)
	return a.Run(ctx)
}

// Prepared runs a statement of SQLite that is parsed once, on the transaction in
// ctx, so that its text must not have values in it. Many rows are one argument,
// for json_each: a statement for each takes seven times as long. What it takes
// and answers is as with Change.
func (db *DB) Prepared(ctx context.Context, query string, scan func(row *sql.Rows) error, args ...any) error {
	row := Rows{args}
	if err := row.refuseUnknown(); err != nil {
		return err
	}
	db.count(ctx, 1)
	_, err := db.bySome(ctx, query, row, 1, len(args), scan)
	return err
}

// changeSome is Change on SQLite, for values that can be bound.
func (db *DB) changeSome(ctx context.Context, c changing, scan func(row *sql.Rows) error) error {
	db.count(ctx, 1)
	rows, found := c.rows, int64(0)
	texts := &c.some
	if scan == nil {
		texts = &c.quiet
	}
	for i, n := range atOnce {
		some := rows[:len(rows)/n*n]
		if left := len(rows) - len(some); 4*left >= 3*n { // which saves a statement or more
			some = rows
		}
		if len(some) == 0 {
			continue
		}
		changed, err := db.bySome(ctx, texts[i], some, n, c.columns, scan)
		if err != nil {
			return err
		}
		found += changed
		rows = rows[len(some):]
	}
	if c.all && found != int64(len(c.rows)) {
		return fmt.Errorf("a change of %d rows found %d", len(c.rows), found)
	}
	return nil
}

// bySome runs a statement of SQLite for n rows after the other n, with so many
// values of each. What the last n lack is NULL, which no row has. It answers how
// many rows were changed, when scan is nil.
func (db *DB) bySome(ctx context.Context, query string, rows Rows, n, columns int, scan func(row *sql.Rows) error) (changed int64, err error) {
	w, ok := db.onWriter(ctx, query)
	if !ok {
		return 0, errors.New("such a statement runs on a transaction of SQLite only")
	}
	args := make([]any, 0, n*columns)
	for i, row := range rows {
		if len(row) < columns {
			return 0, fmt.Errorf("a row of a change has %d values, and the change names the %dth", len(row), columns)
		}
		if args, err = appendBound(args, row[:columns]); err != nil {
			return 0, err
		}
		if i+1 == len(rows) {
			args = append(args, make([]any, n*columns-len(args))...)
		} else if (i+1)%n > 0 {
			continue
		}
		more, err := w.run(ctx, scan, args...)
		if err != nil {
			return 0, err
		}
		changed += more
		args = args[:0]
	}
	return changed, nil
}

// appendBound appends the values of a row as SQLite's driver takes them.
func appendBound(args, row []any) ([]any, error) {
	for _, v := range row {
		value, err := bindValue(v)
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
