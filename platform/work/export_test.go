package work

import "time"

// Quick shortens the times of a runner that a test is to wait for.
func (c Config) Quick() Config {
	c.tune = defaults()
	c.tune.poll, c.tune.reap, c.tune.grace = 20*time.Millisecond, 10*time.Millisecond, 100*time.Millisecond
	c.tune.backoff = func(int) time.Duration { return 0 }
	return c
}

// Backoff is the pause after a number of attempts.
func Backoff(attempts int) time.Duration { return backoff(attempts) }
