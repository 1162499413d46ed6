package bus

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"
)

// strayed reports whether the outbox or a cursor names a transaction that
// this PostgreSQL has not begun yet: transaction ids do not survive a dump
// and restore.
const strayed = `SELECT GREATEST((SELECT max(xid) FROM bus_outbox), (SELECT max(xid) FROM bus_cursors))
	>= pg_snapshot_xmax(pg_current_snapshot())::text::bigint`

// repair makes a restored outbox deliver again, in the order of seq, where
// nothing, old or new, would otherwise ever be below the horizon. Each
// consumer goes back to before the first event that it may not have seen;
// its inbox takes care of those that it has.
func (b *Bus) repair(ctx context.Context) error {
	var wrong bool
	if err := b.db.NewRaw("SELECT COALESCE(("+strayed+"), FALSE)").Scan(ctx, &wrong); err != nil {
		return fmt.Errorf("looking for signs of a restore: %w", err)
	}
	if !wrong {
		return nil
	}
	b.log.WarnContext(ctx, "the database was restored; numbering its events afresh")
	err := b.db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		// One process repairs; a second finds nothing wrong any more.
		if _, err := tx.NewRaw("SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '/bus-repair', 0))").Exec(ctx); err != nil {
			return err
		}
		if err := tx.NewRaw("SELECT COALESCE(("+strayed+"), FALSE)").Scan(ctx, &wrong); err != nil || !wrong {
			return err
		}
		// Events published since the restore have low transaction ids but
		// the highest seq.
		if _, err := tx.NewRaw(`UPDATE bus_cursors AS c SET epoch = epoch + 1, xid = 0, seq = COALESCE(
			(SELECT min(o.seq) - 1 FROM bus_outbox AS o WHERE (o.xid, o.seq) > (c.xid, c.seq) OR o.seq > c.seq),
			GREATEST(c.seq, (SELECT max(o.seq) FROM bus_outbox AS o)))`).Exec(ctx); err != nil {
			return err
		}
		_, err := tx.NewRaw("UPDATE bus_outbox SET xid = 0 WHERE xid <> 0").Exec(ctx)
		return err
	})
	if err != nil {
		return fmt.Errorf("numbering the restored events afresh: %w", err)
	}
	return nil
}

// goBack is how many events come again where it is not known which were seen.
const goBack = 1000

// rewind takes consumers that run in every process back to what they may not have
// seen. Commits that did not wait for the disk are lost when PostgreSQL dies, and
// their numbers are given again: what such a consumer remembers as its place may be
// above events that come now. Others have their place in the database.
func (b *Bus) rewind(ctx context.Context, s *session) error {
	if s.conn == nil {
		return nil
	}
	for _, w := range b.workers {
		if !w.spec.PerProcess || w.from != nil {
			continue
		}
		from, _ := w.wants()
		to, err := s.sure(ctx, from)
		if err != nil {
			return err
		}
		w.rewind(to)
	}
	return nil
}

// sure answers a place if its event is there, and else one before the newest ones.
// Whatever had ended when an event was written is in PostgreSQL's log before it, so
// that no number up to its place is given again.
func (s *session) sure(ctx context.Context, at position) (position, error) {
	ctx, cancel := context.WithTimeout(ctx, sessionDeadline)
	defer cancel()
	there, err := s.db.NewSelect().Model((*outboxRow)(nil)).Where("o.xid = ? AND o.seq = ?", at.XID, at.Seq).Exists(ctx)
	if err != nil || there {
		return at, err
	}
	var before outboxRow
	err = s.db.NewSelect().Model(&before).Column("xid", "seq").OrderExpr("o.xid DESC, o.seq DESC").Offset(goBack).Limit(1).Scan(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return position{}, nil
	}
	return before.at(), err
}

// rewind makes the worker read again what comes after a place.
func (w *worker) rewind(to position) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if o := w.ownership; o != nil && o.read.after(to) {
		o.read, o.behind = to, true
	}
}
