package auditlog

import (
	"context"
	"slices"

	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
)

// maxSubjects bounds the subjects of one entry: as many as a batch may have.
const maxSubjects = 1000

// Unit makes the units of work of inner take along the pending entry of the
// request that they run for. A unit that no request runs is left alone.
func Unit(inner uow.Unit) uow.Unit { return unit{inner} }

type unit struct{ inner uow.Unit }

type subjectsKey struct{}

// collecting notes what the events of a unit are about.
type collecting struct {
	uow.Tx
	subjects *[]string
}

// Publish implements uow.Tx.
func (c collecting) Publish(facts ...event.Event) {
	for _, f := range facts {
		c.note(f.AggregateKey())
		if more, ok := f.(event.Concerning); ok {
			c.note(more.Concerns()...)
		}
	}
	c.Tx.Publish(facts...)
}

func (c collecting) note(keys ...string) {
	for _, key := range keys {
		if len(*c.subjects) < maxSubjects && !slices.Contains(*c.subjects, key) {
			*c.subjects = append(*c.subjects, key)
		}
	}
}

// Do implements uow.Unit.
func (u unit) Do(ctx context.Context, fn func(ctx context.Context, tx uow.Tx) error) error {
	if subjects, ok := ctx.Value(subjectsKey{}).(*[]string); ok { // it joins the outer unit
		return u.inner.Do(ctx, func(ctx context.Context, tx uow.Tx) error { return fn(ctx, collecting{tx, subjects}) })
	}
	p, ok := ctx.Value(pendingKey{}).(*Pending)
	if !ok || p.Written() {
		return u.inner.Do(ctx, fn)
	}
	subjects := new([]string)
	err := u.inner.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		if err := fn(context.WithValue(ctx, subjectsKey{}, subjects), collecting{tx, subjects}); err != nil {
			return err
		}
		e := p.Entry
		e.Subjects = *subjects
		return p.auditor.Audit(ctx, e)
	})
	if err == nil {
		p.done()
	}
	return err
}
