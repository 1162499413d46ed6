package sqlstore

import (
	"context"
	"fmt"

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

// Names implements core.Names.
func (s *Store) Names(ctx context.Context, org int64, k core.Kind, ids []int64) (map[int64]string, error) {
	var rows []struct {
		EntityID int64
		Name     string
	}
	err := s.db.On(ctx).NewSelect().Model((*nameRow)(nil)).Column("entity_id", "name").
		Where("organization_id = ? AND kind = ? AND entity_id IN (?)", org, k, bun.List(ids)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("reading the names of %ss: %w", k, err)
	}
	out := make(map[int64]string, len(rows))
	for _, r := range rows {
		out[r.EntityID] = r.Name
	}
	return out, nil
}
