package bus

import (
	"context"
	"database/sql"
	"fmt"

	"parley/platform/sqldb"
)

// On PostgreSQL an event has as its xid the higher of two numbers: that of its own
// transaction, and that of the last one that had ended when the statement began
// that writes the event (migration 3). So a transaction that begins to write events later gets
// none that is lower, however old it is. Others wait only for those
// who are writing events at this moment.

// findWriters finds the transactions that are writing events. Each holds a lock of
// the table from before its statement's beginning until after its own end. The
// transaction id that the query takes for itself has ended when it is asked the
// next time, and all that was committed before it is lower.
var findWriters = sqldb.NewKept(`WITH
	locks AS MATERIALIZED (SELECT * FROM pg_locks WHERE granted),
	writers AS (SELECT DISTINCT virtualtransaction FROM locks WHERE locktype = 'relation' AND relation = 'bus_outbox'::regclass
		AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND mode = 'RowExclusiveLock'),
	moment AS (SELECT pg_current_xact_id() AS own, pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS oldest,
		pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next),
	numbered AS (SELECT t.virtualtransaction, min(((t.transactionid::text::bigint - moment.next + 2147483648) & 4294967295) - 2147483648) AS ahead
		FROM locks AS t JOIN writers USING (virtualtransaction), moment
		WHERE t.locktype = 'transactionid' AND t.mode = 'ExclusiveLock' GROUP BY t.virtualtransaction)
	SELECT moment.own::text::bigint AS own, moment.oldest, moment.next, (SELECT count(*) FROM writers) AS writers,
		(SELECT count(*) FROM numbered) AS numbered, COALESCE((SELECT min(ahead) FROM numbered), 0) AS ahead
	FROM moment`)

// horizon is a number that no event which cannot be seen yet will be below, once
// a later statement has looked.
//
// An event that the later statement does not see was begun after this one, then
// it is not below what had ended by now; or before, then its transaction is among
// the writers, and it is not below that one's own number. A writer without a
// number may have got one that this statement has not seen: it is not below the
// oldest.
func (s *session) horizon(ctx context.Context) (int64, error) {
	var at struct {
		Own      int64
		Oldest   int64
		Next     int64
		Writers  int64
		Numbered int64
		Ahead    int64 // of next is the lowest number of a writer
	}
	err := findWriters.Rows(ctx, s.db, func(row *sql.Rows) error {
		return row.Scan(&at.Own, &at.Oldest, &at.Next, &at.Writers, &at.Numbered, &at.Ahead)
	})
	if err != nil {
		return 0, fmt.Errorf("looking for who writes events: %w", err)
	}
	if at.Numbered < at.Writers {
		return at.Oldest, nil
	}
	return min(at.Next-1, at.Next+at.Ahead), nil
}
