package bus

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"parley/platform/kernel/event"
	"parley/platform/sqldb"
)

// sessionDeadline ends a statement of the session. They are all short, and
// pgdriver honours a deadline where it would miss a cancellation.
const sessionDeadline = 10 * time.Second

// session is what a process reads with and owns consumers by. On PostgreSQL
// it is one connection, whose advisory locks the server releases when the
// connection ends, however it ends. Only the feed's goroutine uses it.
type session struct {
	b      *Bus
	db     bun.IDB
	conn   *bun.Conn // PostgreSQL only
	locked map[string]bool
}

func (b *Bus) openSession(ctx context.Context) (*session, error) {
	s := &session{b: b, db: b.db.DB, locked: map[string]bool{}}
	if !b.db.Postgres() {
		return s, nil
	}
	ctx, cancel := context.WithTimeout(ctx, sessionDeadline)
	defer cancel()
	conn, err := b.db.DB.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("connecting the event session: %w", err)
	}
	s.conn, s.db = &conn, conn
	// A cursor that falls back in a crash costs redeliveries, not effects, so
	// the session need not wait for the disk. The server ends a session that
	// has fallen silent, so that a frozen process or a lost machine does not
	// keep its consumers. A plan that is kept must suit the outbox when it has grown.
	_, err = conn.ExecContext(ctx, `SELECT set_config(s.name, v.column2, false)
		FROM (VALUES ('synchronous_commit', 'off'), ('enable_seqscan', 'off'), ('plan_cache_mode', 'force_generic_plan'), ('idle_session_timeout', '30s'),
			('tcp_keepalives_idle', '10'),
			('tcp_keepalives_interval', '5'), ('tcp_keepalives_count', '3')) AS v JOIN pg_settings AS s ON s.name = v.column1`)
	if err == nil {
		err = b.repair(ctx)
	}
	if err != nil {
		s.close(ctx)
		return nil, fmt.Errorf("preparing the event session: %w", err)
	}
	return s, nil
}

// close gives up every lock and ends the connection.
func (s *session) close(ctx context.Context) {
	if s.conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sessionDeadline)
	defer cancel()
	if len(s.locked) > 0 {
		// When this fails the locks go with the connection, a moment later;
		// when it does not, a process that waits for these consumers may have them.
		if _, err := s.conn.ExecContext(ctx, "SELECT pg_advisory_unlock_all()"); err == nil {
			_ = s.b.notify(ctx, recheckPayload)
		}
	}
	// Not back to the pool: the connection carries settings of its own.
	_ = s.conn.Raw(func(any) error { return driver.ErrBadConn })
}

// lock answers those of the consumers that this process now owns.
func (s *session) lock(ctx context.Context, consumers []string) ([]string, error) {
	if len(consumers) == 0 {
		return nil, nil
	}
	if s.conn == nil {
		return consumers, nil
	}
	var got, try []string
	for _, c := range consumers {
		if s.locked[c] {
			got = append(got, c)
		} else {
			try = append(try, c)
		}
	}
	if len(try) == 0 {
		return got, nil
	}
	ctx, cancel := context.WithTimeout(ctx, sessionDeadline)
	defer cancel()
	var rows []struct {
		Consumer string `bun:"consumer"`
		Locked   bool   `bun:"locked"`
	}
	err := s.db.NewRaw(`SELECT v.column1 AS consumer, pg_try_advisory_lock(hashtextextended(current_schema() || '/bus/' || v.column1, 0)) AS locked
		FROM (VALUES `+values(len(try), "(?)")+`) AS v`, anys(try)...).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("locking consumers: %w", err)
	}
	for _, r := range rows {
		if r.Locked {
			s.locked[r.Consumer] = true
			got = append(got, r.Consumer)
		}
	}
	return got, nil
}

// epochs answers who last took each consumer, by number.
func (s *session) epochs(ctx context.Context) (map[string]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, sessionDeadline)
	defer cancel()
	var rows []cursorRow
	if err := s.db.NewSelect().Model(&rows).Column("consumer", "epoch").Limit(maxConsumers).Scan(ctx); err != nil {
		return nil, fmt.Errorf("reading the epochs: %w", err)
	}
	out := make(map[string]int64, len(rows))
	for _, r := range rows {
		out[r.Consumer] = r.Epoch
	}
	return out, nil
}

type outboxRow struct {
	bun.BaseModel `bun:"table:bus_outbox,alias:o"`

	XID        int64     `bun:"xid"`
	Seq        int64     `bun:"seq"`
	ID         string    `bun:"id"`
	Name       string    `bun:"name"`
	Key        string    `bun:"key"`
	OccurredAt time.Time `bun:"occurred_at"`
	Payload    []byte    `bun:"payload"` // shared by all consumers, none of which changes it
	Ready      bool      `bun:"ready,scanonly"`
}

func (r outboxRow) at() position { return position{r.XID, r.Seq} }

func (r outboxRow) envelope() event.Envelope {
	return event.Envelope{ID: r.ID, Name: r.Name, Key: r.Key, OccurredAt: r.OccurredAt.UTC(), Payload: r.Payload}
}

// read answers the events after from, in order. blocked tells that more have
// committed, but others are being written that would come before them.
func (s *session) read(ctx context.Context, from position) (rows []outboxRow, blocked bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, sessionDeadline)
	defer cancel()
	rows, blocked, err = s.readBelow(ctx, from, 0)
	if err != nil || !blocked {
		return rows, blocked, err
	}
	// Behind a transaction that is older. Does it matter?
	horizon, err := s.horizon(ctx)
	if err != nil {
		return nil, false, err
	}
	return s.readBelow(ctx, from, horizon)
}

