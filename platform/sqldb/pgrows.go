package sqldb

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// pgInserter writes rows of one type into PostgreSQL.
type pgInserter struct {
	table, text string
	arrays      []array
	values      []func(row reflect.Value) reflect.Value
}

// pgInserter answers what writes i, or nil when bun is to. The first time it
// asks what types the columns have.
func (db *DB) pgInserter(ctx context.Context, i Insert) (*pgInserter, error) {
	typ := reflect.TypeOf(i.Rows).Elem().Elem()
	key := i.key()
	if known, ok := db.inserters.Load(key); ok {
		in, _ := known.(*pgInserter)
		return in, nil
	}
	in, err := db.newPgInserter(ctx, typ, i)
	if err != nil {
		return nil, fmt.Errorf("looking at the columns of a table: %w", err)
	}
	db.inserters.Store(key, in)
	return in, nil
}

func (db *DB) newPgInserter(ctx context.Context, typ reflect.Type, i Insert) (*pgInserter, error) {
	table := db.Table(typ)
	var found []struct {
		Name string
		Type uint32
		Cast string
	}
	err := db.On(ctx).
		NewRaw("SELECT attname AS name, atttypid::bigint AS type, format_type(atttypid, NULL) AS cast FROM pg_attribute WHERE attrelid = ?::regclass AND attnum > 0",
			string(table.SQLName)).
		Scan(ctx, &found)
	if err != nil {
		return nil, err
	}
	in := &pgInserter{table: table.Name}
	var columns, params []string
	for _, f := range table.Fields {
		if f.Name == i.Without {
			continue
		}
		var a array
		for _, c := range found {
			if c.Name == f.Name {
				a = arrayOfField(f, c.Type, c.Cast)
			}
		}
		if a.one == nil {
			return nil, nil //nolint:nilnil // bun writes it
		}
		in.arrays, in.values = append(in.arrays, a), append(in.values, f.Value)
		columns, params = append(columns, string(f.SQLName)), append(params, a.param(len(in.arrays)))
	}
	// Of functions in its list, SELECT makes a row of each turn, in the order of
	// the arrays. In FROM, PostgreSQL would first store what each answers.
	in.text = fmt.Sprintf("INSERT INTO %s (%s) SELECT %s", table.SQLName, strings.Join(columns, ", "), strings.Join(params, ", ")) + i.end()
	return in, nil
}

// addInsert appends an insert of rows.
func (b *batch) addInsert(ctx context.Context, db *DB, i Insert) error {
	in, err := db.pgInserter(ctx, i)
	if err != nil {
		return err
	}
	if in == nil {
		return b.addQuery(db, db.insertQuery(ctx, i))
	}
	rows := reflect.ValueOf(i.Rows).Elem()
	s := statement{text: in.text, kept: true, params: len(in.arrays), from: len(b.values)}
	for k, a := range in.arrays {
		value := in.values[k]
		if b.values, err = a.append(b.values, rows.Len(), func(i int) reflect.Value { return value(rows.Index(i)) }); err != nil {
			return fmt.Errorf("writing %s: %w", in.table, err)
		}
	}
	s.to = len(b.values)
	b.statements = append(b.statements, s)
	return nil
}

// addQuery appends a statement that bun builds.
func (b *batch) addQuery(db *DB, q Query) error {
	text, err := q.AppendQuery(db.QueryGen(), nil)
	if err != nil {
		return fmt.Errorf("building a statement: %w", err)
	}
	b.add(string(text))
	return nil
}

// fewRows are so few that a change of each of them, whose plan is kept, takes
// less than a change of all of them that is planned.
const fewRows = 16

