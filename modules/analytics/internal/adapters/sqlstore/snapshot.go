package sqlstore

import (
	"context"
	"errors"
)

// errMoved is of a snapshot that is older than what is kept in memory: faces of
// both don't go together, since those of one segment are columns of the same rows.
var errMoved = errors.New("segments were changed after the snapshot")

// maxMoved is how often a question uses what is kept before it reads all for itself.
const maxMoved = 2

// snapshot runs fn as of one moment, and again as of a later one after errMoved. A
// private view may have in it what others don't see, as in a transaction of ctx.
func (s *Store) snapshot(ctx context.Context, fn func(ctx context.Context, private bool) error) error {
	private := s.db.InTx(ctx)
	for range maxMoved {
		err := s.db.Snapshot(ctx, func(ctx context.Context) error { return fn(ctx, private) })
		if !errors.Is(err, errMoved) {
			return err
		}
	}
	return s.db.Snapshot(ctx, func(ctx context.Context) error { return fn(ctx, true) })
}
