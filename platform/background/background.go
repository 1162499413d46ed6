// Package background runs what a module does beside its requests, from start
// to stop.
package background

import (
	"context"

	"go.uber.org/fx"
)

// Hook runs work in a goroutine between start and stop. Its context ends at the
// stop, which waits for it as long as it may.
func Hook(work func(context.Context)) fx.Hook {
	var cancel context.CancelFunc
	done := make(chan struct{})
	return fx.Hook{
		OnStart: func(ctx context.Context) error {
			ctx, cancel = context.WithCancel(context.WithoutCancel(ctx))
			go func() {
				defer close(done)
				work(ctx)
			}()
			return nil
		},
		OnStop: func(stop context.Context) error {
			cancel()
			select {
			case <-done:
				return nil
			case <-stop.Done():
				return stop.Err()
			}
		},
	}
}