// addChange appends a change of rows. Values of one column that are of several
// types go as bun writes them.
func (b *batch) addChange(db *DB, c changing) error {
	arrays, ok := c.rows.arrays()
	switch {
	case !ok && c.all:
		return errors.New("a change of all rows has values of several types in a column")
	case !ok:
		return b.addQuery(db, c)
	case len(c.rows) <= fewRows:
		return b.addChanges(c, arrays)
	}
	// It is not kept. A plan that PostgreSQL made for a table with few rows, and
	// no statistics yet, would go through all of it when it has many.
	s := statement{params: len(arrays), from: len(b.values)}
	text := append(make([]byte, 0, len(c.head)+len(c.tail)+64*len(arrays)), c.head...)
	text = append(text, "(SELECT "...)
	for k, a := range arrays {
		if k > 0 {
			text = append(text, ", "...)
		}
		text = append(append(text, a.param(k+1)...), " AS column"...)
		text = strconv.AppendInt(text, int64(k)+1, 10)
		var err error
		if b.values, err = a.append(b.values, len(c.rows), func(i int) reflect.Value { return reflect.ValueOf(c.rows[i][k]) }); err != nil {
			return fmt.Errorf("changing rows: %w", err)
		}
	}
	s.text, s.to = string(append(text, c.tail...)), len(b.values)
	if c.all {
		s.text = findingAll(s.text, len(c.rows))
	}
	b.statements = append(b.statements, s)
	return nil
}

// addChanges appends a change of each row.
func (b *batch) addChanges(c changing, columns []array) error {
	s := statement{text: c.one(columns), kept: true, renewed: true, params: len(columns)}
	if c.all {
		s.text = findingAll(s.text, 1)
	}
	for _, row := range c.rows {
		s.from = len(b.values)
		for k, a := range columns {
			var err error
			if v := reflect.ValueOf(row[k]); !v.IsValid() {
				b.values = appendNull(b.values)
			} else if b.values, err = a.one(b.values, v); err != nil {
				return fmt.Errorf("changing a row: %w", err)
			}
		}
		s.to = len(b.values)
		b.statements = append(b.statements, s)
	}
	return nil
}

// findingAll is a change that fails unless it finds n rows: PostgreSQL divides by
// zero then.
func findingAll(change string, n int) string {
	return "WITH changed AS (" + change + ") SELECT 1 / (count(*) = " + strconv.Itoa(n) + ")::int FROM changed"
}

// one is the change of one row by parameters.
func (c Change) one(columns []array) string {
	text := make([]byte, 0, len(c.head)+len(c.tail)+24*len(c.pieces))
	for _, p := range c.pieces {
		text = append(text, p.text...)
		if p.value > 0 && p.value <= len(columns) {
			text = strconv.AppendInt(append(text, '$'), int64(p.value), 10)
			text = append(append(text, "::"...), elementTypes[columns[p.value-1].of]...)
		}
	}
	return string(text)
}

// arrays answers how the columns go to PostgreSQL, and false when a column has
// values of several types.
func (r Rows) arrays() ([]array, bool) {
	out := make([]array, len(r[0]))
	for k := range out {
		var typ reflect.Type
		for _, row := range r {
			if len(row) != len(out) {
				return nil, false
			}
			switch t := reflect.TypeOf(row[k]); {
			case t == nil || t == typ:
			case typ == nil:
				typ = t
			default:
				return nil, false
			}
		}
		if typ == nil { // all are NULL
			typ = reflect.TypeFor[string]()
		}
		if out[k] = arrayOf(typ, 0, ""); out[k].one == nil {
			return nil, false
		}
	}
	return out, true
}

// send runs a batch on the transaction in ctx.
func (db *DB) send(ctx context.Context, b *batch) error {
	more := int64(len(b.statements)) - 1 // the hook counts the message as one
	if b.commit {
		more++
	}
	db.count(ctx, more)
	on := db.On(ctx)
	ctx, said := b.in(ctx)
	_, err := on.ExecContext(ctx, said)
	return db.sent(err)
}

// sent notes how a batch went. One that didn't fit the schema may have been
// made for the one before, so that the columns are looked at again.
func (db *DB) sent(err error) error {
	if strings.HasPrefix(pgCode(err), "42") {
		db.inserters.Clear()
	}
	return err
}
