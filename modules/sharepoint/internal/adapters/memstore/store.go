// Package memstore keeps SharePoint items in memory, for tests.
package memstore

import (
	"context"
	"fmt"
	"slices"
	"time"

	"parley/modules/sharepoint/internal/core"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
)

// Store implements core.Store.
type Store struct {
	db     *memory.DB
	items  *memory.Table[core.Item]
	drives *memory.Table[core.FollowedDrive]
}

// New returns the store over db.
func New(db *memory.DB) *Store {
	return &Store{
		db: db,
		items: memory.NewTable(db, memory.Spec[core.Item]{
			ID: func(i *core.Item) *int64 { return &i.ID }, Missing: core.ErrNotFound,
			Unique: []func(core.Item) string{func(i core.Item) string { return fmt.Sprintf("%d %s", i.OrganizationID, i.ExternalID) }}, Taken: core.ErrNameTaken,
		}),
		drives: memory.NewTable(db, memory.Spec[core.FollowedDrive]{
			ID: func(d *core.FollowedDrive) *int64 { return &d.ID }, Missing: core.ErrNotFound,
		}),
	}
}

// Item implements core.Items.
func (s *Store) Item(ctx context.Context, org, id int64) (core.Item, error) {
	return s.items.Get(ctx, func(i core.Item) bool { return i.ID == id && i.OrganizationID == org && !i.IsDeleted })
}

// ItemsByExternalID implements core.Items.
func (s *Store) ItemsByExternalID(ctx context.Context, org int64, ids []string) ([]core.Item, error) {
	return s.items.List(ctx, func(i core.Item) bool { return i.OrganizationID == org && slices.Contains(ids, i.ExternalID) })
}

// maxDepth bounds a chain.
const maxDepth = 250

// Chain implements core.Items.
func (s *Store) Chain(ctx context.Context, org int64, externalID string) ([]core.Item, error) {
	out := []core.Item{}
	for len(out) <= maxDepth {
		found, err := s.ItemsByExternalID(ctx, org, []string{externalID})
		if err != nil || len(found) == 0 {
			return out, err
		}
		out = append(out, found[0])
		externalID = found[0].ParentExternalID
	}
	return out, nil
}

// SaveItem implements core.Items.
func (s *Store) SaveItem(ctx context.Context, org int64, externalID string, change func(*core.Item) error) (core.Item, error) {
	is := func(i core.Item) bool { return i.OrganizationID == org && i.ExternalID == externalID }
	var out core.Item
	err := s.within(ctx, func(ctx context.Context) error {
		found, err := s.items.Count(ctx, is)
		if err == nil && found == 0 {
			_, err = s.items.Add(ctx, core.Item{OrganizationID: org, ExternalID: externalID})
		}
		if err == nil {
			out, err = s.items.Update(ctx, change, is)
		}
		return err
	})
	return out, err
}

func (s *Store) within(ctx context.Context, fn func(ctx context.Context) error) error {
	return s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error { return fn(ctx) })
}

// UpdateItem implements core.Items.
func (s *Store) UpdateItem(ctx context.Context, org, id int64, change func(*core.Item) error) (core.Item, error) {
	return s.items.Update(ctx, change, func(i core.Item) bool { return i.ID == id && i.OrganizationID == org })
}

// each changes all items that match.
func (s *Store) each(ctx context.Context, change func(*core.Item), match func(core.Item) bool) error {
	return s.within(ctx, func(ctx context.Context) error {
		found, err := s.items.List(ctx, match)
		for _, i := range found {
			if err == nil {
				_, err = s.UpdateItem(ctx, i.OrganizationID, i.ID, func(i *core.Item) error { change(i); return nil })
			}
		}
		return err
	})
}

// below answers the external ids of an item and all below it that match.
func (s *Store) below(ctx context.Context, org int64, roots []string, match func(core.Item) bool) (map[string]bool, error) {
	all, err := s.items.List(ctx, func(i core.Item) bool { return i.OrganizationID == org })
	out := map[string]bool{}
	for _, r := range roots {
		out[r] = true
	}
	for more := true; more; {
		more = false
		for _, i := range all {
			if out[i.ParentExternalID] && !out[i.ExternalID] && match(i) {
				out[i.ExternalID], more = true, true
			}
		}
	}
	return out, err
}

// TouchTree implements core.Items.
func (s *Store) TouchTree(ctx context.Context, org int64, externalID string) error {
	tree, err := s.below(ctx, org, []string{externalID}, func(core.Item) bool { return true })
	if err != nil {
		return err
	}
	return s.each(ctx, func(i *core.Item) { i.Revision++ }, func(i core.Item) bool {
		return i.OrganizationID == org && i.Kind == core.File && tree[i.ExternalID]
	})
}

// PendingItems implements core.Items.
func (s *Store) PendingItems(ctx context.Context, org int64, drive string, after int64, limit int) ([]core.Item, error) {
	found, err := s.items.List(ctx, func(i core.Item) bool {
		return i.OrganizationID == org && i.DriveExternalID == drive && i.Kind == core.File && i.Revision > i.Handled && i.ID > after
	})
	return found[:min(len(found), limit)], err
}

