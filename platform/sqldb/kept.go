package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"

	"github.com/uptrace/bun"
)

// Kept is a statement of PostgreSQL, for what runs with nearly every question:
// each connection parses and plans it once for a while, as the changes of few
// rows. Many rows are an argument for each column, as a slice.
type Kept struct{ text string }

// NewKept returns a statement. Its arguments are $1, $2 and so on, each with the
// type that a cast says: bigint for integers, text, boolean, timestamptz, and
// arrays of those.
//
// Where an array is joined with a table, one of them is unnest((SELECT
// $1::bigint[])). PostgreSQL counts the elements of $1 where it sees them, takes a
// plan for few of them to be cheaper than the one for any values, and so makes a
// plan at each use, which takes longer than the statement. dbtest.PlannedOnce
// tells.
func NewKept(text string) Kept { return Kept{text: text} }

// Rows runs the statement by on, a connection or a transaction of PostgreSQL.
// scan takes one row of what it answers at a time; without it nobody reads them.
func (k Kept) Rows(ctx context.Context, on bun.IConn, scan func(row *sql.Rows) error, args ...any) error {
	b := newBatch()
	defer b.free()
	if err := b.addKept(k, args); err != nil {
		return err
	}
	b.statements[0].rows = scan != nil
	ctx, said := b.in(ctx)
	if scan == nil {
		_, err := on.ExecContext(ctx, said)
		return err
	}
	rows, err := on.QueryContext(ctx, said)
	return scanAll(rows, err, scan)
}

// Kept appends a statement of PostgreSQL that is kept. SQLite refuses it.
func (s *Script) Kept(k Kept, args ...any) { s.steps = append(s.steps, step{kept: &k, args: args}) }

var errNotPostgres = errors.New("only PostgreSQL keeps such statements")

func (b *batch) addKept(k Kept, args []any) error {
	s := statement{text: k.text, kept: true, renewed: true, params: len(args), from: len(b.values)}
	for i, arg := range args {
		var err error
		if b.values, err = appendArgument(b.values, arg); err != nil {
			return fmt.Errorf("argument %d of a statement: %w", i+1, err)
		}
	}
	s.to = len(b.values)
	b.statements = append(b.statements, s)
	return nil
}

// appendArgument writes a value, or the elements of a slice as an array.
func appendArgument(b []byte, arg any) ([]byte, error) {
	v := reflect.ValueOf(arg)
	if !v.IsValid() {
		return appendNull(b), nil
	}
	typ := v.Type()
	if typ.Kind() == reflect.Slice && typ != rawType {
		if a := arrayOf(typ.Elem(), 0, ""); a.one != nil && typ.Elem().Kind() != reflect.Uint8 {
			return a.append(b, v.Len(), v.Index)
		}
	} else if a := arrayOf(typ, 0, ""); a.one != nil {
		return a.one(b, v)
	}
	return nil, fmt.Errorf("values of type %T are not sent", arg)
}
