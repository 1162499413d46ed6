package sqldb

import (
	"context"
	"database/sql"
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
	// Returning names what is answered of each row that was written, for
	// Asks.Insert. It is empty elsewhere.
	Returning string
}

// Insert writes rows, on the transaction in ctx or on its own. No rows are no
// statement.
func (db *DB) Insert(ctx context.Context, i Insert) error {
	rows := reflect.ValueOf(i.Rows).Elem()
	if rows.Len() == 0 {
		return nil
	}
	if prepared := db.inserter(ctx, i); prepared != nil {
		return prepared.run(ctx, db, rows, nil)
	}
	if db.postgres && db.InTx(ctx) {
		b := newBatch()
		defer b.free()
		if err := b.addInsert(ctx, db, i); err != nil {
			return err
		}
		return db.send(ctx, b)
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

// insertSingly is Insert on SQLite whose rows are read.
func (db *DB) insertSingly(ctx context.Context, i Insert, scan func(row *sql.Rows) error) error {
	if prepared := db.inserter(ctx, i); prepared != nil {
		return prepared.run(ctx, db, reflect.ValueOf(i.Rows).Elem(), scan)
	}
	rows, err := db.On(ctx).QueryContext(ctx, "?", bun.Safe(db.insertQuery(ctx, i).String()))
	return scanAll(rows, err, scan)
}

func (db *DB) insertQuery(ctx context.Context, i Insert) *bun.InsertQuery {
	q := db.On(ctx).NewInsert().Model(i.Rows)
	if i.Without != "" {
		q = q.ExcludeColumn(i.Without)
	}
	if i.OnConflict != "" {
		q = q.On("CONFLICT " + i.OnConflict)
	}
	if i.Returning != "" {
		q = q.Returning(i.Returning)
	}
	return q
}

// atOnce are how many rows SQLite gets in one statement: each is parsed once,
// since it parses an insert of many rows as slowly as it runs it. A row of
// sixteen takes a third of the time of a statement of its own.
var atOnce = [...]int{16, 8, 4, 2, 1}

// inserter writes rows of one type into SQLite.
type inserter struct {
	table   string
	queries [len(atOnce)]string
	values  []binder
}

// inserter answers what writes i into SQLite in the transaction of ctx, or nil:
// for PostgreSQL, which has pgInserter, outside of a transaction, and for rows
// that only bun can write.
func (db *DB) inserter(ctx context.Context, i Insert) *inserter {
	if db.postgres || !db.InTx(ctx) {
		return nil
	}
	typ := reflect.TypeOf(i.Rows).Elem().Elem()
	key := i.key()
	known, ok := db.inserters.Load(key)
	if !ok {
		known, _ = db.inserters.LoadOrStore(key, newInserter(db, typ, i))
	}
	in, _ := known.(*inserter)
	return in
}

type insertKey struct {
	typ                            reflect.Type
	without, onConflict, returning string
}

func (i Insert) key() insertKey {
	return insertKey{reflect.TypeOf(i.Rows).Elem().Elem(), i.Without, i.OnConflict, i.Returning}
}

// end is what follows the rows of a statement.
func (i Insert) end() (text string) {
	if i.OnConflict != "" {
		text = " ON CONFLICT " + i.OnConflict
	}
	if i.Returning != "" {
		text += " RETURNING " + i.Returning
	}
	return text
}

func newInserter(db *DB, typ reflect.Type, i Insert) *inserter {
	table := db.Table(typ)
	in := &inserter{table: table.Name}
	var columns []string
	for _, f := range table.Fields {
		if f.Name == i.Without {
			continue
		}
		bind, known := binderOf(typ, f, in.values)
		if !known { // a type that only bun knows how to write
			return nil
		}
		columns, in.values = append(columns, string(f.SQLName)), append(in.values, bind)
	}
	row := "(" + repeated("?", len(columns)) + ")"
	for k, n := range atOnce {
		in.queries[k] = fmt.Sprintf("INSERT INTO %s (%s) VALUES %s", table.SQLName, strings.Join(columns, ", "), repeated(row, n)) + i.end()
	}
	return in
}

// repeated is a text so often, with commas between.
func repeated(text string, n int) string {
	return strings.TrimSuffix(strings.Repeat(text+", ", n), ", ")
}

// run writes rows. scan takes what is answered of one; it is nil when nothing is.
func (in *inserter) run(ctx context.Context, db *DB, rows reflect.Value, scan func(row *sql.Rows) error) error {
	db.count(ctx, 1)
	at := 0
	for i, n := range atOnce {
		times := (rows.Len() - at) / n
		if times == 0 {
			continue
		}
		if err := in.some(ctx, db, in.queries[i], rows.Slice(at, at+times*n), n, scan); err != nil {
			return fmt.Errorf("writing %s: %w", in.table, err)
		}
		at += times * n
	}
	return nil
}

// some writes rows by a statement for n of them.
func (in *inserter) some(ctx context.Context, db *DB, query string, rows reflect.Value, n int, scan func(row *sql.Rows) error) (err error) {
	w, ok := db.onWriter(ctx, query)
	if !ok {
		return errors.New("there is no transaction")
	}
	args := make([]any, 0, n*len(in.values))
	for i := range rows.Len() {
		row := rows.Index(i)
		part := row
		for _, bind := range in.values {
			if !bind.shared {
				part = row.FieldByIndex(bind.within)
			}
			value, err := bind.value(part.Field(bind.at))
			if err != nil {
				return err
			}
			args = append(args, value)
		}
		if (i+1)%n > 0 {
			continue
		}
		if _, err := w.run(ctx, scan, args...); err != nil {
			return err
		}
		args = args[:0]
	}
	return nil
}

// Table is what bun knows of a model.
func (db *DB) Table(typ reflect.Type) *schema.Table { return db.Dialect().Tables().Get(typ) }
