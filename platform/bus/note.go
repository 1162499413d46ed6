package bus

import (
	"context"

	"parley/platform/sqldb"
)

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

// notingNew fails with its transaction unless it writes all rows: PostgreSQL
// divides by zero when another process has taken the consumer over.
var notingNew = sqldb.NewKept(`WITH noted AS (INSERT INTO bus_inbox (consumer, event_id)
	SELECT c.consumer, unnest($1::text[]) FROM bus_cursors AS c WHERE c.consumer = $2::text AND c.epoch = $3::bigint RETURNING 1)
	SELECT 1 / (count(*) = cardinality($1::text[]))::int FROM noted`)

// noteNew writes the inbox rows of events that are new, at the end of their unit:
// with its COMMIT, in one message.
func (w *worker) noteNew(ctx context.Context, handled []*item) error {
	ids := make([]string, len(handled))
	for i, it := range handled {
		ids[i] = it.ID
	}
	s := w.b.db.NewScript()
	s.Kept(notingNew, ids, w.spec.Name, handled[0].ownership.epoch)
	return s.PutOff(ctx)
}
