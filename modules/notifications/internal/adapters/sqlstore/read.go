package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/uptrace/bun"

	"parley/modules/notifications/internal/core"
	"parley/platform/kernel/page"
)

// inboxRow is a notification. Its own is_read and read_on say that it was read
// alone; a mark of its inbox says so of all up to a number.
type inboxRow struct {
	bun.BaseModel `bun:"table:notifications_inbox,alias:n"`
	core.Notification

	MarkedOn *time.Time `bun:"marked_on,scanonly"`
	Unread   int64      `bun:"unread,scanonly"`
}

// readsRow is a mark: when all was read up to a number.
type readsRow struct {
	bun.BaseModel `bun:"table:notifications_reads,alias:r"`

	UserID   int64     `bun:"user_id,pk"`
	Sequence int64     `bun:"sequence,pk"`
	ReadOn   time.Time `bun:"read_on"`
}

// marked is when the first mark was made that a notification is below.
const marked = "(SELECT r.read_on FROM notifications_reads AS r WHERE r.user_id = n.user_id AND r.sequence >= n.sequence ORDER BY r.sequence LIMIT 1) AS marked_on"

func (r inboxRow) value() core.Notification {
	n := r.Notification
	if !n.IsRead && r.MarkedOn != nil {
		n.IsRead, n.ReadOn = true, r.MarkedOn
	}
	if n.ReadOn != nil {
		on := n.ReadOn.UTC()
		n.ReadOn = &on
	}
	n.CreatedOn = n.CreatedOn.UTC()
	return n
}

func values(rows []inboxRow) []core.Notification {
	ns := make([]core.Notification, len(rows))
	for i, r := range rows {
		ns[i] = r.value()
	}
	return ns
}

// of selects from the inbox of a user, with the marks.
func (s *Store) of(ctx context.Context, model any, userID int64) *bun.SelectQuery {
	return s.db.On(ctx).NewSelect().Model(model).ColumnExpr("n.*").ColumnExpr(marked).Where("n.user_id = ?", userID)
}

// Page implements core.Store. Of those that are read the ones above the last
// mark were read alone, and all below it are: two ranges of two indexes, one
// after the other. How many the first has is counted by what is known.
func (s *Store) Page(ctx context.Context, userID int64, isRead *bool, p page.Request) (page.Of[core.Notification], core.Counters, error) {
	out := page.Of[core.Notification]{Count: -1, Request: p}
	below := page.Key{ID: math.MaxInt64}
	if p.Cursor != "" {
		if err := page.DecodeCursor(p.Cursor, &below); err != nil {
			return out, core.Counters{}, err
		}
		if !below.At.IsZero() { // of a version that sorted by the time
			return out, core.Counters{}, page.ErrCursor
		}
	}
	c, err := s.counter(ctx, userID, false)
	if err != nil {
		return out, core.Counters{}, err
	}
	known := c.value()
	part := func(skip, limit int64, where string, args ...any) ([]inboxRow, error) {
		var rows []inboxRow
		q := s.of(ctx, &rows, userID).Where("n.sequence < ?", below.ID).OrderExpr("n.sequence DESC").Offset(skip).Limit(limit)
		if where != "" {
			q = q.Where(where, args...)
		}
		if err := q.Scan(ctx); err != nil {
			return nil, fmt.Errorf("listing the inbox of user %d: %w", userID, err)
		}
		return rows, nil
	}
	var rows []inboxRow
	skip, fetch := int64(p.Offset()), int64(p.Fetch())
	count := known.Total
	switch {
	case isRead == nil:
		rows, err = part(skip, fetch, "")
	case !*isRead:
		count = known.Unread
		rows, err = part(skip, fetch, "NOT n.is_read AND n.sequence > (SELECT c.read_through FROM notifications_counters AS c WHERE c.user_id = ?)", userID)
	default:
		count = known.Total - known.Unread
		covered := max(0, c.ReadThrough-(c.LastSequence-c.Total)) // what is kept has no gaps
		alone := max(0, count-covered)
		if alone > skip {
			rows, err = part(skip, fetch, "n.is_read AND n.sequence > ?", c.ReadThrough)
		}
		if left := fetch - int64(len(rows)); err == nil && left > 0 && covered > 0 {
			var more []inboxRow
			more, err = part(max(0, skip-alone), left, "n.sequence <= ?", c.ReadThrough)
			rows = append(rows, more...)
		}
	}
	if err != nil {
		return out, core.Counters{}, err
	}
	out = page.Trim(values(rows), p, core.ByNewest)
	if !p.Keyset() {
		out.Count = count
	}
	return out, known, nil
}

// After implements core.Store.
func (s *Store) After(ctx context.Context, userID, sequence int64, limit int) ([]core.Notification, int64, error) {
	var rows []inboxRow
	err := s.of(ctx, &rows, userID).ColumnExpr("c.unread").Join("JOIN notifications_counters AS c ON c.user_id = n.user_id").
		Where("n.sequence > ?", sequence).OrderExpr("n.sequence").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, 0, fmt.Errorf("reading on in the inbox of user %d: %w", userID, err)
	}
	if len(rows) == 0 {
		return []core.Notification{}, 0, nil
	}
	return values(rows), max(rows[0].Unread, 0), nil
}

// Get implements core.Store.
func (s *Store) Get(ctx context.Context, userID, id int64) (core.Notification, error) {
	var row inboxRow
	err := s.of(ctx, &row, userID).Where("n.id = ?", id).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return core.Notification{}, core.ErrNotFound
	}
	if err != nil {
		return core.Notification{}, fmt.Errorf("reading notification %d: %w", id, err)
	}
	return row.value(), nil
}

// Read implements core.Store.
func (s *Store) Read(ctx context.Context, userID, id int64, on time.Time) (core.Notification, error) {
	var out core.Notification
	err := s.db.Within(ctx, func(ctx context.Context) error {
		c, err := s.locked(ctx, userID)
		if err != nil {
			return err
		}
		if out, err = s.Get(ctx, userID, id); err != nil || out.IsRead {
			return err
		}
		if _, err := s.db.On(ctx).NewUpdate().Model((*inboxRow)(nil)).Set("is_read = ?", true).Set("read_on = ?", on).Where("id = ?", id).Exec(ctx); err != nil {
			return fmt.Errorf("marking notification %d as read: %w", id, err)
		}
		out.IsRead, out.ReadOn = true, &on
		return s.fewer(ctx, c, 0, 1)
	})
	return out, err
}

// ReadAll implements core.Store: a mark says of all notifications so far that
// they are read, however many they are.
func (s *Store) ReadAll(ctx context.Context, userID int64, on time.Time) (int64, error) {
	var n int64
	err := s.db.Within(ctx, func(ctx context.Context) error {
		c, err := s.locked(ctx, userID)
		if err != nil || c.ReadThrough == c.LastSequence || c.Total == 0 {
			return err
		}
		n = c.value().Unread
		row := readsRow{UserID: userID, Sequence: c.LastSequence, ReadOn: on}
		if _, err := s.db.On(ctx).NewInsert().Model(&row).Exec(ctx); err != nil {
			return fmt.Errorf("marking the inbox of user %d as read: %w", userID, err)
		}
		_, err = s.db.On(ctx).NewUpdate().Model((*counterRow)(nil)).Set("read_through = last_sequence").Set("unread = 0").Where("user_id = ?", userID).Exec(ctx)
		if err != nil {
			return fmt.Errorf("counting the inbox of user %d: %w", userID, err)
		}
		return nil
	})
	return n, err
}
