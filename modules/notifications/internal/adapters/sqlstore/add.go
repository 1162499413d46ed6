package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/uptrace/bun"

	"parley/modules/notifications/internal/core"
)

// counterRow is what is known of one inbox. Units that write to an inbox have its
// row locked, so that two of them can't wait for each other in a circle.
type counterRow struct {
	bun.BaseModel `bun:"table:notifications_counters,alias:c"`

	UserID         int64 `bun:"user_id,pk"`
	OrganizationID int64 `bun:"organization_id"`
	LastSequence   int64 `bun:"last_sequence"`
	Total          int64 `bun:"total"`
	Unread         int64 `bun:"unread"`
	ReadThrough    int64 `bun:"read_through"` // the number up to which all are read
	IsClosed       bool  `bun:"is_closed"`    // its user is deleted
}

// Add implements core.Store.
func (s *Store) Add(ctx context.Context, ns []core.Notification) ([]core.Notification, error) {
	var stored []core.Notification
	err := s.db.Within(ctx, func(ctx context.Context) error {
		fresh, err := s.untold(ctx, ns)
		if err != nil || len(fresh) == 0 {
			return err
		}
		next, wrong, err := s.reserve(ctx, fresh)
		if err != nil {
			return err
		}
		rows := make([]inboxRow, 0, len(fresh))
		for _, n := range fresh {
			if at, open := next[n.UserID]; open {
				n.Sequence = at
				next[n.UserID]++
				rows = append(rows, inboxRow{Notification: n})
			}
		}
		if len(rows) == 0 {
			return nil
		}
		var ids []int64
		if err := s.db.On(ctx).NewInsert().Model(&rows).ExcludeColumn("id").Returning("id").Scan(ctx, &ids); err != nil {
			return fmt.Errorf("storing notifications: %w", err)
		}
		for i, r := range rows {
			r.ID = ids[i]
			stored = append(stored, r.Notification)
		}
		return s.recount(ctx, wrong)
	})
	return stored, err
}

// untold answers those of ns whose user was not told of the cause before.
func (s *Store) untold(ctx context.Context, ns []core.Notification) ([]core.Notification, error) {
	if len(ns) == 0 {
		return nil, nil
	}
	type told struct {
		UserID int64
		Cause  string
	}
	users, causes := map[int64]bool{}, map[string]bool{}
	for _, n := range ns {
		users[n.UserID], causes[n.Cause] = true, true
	}
	var before []told
	err := s.db.On(ctx).NewSelect().Model((*inboxRow)(nil)).Column("user_id", "cause").
		Where("user_id IN (?)", bun.List(slices.Sorted(maps.Keys(users)))).Where("cause IN (?)", bun.List(slices.Sorted(maps.Keys(causes)))).Scan(ctx, &before)
	if err != nil {
		return nil, fmt.Errorf("finding who was told before: %w", err)
	}
	known := map[told]bool{}
	for _, t := range before {
		known[t] = true
	}
	var fresh []core.Notification
	for _, n := range ns {
		if t := (told{n.UserID, n.Cause}); !known[t] {
			known[t] = true
			fresh = append(fresh, n)
		}
	}
	return fresh, nil
}

