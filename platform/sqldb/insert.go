package sqldb

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/schema"
)

// Insert is rows of one table, for writing many at once and often.
type Insert struct {
	// Rows is a pointer to a slice of models.
	Rows any
	// Without names a column that the database fills in, or is empty.
	Without string
	// OnConflict is what follows ON CONFLICT, such as "DO NOTHING", or empty.
	OnConflict string
}

// Insert writes rows, on the transaction in ctx or on its own. No rows are no
// statement.
func (db *DB) Insert(ctx context.Context, i Insert) error {
	rows := reflect.ValueOf(i.Rows).Elem()
	if rows.Len() == 0 {
		return nil
	}
	if prepared := db.inserter(ctx, i); prepared != nil {
		return prepared.run(ctx, db, rows)
	}
	_, err := db.insertQuery(ctx, i).Exec(ctx)
	return err
}

// InsertLast is Insert at the end of the transaction in ctx; see
// Script.PutOff.
func (db *DB) InsertLast(ctx context.Context, i Insert) error {
	if !db.InTx(ctx) {
		return db.Insert(ctx, i)
	}
	s := db.NewScript()
	s.Insert(i)
	return s.PutOff(ctx)
}

func (db *DB) insertQuery(ctx context.Context, i Insert) *bun.InsertQuery {
	q := db.On(ctx).NewInsert().Model(i.Rows)
	if i.Without != "" {
		q = q.ExcludeColumn(i.Without)
	}
	if i.OnConflict != "" {
		q = q.On("CONFLICT " + i.OnConflict)
	}
	return q
}

// inserter writes rows of one type into SQLite through a statement that is
// parsed once. SQLite parses an insert of many rows as slowly as it runs it,
// and has no round trips that would be worth it.
type inserter struct {
	table  string
	query  string
	values []binder
}

// inserter answers what writes i in the transaction of ctx, or nil when bun is
// to: on PostgreSQL, and outside of a transaction.
func (db *DB) inserter(ctx context.Context, i Insert) *inserter {
	if db.postgres || !db.InTx(ctx) {
		return nil
	}
	typ := reflect.TypeOf(i.Rows).Elem().Elem()
	key := insertKey{typ, i.Without, i.OnConflict}
	known, ok := db.inserters.Load(key)
	if !ok {
		known, _ = db.inserters.LoadOrStore(key, newInserter(db, typ, i))
	}
	in, _ := known.(*inserter)
	return in
}

type insertKey struct {
	typ                 reflect.Type
	without, onConflict string
}

func newInserter(db *DB, typ reflect.Type, i Insert) *inserter {
	table := db.Table(typ)
	in := &inserter{table: table.Name}
	var columns []string
	for _, f := range table.Fields {
		if f.Name == i.Without {
			continue
		}
		bind := binderOf(f)
		if bind == nil { // a type that only bun knows how to write
			return nil
		}
		columns, in.values = append(columns, string(f.SQLName)), append(in.values, bind)
	}
	marks := strings.TrimSuffix(strings.Repeat("?, ", len(columns)), ", ")
	in.query = fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table.SQLName, strings.Join(columns, ", "), marks)
	if i.OnConflict != "" {
		in.query += " ON CONFLICT " + i.OnConflict
	}
	return in
}

func (in *inserter) run(ctx context.Context, db *DB, rows reflect.Value) (err error) {
	w, ok := db.onWriter(ctx, in.query)
	if !ok {
		return fmt.Errorf("writing %s outside of a transaction", in.table)
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	db.count(ctx, 1)
	args := make([]any, len(in.values))
	for i := range rows.Len() {
		row := rows.Index(i)
		for k, bind := range in.values {
			if args[k], err = bind(row); err != nil {
				return fmt.Errorf("writing %s: %w", in.table, err)
			}
		}
		if _, err := w.exec(args...); err != nil {
			return fmt.Errorf("writing %s: %w", in.table, err)
		}
	}
	return nil
}

// Table is what bun knows of a model.
func (db *DB) Table(typ reflect.Type) *schema.Table { return db.Dialect().Tables().Get(typ) }
