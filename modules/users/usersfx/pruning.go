package usersfx

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"go.uber.org/fx"

	"parley/modules/users/internal/core"
)

const (
	pruneEvery = time.Hour
	// pruneAgain is the pause while more is left.
	pruneAgain = time.Second
)

// pruning removes old entries of the audit log about once an hour, a part at a
// time.
func pruning(life fx.Lifecycle, s *core.Service, retention time.Duration, log *slog.Logger) {
	var stop context.CancelFunc
	ended := make(chan struct{})
	life.Append(fx.Hook{
		OnStart: func(ctx context.Context) error {
			ctx, stop = context.WithCancel(context.WithoutCancel(ctx))
			go func() {
				defer close(ended)
				for wait := pruneAgain; ; {
					select {
					case <-ctx.Done():
						return
					case <-time.After(wait):
					}
					// Not in step with the other processes.
					wait = time.Duration((0.5 + rand.Float64()) * float64(pruneEvery))
					more, err := s.PruneAudit(ctx, retention)
					if err != nil && ctx.Err() == nil {
						log.WarnContext(ctx, "removing old entries of the audit log failed; it is tried again later", "error", err)
					}
					if more {
						wait = pruneAgain
					}
				}
			}()
			return nil
		},
		OnStop: func(context.Context) error {
			stop()
			<-ended
			return nil
		},
	})
}
