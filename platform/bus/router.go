package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
)

// startRouter runs the watermill router with one handler per consumer and
// waits until it is there.
//
// The order of the middleware matters: with Recoverer outside, a panic would
// bypass retry and poison queue and come back for ever.
func (b *Bus) startRouter(ctx, work context.Context) error {
	log := watermill.NewSlogLoggerWithLevelMapping(b.log, map[slog.Level]slog.Level{
		slog.LevelInfo: slog.LevelDebug, slog.LevelDebug: watermill.LevelTrace,
	})
	router, err := message.NewRouter(message.RouterConfig{CloseTimeout: 5 * time.Second}, log)
	if err != nil {
		return fmt.Errorf("making the event router: %w", err)
	}
	poison, err := middleware.PoisonQueueWithFilter(deadLetters{}, "bus_deliveries", func(err error) bool { return !errors.Is(err, errLost) })
	if err != nil {
		return fmt.Errorf("making the poison queue: %w", err)
	}
	retry := middleware.Retry{
		// ShouldRetry draws from the back-off too, so each wait grows by the
		// square of the multiplier: about 0.1, 0.4 and 1.2 s.
		MaxRetries: 3, InitialInterval: b.tune.retry, Multiplier: 1.8, MaxInterval: 12 * b.tune.retry,
		RandomizationFactor: 0.3, MaxElapsedTime: 3 * time.Second,
		ShouldRetry: func(p middleware.RetryParams) bool {
			return !errors.Is(p.Err, errLost) && !errors.As(p.Err, new(final))
		},
	}
	router.AddMiddleware(poison, retry.Middleware, middleware.Recoverer)
	for _, w := range b.workers {
		router.AddConsumerHandler(w.spec.Name, "events", subscriber{w}, w.handle)
	}
	b.router = router
	failed := make(chan error, 1)
	b.running.Go(func() { failed <- router.Run(work) })
	select {
	case <-router.Running():
		return nil
	case err := <-failed:
		return fmt.Errorf("running the event router: %w", err)
	case <-ctx.Done():
		return fmt.Errorf("starting the event router: %w", ctx.Err())
	}
}
