package bus

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/uptrace/bun"

	"parley/platform/kernel/jsonout"
	"parley/platform/sqldb"
)

// noteMany writes the inbox rows and answers the ids of the events that are
// here for the first time. It fails with errLost when another process has
// taken the consumer over.
func (w *worker) noteMany(ctx context.Context, db bun.IDB, batch []*item) (map[string]bool, error) {
	all := make([]string, len(batch))
	for i, it := range batch {
		all[i] = it.ID
	}
	ids, err := w.inbox(ctx, all, batch[0].ownership.epoch)
	if err != nil {
		return nil, err
	}
	first := make(map[string]bool, len(ids))
	for _, id := range ids {
		first[id] = true
	}
	if len(ids) == len(batch) {
		return first, nil
	}
	return first, w.owned(ctx, db, batch[0])
}

var noting = sqldb.NewKept(`INSERT INTO bus_inbox (consumer, event_id)
	SELECT c.consumer, unnest($1::text[]) FROM bus_cursors AS c WHERE c.consumer = $2::text AND c.epoch = $3::bigint ON CONFLICT DO NOTHING RETURNING event_id`)

// notingAll is noting on SQLite. A statement for each event takes seven times as
// long.
const notingAll = `INSERT INTO bus_inbox (consumer, event_id)
	SELECT c.consumer, e.value FROM bus_cursors AS c, json_each(?) AS e WHERE c.consumer = ? AND c.epoch = ? ON CONFLICT DO NOTHING RETURNING event_id`

// inbox writes inbox rows, if the epoch is the consumer's, and answers the ids
// of those that were not there.
func (w *worker) inbox(ctx context.Context, all []string, epoch int64) (ids []string, err error) {
	scan := func(row *sql.Rows) error {
		var id string
		err := row.Scan(&id)
		ids = append(ids, id)
		return err
	}
	if w.b.order.postgres {
		err = noting.Rows(ctx, w.b.db.On(ctx), scan, all, w.spec.Name, epoch)
	} else {
		err = w.b.db.Prepared(ctx, notingAll, scan, listOf(all), w.spec.Name, epoch)
	}
	if err != nil {
		return nil, fmt.Errorf("writing the inbox: %w", err)
	}
	return ids, nil
}

// listOf is ids as json_each takes them.
func listOf(ids []string) string {
	var list jsonout.Text
	jsonout.List(&list, ids, func(t *jsonout.Text, id *string) { t.String(*id) })
	return string(list.Bytes)
}

// unnote takes the inbox rows back of events that this unit leaves for later.
func (w *worker) unnote(ctx context.Context, db bun.IDB, later []*item, first map[string]bool) error {
	var ids []string
	for _, it := range later {
		if first[it.ID] {
			ids = append(ids, it.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	if _, err := db.NewRaw("DELETE FROM bus_inbox WHERE consumer = ? AND event_id IN (?)", w.spec.Name, bun.List(ids)).Exec(ctx); err != nil {
		return fmt.Errorf("putting events back: %w", err)
	}
	return nil
}

// areNew reports whether all events came after this process took the consumer, so
// that none was handled before. Should one have been, its inbox row is there, and
// the batch fails by the key of that.
func areNew(batch []*item) bool {
	for _, it := range batch {
		if it.mark == nil || !it.at().after(it.ownership.since) {
			return false
		}
	}
	return true
}

func idsOf(batch []*item) map[string]bool {
	out := make(map[string]bool, len(batch))
	for _, it := range batch {
		out[it.ID] = true
	}
	return out
}

// notingNew fails with its transaction unless it writes all rows. When another
// process has taken the consumer over, PostgreSQL divides by zero, and SQLite gets
// rows of no consumer.
var notingNew = sqldb.NewKept(`WITH noted AS (INSERT INTO bus_inbox (consumer, event_id)
	SELECT c.consumer, unnest($1::text[]) FROM bus_cursors AS c WHERE c.consumer = $2::text AND c.epoch = $3::bigint RETURNING 1)
	SELECT 1 / (count(*) = cardinality($1::text[]))::int FROM noted`)

const notingNewOnSQLite = `INSERT INTO bus_inbox (consumer, event_id)
	SELECT (SELECT consumer FROM bus_cursors WHERE consumer = ? AND epoch = ?), value FROM json_each(?)`

// noteNew writes the inbox rows of events that are new, at the end of their unit:
// on PostgreSQL with its COMMIT, in one message.
func (w *worker) noteNew(ctx context.Context, handled []*item) error {
	ids, epoch := make([]string, len(handled)), handled[0].ownership.epoch
	for i, it := range handled {
		ids[i] = it.ID
	}
	if w.b.order.postgres {
		s := w.b.db.NewScript()
		s.Kept(notingNew, ids, w.spec.Name, epoch)
		return s.PutOff(ctx)
	}
	if err := w.b.db.Prepared(ctx, notingNewOnSQLite, nil, w.spec.Name, epoch, listOf(ids)); err != nil {
		return fmt.Errorf("writing the inbox: %w", err)
	}
	return nil
}