// reserve locks the inboxes of ns, counts what comes to them, and answers the
// first free sequence number of each that is open, and those that counted less
// than nothing. They are locked in the order of the users.
func (s *Store) reserve(ctx context.Context, ns []core.Notification) (next map[int64]int64, wrong []int64, err error) {
	come := map[int64]*counterRow{}
	for _, n := range ns {
		if come[n.UserID] == nil {
			come[n.UserID] = &counterRow{UserID: n.UserID, OrganizationID: n.OrganizationID}
		}
		c := come[n.UserID]
		c.LastSequence++
		c.Total++
		if !n.IsRead {
			c.Unread++
		}
	}
	rows := make([]counterRow, 0, len(come))
	for _, user := range slices.Sorted(maps.Keys(come)) {
		rows = append(rows, *come[user])
	}
	var now []counterRow
	err = s.db.On(ctx).NewInsert().Model(&rows).On("CONFLICT (user_id) DO UPDATE").
		Set("last_sequence = c.last_sequence + EXCLUDED.last_sequence").Set("total = c.total + EXCLUDED.total").Set("unread = c.unread + EXCLUDED.unread").
		Where("c.is_closed = ?", false).Returning("*").Scan(ctx, &now)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, nil, fmt.Errorf("counting what comes to inboxes: %w", err)
	}
	next = make(map[int64]int64, len(now))
	for _, c := range now {
		next[c.UserID] = c.LastSequence - come[c.UserID].LastSequence + 1
		if c.Unread < come[c.UserID].Unread {
			wrong = append(wrong, c.UserID)
		}
	}
	return next, wrong, nil
}

// Lock implements core.Store.
func (s *Store) Lock(ctx context.Context, organizationID, userID int64) error {
	row := counterRow{UserID: userID, OrganizationID: organizationID}
	if _, err := s.db.On(ctx).NewInsert().Model(&row).On("CONFLICT (user_id) DO UPDATE").Set("organization_id = EXCLUDED.organization_id").Exec(ctx); err != nil {
		return fmt.Errorf("locking the inbox of user %d: %w", userID, err)
	}
	return nil
}

// locked answers the counters of an inbox, the zero value without any, and
// keeps others from writing to it until the unit of ctx ends. On SQLite a
// transaction that writes has every lock.
func (s *Store) locked(ctx context.Context, userID int64) (counterRow, error) {
	return s.counter(ctx, userID, s.db.Postgres())
}

func (s *Store) counter(ctx context.Context, userID int64, lock bool) (counterRow, error) {
	var row counterRow
	q := s.db.On(ctx).NewSelect().Model(&row).Where("user_id = ?", userID)
	if lock {
		q = q.For("UPDATE")
	}
	if err := q.Scan(ctx); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return counterRow{}, fmt.Errorf("reading the counters of user %d: %w", userID, err)
	}
	return row, nil
}

// value is what is told of the counters. While servers of two versions run, one
// that does not know marks may count down once more what was read by one; the
// next unit that writes to the inbox counts it anew.
func (c counterRow) value() core.Counters {
	return core.Counters{LastSequence: c.LastSequence, Total: c.Total, Unread: max(c.Unread, 0)}
}

// recounted is how many of an inbox are unread, by its rows.
const recounted = "unread = (SELECT count(*) FROM notifications_inbox AS n WHERE n.user_id = c.user_id AND NOT n.is_read AND n.sequence > c.read_through)"

// recount repairs counters of unread notifications. The inboxes are locked.
func (s *Store) recount(ctx context.Context, userIDs []int64) error {
	if len(userIDs) == 0 {
		return nil
	}
	_, err := s.db.On(ctx).NewUpdate().Model((*counterRow)(nil)).Set(recounted).Where("c.user_id IN (?)", bun.List(userIDs)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("recounting inboxes: %w", err)
	}
	return nil
}

// fewer takes what is gone, and what is not unread any more, off the counters
// of a locked inbox, which are c. If less than nothing would be unread, it is
// counted anew.
func (s *Store) fewer(ctx context.Context, c counterRow, total, unread int64) error {
	q := s.db.On(ctx).NewUpdate().Model((*counterRow)(nil)).Set("total = total - ?", total)
	if c.Unread < unread {
		q = q.Set(recounted)
	} else {
		q = q.Set("unread = unread - ?", unread)
	}
	if _, err := q.Where("c.user_id = ?", c.UserID).Exec(ctx); err != nil {
		return fmt.Errorf("counting the inbox of user %d: %w", c.UserID, err)
	}
	return nil
}

// Counters implements core.Store.
func (s *Store) Counters(ctx context.Context, userID int64) (core.Counters, error) {
	c, err := s.counter(ctx, userID, false)
	return c.value(), err
}
