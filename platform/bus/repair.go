package bus

import (
	"context"
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
