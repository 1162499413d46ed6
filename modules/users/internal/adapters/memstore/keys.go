package memstore

import (
	"cmp"
	"context"
	"slices"
	"time"

	"parley/modules/users/internal/core"
	"parley/platform/kernel/page"
)

// AddKey implements core.KeyStore.
func (s *Store) AddKey(ctx context.Context, k core.APIKey) (core.APIKey, error) {
	return s.keys.Add(ctx, k)
}

// Key implements core.KeyStore.
func (s *Store) Key(ctx context.Context, org, id int64) (core.APIKey, error) {
	return s.keys.Get(ctx, func(k core.APIKey) bool { return k.ID == id && k.OrganizationID == org })
}

// KeysPage implements core.KeyStore.
func (s *Store) KeysPage(ctx context.Context, org, userID int64, p page.Request) (page.Of[core.APIKey], error) {
	return s.keys.Page(ctx, p, false, core.KeyByID, func(k core.APIKey) bool { return k.OrganizationID == org && k.UserID == userID })
}

// KeyOwner implements core.KeyStore.
func (s *Store) KeyOwner(ctx context.Context, hash string) (int64, error) {
	k, err := s.keys.Get(ctx, func(k core.APIKey) bool { return k.Hash == hash })
	return k.UserID, err
}

// DeleteKey implements core.KeyStore.
func (s *Store) DeleteKey(ctx context.Context, org, id int64) error {
	_, err := s.keys.Delete(ctx, func(k core.APIKey) bool { return k.ID == id && k.OrganizationID == org })
	return err
}

// DeleteKeys implements core.KeyStore.
func (s *Store) DeleteKeys(ctx context.Context, org, userID int64) (int, error) {
	gone, err := s.keys.Delete(ctx, func(k core.APIKey) bool { return k.UserID == userID && k.OrganizationID == org })
	return len(gone), err
}

// KeysUsed implements core.KeyStore.
func (s *Store) KeysUsed(ctx context.Context, ids []int64, at time.Time) error {
	for _, id := range ids {
		mine := func(k core.APIKey) bool {
			return k.ID == id && (k.LastUsedOn == nil || k.LastUsedOn.Before(at))
		}
		if n, err := s.keys.Count(ctx, mine); err != nil || n == 0 {
			if err != nil {
				return err
			}
			continue
		}
		if _, err := s.keys.Update(ctx, func(k *core.APIKey) error { k.LastUsedOn = &at; return nil }, mine); err != nil {
			return err
		}
	}
	return nil
}

// AddAudit implements core.AuditStore.
func (s *Store) AddAudit(ctx context.Context, entries ...core.AuditEntry) error {
	_, err := s.audit.AddAll(ctx, entries)
	return err
}

func matches(e core.AuditEntry, org int64, f core.AuditFilter) bool {
	return e.OrganizationID == org && (f.UserID == 0 || e.UserID == f.UserID) && (f.Action == "" || e.Action == f.Action) &&
		(f.From == nil || !e.At.Before(*f.From)) && (f.To == nil || e.At.Before(*f.To))
}

// AuditPage implements core.AuditStore.
func (s *Store) AuditPage(ctx context.Context, org int64, f core.AuditFilter, p page.Request) (page.Of[core.AuditEntry], error) {
	return s.audit.Page(ctx, p, true, core.AuditKey, func(e core.AuditEntry) bool { return matches(e, org, f) })
}

// AddRefusals implements core.AuditStore.
func (s *Store) AddRefusals(ctx context.Context, entries []core.AuditEntry) ([]int64, error) {
	added, err := s.audit.AddAll(ctx, entries)
	ids := make([]int64, len(added))
	for i, e := range added {
		ids[i] = e.ID
	}
	return ids, err
}

// CountRefusals implements core.AuditStore.
func (s *Store) CountRefusals(ctx context.Context, counts []core.RefusalCount) error {
	for _, c := range counts {
		one := func(e core.AuditEntry) bool { return e.ID == c.ID }
		if n, err := s.audit.Count(ctx, one); err != nil || n == 0 {
			if err != nil {
				return err
			}
			continue
		}
		if _, err := s.audit.Update(ctx, func(e *core.AuditEntry) error {
			e.Count, e.LastAt, e.Position = e.Count+c.More, &c.LastAt, 0
			return nil
		}, one); err != nil {
			return err
		}
	}
	return nil
}

// NumberAudit implements core.AuditStore.
func (s *Store) NumberAudit(ctx context.Context, limit int) (fresh, last int64, err error) {
	waiting, err := s.audit.List(ctx, func(e core.AuditEntry) bool { return e.Position == 0 })
	if err != nil {
		return 0, 0, err
	}
	waiting = waiting[:min(limit, len(waiting))]
	any := func(feedRow) bool { return true }
	if n, err := s.feed.Count(ctx, any); err != nil || n == 0 {
		if err != nil {
			return 0, 0, err
		}
		if _, err := s.feed.Add(ctx, feedRow{}); err != nil {
			return 0, 0, err
		}
	}
	row, err := s.feed.Update(ctx, func(r *feedRow) error { r.Position += int64(len(waiting)); return nil }, any)
	if err != nil {
		return 0, 0, err
	}
	for i, w := range waiting {
		next := row.Position - int64(len(waiting)-i-1)
		if _, err := s.audit.Update(ctx, func(e *core.AuditEntry) error { e.Position = next; return nil },
			func(e core.AuditEntry) bool { return e.ID == w.ID }); err != nil {
			return 0, 0, err
		}
	}
	return int64(len(waiting)), row.Position, nil
}

// feedRow is how far the feed of the audit log goes.
type feedRow struct{ ID, Position int64 }

// AuditFeed implements core.AuditStore.
func (s *Store) AuditFeed(ctx context.Context, org int64, f core.AuditFilter, after, top int64, limit int) ([]core.AuditEntry, error) {
	out, err := s.audit.List(ctx, func(e core.AuditEntry) bool {
		return e.Position > max(after, 0) && e.Position <= top && matches(e, org, f)
	})
	slices.SortFunc(out, func(a, b core.AuditEntry) int { return cmp.Compare(a.Position, b.Position) })
	return out[:min(limit, len(out))], err
}

// PruneAudit implements core.AuditStore.
func (s *Store) PruneAudit(ctx context.Context, before time.Time, limit int) (int64, error) {
	all, err := s.audit.List(ctx, func(core.AuditEntry) bool { return true })
	if err != nil {
		return 0, err
	}
	oldest := all[:min(limit, len(all))]
	gone, err := s.audit.Delete(ctx, func(e core.AuditEntry) bool {
		return e.At.Before(before) && slices.ContainsFunc(oldest, func(o core.AuditEntry) bool { return o.ID == e.ID })
	})
	return int64(len(gone)), err
}
