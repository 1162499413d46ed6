package bus

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun"
)

// Drain waits until every consumer of the installation that this bus knows
// has dealt with everything that was committed before the call, and with what
// that led to. Events that failed and wait for a later time count as dealt
// with; those due now do not. It fails when ctx ends, naming who is behind.
func (b *Bus) Drain(ctx context.Context) error {
	if len(b.workers) == 0 {
		return nil
	}
	asked := b.recheck()
	behind := []string{"(no reading yet)"}
	err := b.await(ctx, func(ctx context.Context) (bool, error) {
		if b.answered.Load() < asked {
			return false, nil
		}
		target, err := b.last(ctx)
		if err != nil {
			return false, err
		}
		if behind, err = b.lagging(ctx, target); err != nil || len(behind) > 0 {
			return false, err
		}
		// Handlers may have published while the others were looked at.
		again, err := b.last(ctx)
		return again == target, err
	})
	if err != nil && len(behind) > 0 {
		return fmt.Errorf("waiting for %s: %w", strings.Join(behind, ", "), err)
	}
	return err
}

// await waits until done is true, looking again whenever something moved.
func (b *Bus) await(ctx context.Context, done func(ctx context.Context) (bool, error)) error {
	// For what other processes do there is no signal.
	other := time.NewTicker(20 * time.Millisecond)
	defer other.Stop()
	for {
		moved := b.progress.next()
		if ok, err := done(ctx); ok || err != nil {
			return err
		}
		select {
		case <-moved:
		case <-other.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// lagging names the consumers that have not passed target or have due rows.
func (b *Bus) lagging(ctx context.Context, target position) ([]string, error) {
	now := b.clock.Now()
	var behind, elsewhere []string
	for _, w := range b.workers {
		switch owned, done := w.passed(target, now); {
		case owned && !done:
			behind = append(behind, w.spec.Name)
		case !owned:
			elsewhere = append(elsewhere, w.spec.Name)
		}
	}
	if len(elsewhere) == 0 {
		return behind, nil
	}
	var cursors []cursorRow
	err := b.db.NewSelect().Model(&cursors).Where("consumer IN (?)", bun.List(elsewhere)).
		Where("NOT EXISTS (SELECT 1 FROM bus_deliveries AS d WHERE d.consumer = c.consumer AND d.due_at <= ? AND "+heads+")", now).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the cursors: %w", err)
	}
	passed := map[string]bool{}
	for _, c := range cursors {
		passed[c.Consumer] = !target.after(c.at())
	}
	for _, name := range elsewhere {
		if !passed[name] {
			behind = append(behind, name)
		}
	}
	return behind, nil
}

// passed answers for a consumer that this process owns.
func (w *worker) passed(target position, now time.Time) (owned, done bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	o := w.ownership
	if o == nil {
		return false, false
	}
	if o.ending || target.after(o.track.acked) || w.inflight > 0 || len(o.rows) > 0 {
		return true, false
	}
	for _, h := range o.blocked {
		if !h.due.After(now) {
			return true, false
		}
	}
	return true, true
}

// Lag is how far one consumer is behind.
type Lag struct {
	Consumer string
	// Behind is the age of the oldest event that is not dealt with.
	Behind time.Duration
	// Waiting are failed events, and those behind them, that will be tried
	// again; Dead are those that will not.
	Waiting, Dead int64
}

// Lag answers for every consumer that ever ran, by name, from what is stored.
func (b *Bus) Lag(ctx context.Context) ([]Lag, error) {
	var cursors []cursorRow
	if err := b.db.NewSelect().Model(&cursors).OrderExpr("c.consumer").Limit(maxConsumers).Scan(ctx); err != nil {
		return nil, fmt.Errorf("reading the cursors: %w", err)
	}
	var rows []struct {
		Consumer string `bun:"consumer"`
		Dead     bool   `bun:"dead"`
		Rows     int64  `bun:"n"`
	}
	if err := b.db.NewSelect().TableExpr("bus_deliveries").Column("consumer", "dead").ColumnExpr("count(*) AS n").
		GroupExpr("consumer, dead").Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("counting the deliveries: %w", err)
	}
	now := b.clock.Now()
	ages := map[position]time.Duration{} // most consumers stand at the same place
	out := make([]Lag, len(cursors))
	for i, c := range cursors {
		age, known := ages[c.at()]
		if !known {
			var next []outboxRow
			if err := b.order.from(b.db.NewSelect().Model(&next).Column("occurred_at").Limit(1), c.at()).Scan(ctx); err != nil {
				return nil, fmt.Errorf("reading the next event of %s: %w", c.Consumer, err)
			}
			if len(next) > 0 {
				age = max(now.Sub(next[0].OccurredAt), 0)
			}
			ages[c.at()] = age
		}
		out[i] = Lag{Consumer: c.Consumer, Behind: age}
		for _, r := range rows {
			if r.Consumer == c.Consumer && r.Dead {
				out[i].Dead = r.Rows
			} else if r.Consumer == c.Consumer {
				out[i].Waiting = r.Rows
			}
		}
	}
	return out, nil
}
