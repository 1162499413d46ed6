package sqldb

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"parley/platform/kernel/page"
)

// Where narrows a statement; several are joined by AND. The table's alias is
// bun's: "?TableAlias.column", or plain "column" where it is unambiguous.
type Where = func(bun.QueryBuilder) bun.QueryBuilder

// Eq is column = value.
func Eq(column string, value any) Where {
	return Cond("? = ?", bun.Ident(column), value)
}

// Fold is lower(column) = value; value must be in lower case already.
func Fold(column, value string) Where {
	return Cond("lower(?) = ?", bun.Ident(column), value)
}

// In is column IN (values); no value matches nothing.
func In[T any](column string, values []T) Where {
	return Cond("? IN (?)", bun.Ident(column), bun.List(values))
}

// Cond is any other condition, in bun's placeholders.
func Cond(query string, args ...any) Where {
	return func(q bun.QueryBuilder) bun.QueryBuilder { return q.Where(query, args...) }
}

// Any joins conditions by OR.
func Any(conditions ...Where) Where {
	return func(q bun.QueryBuilder) bun.QueryBuilder {
		return q.WhereGroup(" AND ", func(q bun.QueryBuilder) bun.QueryBuilder {
			for _, c := range conditions {
				q = q.WhereGroup(" OR ", func(q bun.QueryBuilder) bun.QueryBuilder { return c(q) })
			}
			return q
		})
	}
}

// Conditional is a statement of bun that takes conditions: *bun.SelectQuery,
// *bun.UpdateQuery or *bun.DeleteQuery.
type Conditional[Q any] interface {
	ApplyQueryBuilder(condition func(bun.QueryBuilder) bun.QueryBuilder) Q
}

// Apply adds conditions to a statement and answers it.
func Apply[Q Conditional[Q]](q Q, where ...Where) Q {
	for _, w := range where {
		q = q.ApplyQueryBuilder(w)
	}
	return q
}

// Order is the stable order of a list and the sort key of its entries.
type Order[V any] struct {
	Time string // time column that sorts first, or "" to sort by id alone
	ID   string // column of numbers, each once in the list, that sorts last; "" for id
	Desc bool
	Key  func(V) page.Key
	// Count answers how many match, for callers that keep that number; nil for a
	// count by the database.
	Count func(ctx context.Context) (int64, error)
}

func (o Order[V]) clauses() []string {
	dir := " ASC"
	if o.Desc {
		dir = " DESC"
	}
	id := o.id() + dir
	if o.Time == "" {
		return []string{id}
	}
	return []string{o.Time + dir, id}
}

func (o Order[V]) id() string { return cmp.Or(o.ID, "id") }

func (o Order[V]) after(key page.Key) Where {
	op := bun.Safe(">")
	if o.Desc {
		op = bun.Safe("<")
	}
	if o.Time == "" {
		return Cond("? ? ?", bun.Ident(o.id()), op, key.ID)
	}
	return Cond("(?, ?) ? (?, ?)", bun.Ident(o.Time), bun.Ident(o.id()), op, key.At.UTC().Truncate(time.Microsecond), key.ID)
}

// Contains matches text within a column, without case. text must be in lower
// case; its own % and _ stand for themselves.
func Contains(column, text string) Where {
	escaped := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(text)
	return Cond(`lower(?) LIKE ? ESCAPE '\'`, bun.Ident(column), "%"+escaped+"%")
}
