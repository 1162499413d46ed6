package idempotency

import (
	"context"
	"errors"
	"sync"

	"parley/platform/kernel/uow"
)

// Mark notes, within the unit of work of ctx, that the effect of a request is
// part of that unit. It fails when the claim is no longer the request's:
// another one may have run meanwhile, and the unit is to be taken back.
type Mark func(ctx context.Context) error

type markKey struct{}

// waiting is a mark that no commit has taken along yet.
type waiting struct {
	mark Mark
	mu   sync.Mutex
	over bool
}

func (w *waiting) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
}

// Marked is the context of a request that claimed its key: its first unit of
// work that commits takes the mark along. What still runs in it after end, in
// the background, takes none.
func Marked(ctx context.Context, m Mark) (marked context.Context, end func()) {
	w := &waiting{mark: m}
	return context.WithValue(ctx, markKey{}, w), w.end
}

func of(ctx context.Context) *waiting {
	w, _ := ctx.Value(markKey{}).(*waiting)
	if w == nil {
		return nil
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return nil
	}
	return w
}

// Group makes the units of work of inner take along the mark of the request
// that they run for: the claim of a key and the effect are one commit.
func Group(inner uow.Group) uow.Group { return group{inner} }

type group struct{ inner uow.Group }

// Do implements uow.Unit.
func (g group) Do(ctx context.Context, fn func(ctx context.Context, tx uow.Tx) error) error {
	w := of(ctx)
	if w == nil || uow.Inside(ctx) { // the outer unit takes it along
		return g.inner.Do(ctx, fn)
	}
	err := g.inner.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		if err := fn(ctx, tx); err != nil {
			return err
		}
		return w.mark(ctx)
	})
	if err == nil {
		w.end()
	}
	return err
}

// DoAll implements uow.Group. A caller whose mark can't be set takes the whole
// back: it is so rare that the others may try again.
func (g group) DoAll(ctx context.Context, callers []context.Context, fn func(ctx context.Context, txs []uow.Tx) ([]error, error)) error {
	var marked []*waiting
	err := g.inner.DoAll(ctx, callers, func(ctx context.Context, txs []uow.Tx) ([]error, error) {
		refused, err := fn(ctx, txs)
		if err != nil {
			return nil, err
		}
		for i, caller := range callers {
			w := of(caller)
			if w != nil && errors.Is(refused[i], uow.ErrBefore) { // with its mark
				marked = append(marked, w)
			}
			if w == nil || refused[i] != nil {
				continue
			}
			if err := w.mark(ctx); err != nil {
				return nil, err
			}
			marked = append(marked, w)
		}
		return refused, nil
	})
	if err == nil {
		for _, w := range marked {
			w.end()
		}
	}
	return err
}
