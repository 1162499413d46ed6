package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/uptrace/bun"

	"parley/modules/analytics/internal/core"
	"parley/platform/sqldb"
)

type nameRow struct {
	bun.BaseModel `bun:"table:analytics_names,alias:n"`
	core.Name
}

// SetNames implements core.Names.
func (s *Store) SetNames(ctx context.Context, names []core.Name) error {
	type key struct {
		org  int64
		kind core.Kind
		id   int64
	}
	// One statement changes a row once.
	place := map[key]int{}
	var rows []nameRow
	for _, n := range names {
		k := key{n.OrganizationID, n.Kind, n.EntityID}
		if at, known := place[k]; known {
			rows[at].Name.Name = n.Name
			continue
		}
		place[k] = len(rows)
		rows = append(rows, nameRow{Name: n})
	}
	err := s.db.Insert(ctx, sqldb.Insert{Rows: &rows, Without: "id", OnConflict: "(organization_id, kind, entity_id) DO UPDATE SET name = EXCLUDED.name"})
	if err != nil {
		return fmt.Errorf("storing names: %w", err)
	}
	return nil
}

// ForgetName implements core.Names.
func (s *Store) ForgetName(ctx context.Context, org int64, k core.Kind, id int64) error {
	_, err := s.db.On(ctx).NewDelete().Model((*nameRow)(nil)).Where("organization_id = ? AND kind = ? AND entity_id = ?", org, k, id).Exec(ctx)
	if err != nil {
		return fmt.Errorf("removing the name of %s %d: %w", k, id, err)
	}
	return nil
}

// manyNames is from how many on a list of ids costs a database more than the rows
// between the first and the last of them, if not too many others are between them.
const (
	manyNames = 200
	dense     = 4
)

// Names implements core.Names.
func (s *Store) Names(ctx context.Context, org int64, k core.Kind, ids []int64) (out map[int64]string, err error) {
	q := s.db.On(ctx).NewSelect().Model((*nameRow)(nil)).Column("entity_id", "name").Where("organization_id = ? AND kind = ?", org, k)
	out = make(map[int64]string, len(ids))
	for _, id := range ids {
		out[id] = ""
	}
	if n := int64(len(ids)); n >= manyNames && slices.Max(ids)-slices.Min(ids) < dense*n {
		q = q.Where("entity_id BETWEEN ? AND ?", slices.Min(ids), slices.Max(ids))
	} else {
		q = q.Where("entity_id IN (?)", bun.List(ids))
	}
	rows, err := q.Rows(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the names of %ss: %w", k, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id int64
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			return nil, fmt.Errorf("reading a name: %w", err)
		}
		if _, asked := out[id]; asked {
			out[id] = name
		}
	}
	maps.DeleteFunc(out, func(_ int64, name string) bool { return name == "" })
	return out, rows.Err()
}
