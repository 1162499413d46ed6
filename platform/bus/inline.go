package bus

import (
	"context"
	"fmt"
	"sync"

	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
)

// Inline is the bus for tests of modules on package memory: it runs the
// consumers in the caller's goroutine, each in a unit of its own, with an
// effect once per event id. The first error stops and comes back:
//
//	db := memory.New(clock)
//	db.Deliver(bus.Inline(db, consumers...))
//
// Consumers that New would refuse are an error on the first event.
func Inline(unit uow.Unit, consumers ...Consumer) func(ctx context.Context, e event.Envelope) error {
	wrong := check(consumers)
	type delivery struct{ consumer, event string }
	var mu sync.Mutex
	seen := map[delivery]bool{}
	claim := func(d delivery, is bool) (was bool) {
		mu.Lock()
		defer mu.Unlock()
		was = seen[d]
		seen[d] = is
		return was
	}
	return func(ctx context.Context, e event.Envelope) error {
		if wrong != nil {
			return wrong
		}
		for _, c := range consumers {
			for _, h := range c.Handlers {
				d := delivery{c.Name, e.ID}
				if h.Event != e.Name || claim(d, true) {
					continue
				}
				run := func(ctx context.Context, tx uow.Tx) error { return h.handle(ctx, tx, []event.Envelope{e}) }
				wants, err := []bool{true}, error(nil)
				if c.Wants != nil {
					wants, err = c.Wants(ctx, []event.Envelope{e})
				}
				switch {
				case err != nil || !wants[0]:
				case c.PerProcess:
					err = runLoose(ctx, h, e)
				default:
					err = unit.Do(ctx, run)
				}
				if err != nil {
					claim(d, false)
					return fmt.Errorf("consumer %s, event %s: %w", c.Name, e.Name, err)
				}
			}
		}
		return nil
	}
}