// SweepItems implements core.Items.
func (s *Store) SweepItems(ctx context.Context, org int64, drive string, generation int64) error {
	return s.each(ctx, func(i *core.Item) { i.IsDeleted = true; i.Revision++ }, func(i core.Item) bool {
		return i.OrganizationID == org && i.DriveExternalID == drive && (i.Kind == core.File || i.Kind == core.Folder) && i.Generation < generation && !i.IsDeleted
	})
}

// TouchFailed implements core.Items.
func (s *Store) TouchFailed(ctx context.Context, org int64, drive string) error {
	return s.each(ctx, func(i *core.Item) { i.Revision++ }, func(i core.Item) bool {
		return i.OrganizationID == org && i.DriveExternalID == drive && i.Kind == core.File && (i.State == core.Failed || i.DocumentID != 0)
	})
}

// RemoveItem implements core.Items.
func (s *Store) RemoveItem(ctx context.Context, org, id int64) error {
	_, err := s.items.Delete(ctx, func(i core.Item) bool { return i.ID == id && i.OrganizationID == org })
	return err
}

// RemoveFolders implements core.Items.
func (s *Store) RemoveFolders(ctx context.Context, org int64, drive string) error {
	return s.within(ctx, func(ctx context.Context) error {
		gone, err := s.items.List(ctx, func(i core.Item) bool {
			return i.OrganizationID == org && i.DriveExternalID == drive && i.Kind == core.Folder && i.IsDeleted
		})
		if err != nil {
			return err
		}
		roots := make([]string, len(gone))
		for n, i := range gone {
			roots[n] = i.ExternalID
		}
		tree, err := s.below(ctx, org, roots, func(i core.Item) bool { return i.Kind == core.Folder })
		if err != nil {
			return err
		}
		files, err := s.items.List(ctx, func(i core.Item) bool {
			return i.OrganizationID == org && i.Kind == core.File && tree[i.ParentExternalID]
		})
		for _, f := range files {
			delete(tree, f.ParentExternalID)
		}
		if err == nil {
			_, err = s.items.Delete(ctx, func(i core.Item) bool { return i.OrganizationID == org && i.Kind == core.Folder && tree[i.ExternalID] })
		}
		return err
	})
}

// MarkLinks implements core.Items.
func (s *Store) MarkLinks(ctx context.Context, org int64, drive string, state core.State, lastError string, at time.Time) error {
	return s.each(ctx, func(i *core.Item) {
		if i.State, i.LastError = state, lastError; state == core.Synced {
			i.LastSyncedOn = &at
		}
	}, func(i core.Item) bool {
		return i.OrganizationID == org && i.DriveExternalID == drive && i.Kind != core.File && i.CorpusID != nil
	})
}

// CountLinks implements core.Items.
func (s *Store) CountLinks(ctx context.Context, org int64, drive string) (int64, error) {
	return s.items.Count(ctx, func(i core.Item) bool {
		return i.OrganizationID == org && i.DriveExternalID == drive && (i.CorpusID != nil && !i.IsDeleted || i.DocumentID != 0)
	})
}

// PassLinks implements core.Items.
func (s *Store) PassLinks(ctx context.Context, org, from, to int64) error {
	return s.each(ctx, func(i *core.Item) { i.LinkedBy = to }, func(i core.Item) bool { return i.OrganizationID == org && i.LinkedBy == from })
}

// DrivesOfDocuments implements core.Items.
func (s *Store) DrivesOfDocuments(ctx context.Context, org int64, documentIDs []int64) ([]string, error) {
	found, err := s.items.List(ctx, ofDocuments(org, documentIDs))
	drives := make([]string, len(found))
	for n, i := range found {
		drives[n] = i.DriveExternalID
	}
	slices.Sort(drives)
	return slices.Compact(drives), err
}

// ForgetDocuments implements core.Items.
func (s *Store) ForgetDocuments(ctx context.Context, org int64, documentIDs []int64) error {
	return s.each(ctx, func(i *core.Item) {
		i.DocumentID, i.KeptCorpusID, i.KeptEtag, i.KeptName = 0, 0, "", ""
		i.Revision++
	}, ofDocuments(org, documentIDs))
}

func ofDocuments(org int64, documentIDs []int64) func(core.Item) bool {
	return func(i core.Item) bool {
		return i.DocumentID != 0 && i.OrganizationID == org && slices.Contains(documentIDs, i.DocumentID)
	}
}

// FailDocument implements core.Items.
func (s *Store) FailDocument(ctx context.Context, org, documentID int64, lastError string) error {
	return s.each(ctx, func(i *core.Item) { i.State, i.LastError = core.Failed, lastError }, func(i core.Item) bool {
		return documentID != 0 && i.OrganizationID == org && i.DocumentID == documentID
	})
}