// readBelow is read where no event that cannot be seen yet is below a horizon. Nor
// is any below the oldest transaction that is open.
func (s *session) readBelow(ctx context.Context, from position, horizon int64) (rows []outboxRow, blocked bool, err error) {
	scan := func(row *sql.Rows) error {
		var r outboxRow
		err := row.Scan(&r.XID, &r.Seq, &r.ID, &r.Name, &r.Key, &r.OccurredAt, &r.Payload, &r.Ready)
		rows = append(rows, r)
		return err
	}
	if s.conn != nil {
		err = reading.Rows(ctx, s.db, scan, from.XID, from.Seq, horizon, readBatch)
	} else {
		err = s.b.reading.Rows(ctx, scan, from.Seq, readBatch)
	}
	if err != nil {
		return nil, false, fmt.Errorf("reading the outbox: %w", err)
	}
	for i, r := range rows {
		if !r.Ready {
			return rows[:i], true, nil
		}
	}
	return rows, false, nil
}

// What is committed on SQLite can be seen in its order. Both statements are parsed
// once.
const readingOnSQLite = `SELECT xid, seq, id, name, key, occurred_at, payload, TRUE FROM bus_outbox WHERE seq > $1 ORDER BY seq LIMIT $2`

var movingOnSQLite = sqldb.NewChange("bus_cursors", "xid = v.column3, seq = v.column4",
	"bus_cursors.consumer = v.column1 AND bus_cursors.epoch = v.column2", "consumer")

// The statements that the session of PostgreSQL runs for nearly every event. Its
// plans go by primary keys, since it looks for no others.
var (
	reading = sqldb.NewKept(`SELECT xid, seq, id, name, key, occurred_at, payload,
		xid < GREATEST(pg_snapshot_xmin(pg_current_snapshot())::text::bigint, $3::bigint) AS ready
		FROM bus_outbox WHERE (xid, seq) > ($1::bigint, $2::bigint) ORDER BY xid, seq LIMIT $4::bigint`)
	moving = sqldb.NewKept(`UPDATE bus_cursors AS c SET xid = v.xid, seq = v.seq
		FROM (SELECT unnest($1::text[]) AS consumer, unnest($2::bigint[]) AS epoch, unnest($3::bigint[]) AS xid, unnest($4::bigint[]) AS seq) AS v
		WHERE c.consumer = v.consumer AND c.epoch = v.epoch RETURNING c.consumer`)
)

// flush stores how far consumers have come and answers how many of the
// cursors were still this process's to move.
func (s *session) flush(ctx context.Context, moves []move) (n int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, sessionDeadline)
	defer cancel()
	moved := func(*sql.Rows) error {
		n++
		return nil
	}
	if s.conn != nil {
		var names []string
		var epochs, xids, seqs []int64
		for _, m := range moves {
			names, epochs, xids, seqs = append(names, m.w.spec.Name), append(epochs, m.epoch), append(xids, m.to.XID), append(seqs, m.to.Seq)
		}
		err = moving.Rows(ctx, s.db, moved, names, epochs, xids, seqs)
	} else {
		rows := make(sqldb.Rows, len(moves))
		for i, m := range moves {
			rows[i] = []any{m.w.spec.Name, m.epoch, m.to.XID, m.to.Seq}
		}
		err = s.b.db.Within(ctx, func(ctx context.Context) error { return s.b.db.Change(ctx, movingOnSQLite, rows, moved) })
	}
	if err != nil {
		return 0, fmt.Errorf("storing the cursors: %w", err)
	}
	return n, nil
}

// outboxOrder is the order of the outbox on one kind of database.
type outboxOrder struct{ postgres bool }

// from narrows q to what comes after p and sorts it.
func (o outboxOrder) from(q *bun.SelectQuery, p position) *bun.SelectQuery {
	if o.postgres {
		return q.Where("(o.xid, o.seq) > (?, ?)", p.XID, p.Seq).OrderExpr("o.xid, o.seq")
	}
	return q.Where("o.seq > ?", p.Seq).OrderExpr("o.seq")
}

// last is the position of the newest event that any reader can see.
func (b *Bus) last(ctx context.Context) (position, error) {
	var rows []outboxRow
	order := "o.seq DESC"
	if b.order.postgres {
		order = "o.xid DESC, o.seq DESC"
	}
	if err := b.db.NewSelect().Model(&rows).Column("xid", "seq").OrderExpr(order).Limit(1).Scan(ctx); err != nil {
		return position{}, fmt.Errorf("finding the newest event: %w", err)
	}
	if len(rows) == 0 {
		return position{}, nil
	}
	return rows[0].at(), nil
}

// now is a position that everything which is yet to commit comes after.
func (b *Bus) now(ctx context.Context) (position, error) {
	if !b.order.postgres {
		return b.last(ctx)
	}
	var horizon int64
	if err := b.db.NewRaw("SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint").Scan(ctx, &horizon); err != nil {
		return position{}, fmt.Errorf("finding the present in the outbox: %w", err)
	}
	return position{XID: horizon - 1, Seq: math.MaxInt64}, nil
}

func values(n int, row string) string {
	return strings.TrimSuffix(strings.Repeat(row+", ", n), ", ")
}

func anys(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = s
	}
	return out
}
