package memstore

import (
	"context"
	"slices"

	"parley/modules/analytics/internal/core"
	"parley/platform/memory"
)

func newNames(db *memory.DB) *memory.Table[core.Name] {
	return memory.NewTable(db, memory.Spec[core.Name]{ID: func(n *core.Name) *int64 { return &n.ID }})
}

// SetNames implements core.Names.
func (s *Store) SetNames(ctx context.Context, names []core.Name) error {
	for _, n := range names {
		if err := s.ForgetName(ctx, n.OrganizationID, n.Kind, n.EntityID); err != nil {
			return err
		}
		if _, err := s.names.Add(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// ForgetName implements core.Names.
func (s *Store) ForgetName(ctx context.Context, org int64, k core.Kind, id int64) error {
	_, err := s.names.Delete(ctx, func(n core.Name) bool { return n.OrganizationID == org && n.Kind == k && n.EntityID == id })
	return err
}

// Names implements core.Names.
func (s *Store) Names(ctx context.Context, org int64, k core.Kind, ids []int64) (map[int64]string, error) {
	found, err := s.names.List(ctx, func(n core.Name) bool {
		return n.OrganizationID == org && n.Kind == k && slices.Contains(ids, n.EntityID)
	})
	out := map[int64]string{}
	for _, n := range found {
		out[n.EntityID] = n.Name
	}
	return out, err
}
