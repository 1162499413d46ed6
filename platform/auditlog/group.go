package auditlog

import (
	"context"
	"errors"

	"parley/platform/kernel/uow"
)

// Group does for a unit of many callers what Unit does for one: the entries of
// all of them are one insert in their common transaction. The callers have one
// Auditor, that of the server.
func Group(inner uow.Group) uow.Group { return group{unit{inner}, inner} }

type group struct {
	unit
	inner uow.Group
}

// DoAll implements uow.Group.
func (g group) DoAll(ctx context.Context, callers []context.Context, fn func(ctx context.Context, txs []uow.Tx) ([]error, error)) error {
	waiting := make([]*Pending, len(callers))
	subjects := make([][]string, len(callers))
	var written []*Pending
	err := g.inner.DoAll(ctx, callers, func(ctx context.Context, txs []uow.Tx) ([]error, error) {
		for i, caller := range callers {
			if p, ok := caller.Value(pendingKey{}).(*Pending); ok && !p.Written() {
				waiting[i], txs[i] = p, collecting{txs[i], &subjects[i]}
			}
		}
		refused, err := fn(ctx, txs)
		if err != nil {
			return nil, err
		}
		entries := make([]Entry, 0, len(waiting))
		for i, p := range waiting {
			if p != nil && errors.Is(refused[i], uow.ErrBefore) { // with its entry
				written = append(written, p)
			}
			if p == nil || refused[i] != nil {
				continue
			}
			e := p.Entry
			e.Subjects = subjects[i]
			entries, written = append(entries, e), append(written, p)
		}
		if len(entries) == 0 {
			return refused, nil
		}
		return refused, written[0].auditor.Audit(ctx, entries...)
	})
	if err == nil {
		for _, p := range written {
			p.done()
		}
	}
	return err
}
