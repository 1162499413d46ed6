package core

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
)

// The jobs of webhooks. A webhook has one job while something is due, so that
// it holds one place of the workers, however slow its receiver is. A retry is
// a job of its own that wakes it: the webhook's job is due at once, unless the
// receiver rests. Then it is there and due later, and new events and retries,
// which put it only if it is not there, don't wake it.
const (
	webhookKind = "notifications.webhook"
	retryKind   = "notifications.webhook_retry"
	pruneKind   = "notifications.webhook_prune"
)

const (
	// atOnce is how many messages one receiver gets at a time, each about
	// another subject.
	atOnce = 4
	// turn is how long one webhook keeps its place while others may wait.
	turn = 10 * time.Second
	// lookAgain is how soon new deliveries are found while others of the webhook
	// are on their way.
	lookAgain = 250 * time.Millisecond
	// rest is how long a receiver has its peace that could not be connected to
	// atOnce times in a row, and shortRest after fewer, whatever comes meanwhile.
	rest      = 30 * time.Second
	shortRest = firstPause
	// recordDeadline bounds what stores an outcome.
	recordDeadline = 10 * time.Second
	// places are the webhooks that one process sends for at a time.
	places = 64
	// SendDeadline is how long a receiver may take for its whole answer.
	SendDeadline = 15 * time.Second
)

// WorkKinds are the module's kinds of durable work.
func (w *Webhooks) WorkKinds() []work.Kind {
	return []work.Kind{
		{Name: webhookKind, Concurrency: places, MaxAttempts: 1_000, Timeout: 2 * time.Minute, Work: w.deliver},
		{Name: retryKind, Concurrency: 4, MaxAttempts: 1_000, Timeout: time.Minute, Work: w.retry},
		{Name: pruneKind, Concurrency: 1, MaxAttempts: 1_000, Timeout: 5 * time.Minute, Work: w.prune},
	}
}

// sent is the end of one attempt; err is why its outcome could not be stored.
type sent struct {
	id          int64
	unreachable bool
	err         error
}

// deliver sends what a webhook has due, at most atOnce messages at a time and
// of one subject one after the other, until nothing is due, its turn is over or
// the receiver can't be reached.
func (w *Webhooks) deliver(ctx context.Context, c work.Claim) error {
	id, err := strconv.ParseInt(c.Job().Key, 10, 64)
	if err != nil {
		return work.Permanent(fmt.Errorf("the key %q is no webhook", c.Job().Key))
	}
	over := w.Clock.Now().Add(turn)
	look := time.NewTicker(lookAgain)
	defer look.Stop()
	under, done := map[int64]bool{}, make(chan sent, atOnce)
	var failed error
	unreachable := 0 // attempts in a row
	for {
		yields := failed != nil || ctx.Err() != nil || !w.Clock.Now().Before(over) || unreachable >= atOnce
		if !yields {
			if failed = w.fill(ctx, c, id, under, done); failed != nil {
				continue
			}
		}
		if len(under) == 0 {
			switch {
			case ctx.Err() != nil:
				return context.Cause(ctx)
			case failed != nil:
				return failed
			}
			if ended, err := w.leave(ctx, c, id, yields, unreachable); ended || err != nil {
				return err
			}
			continue
		}
		again := look.C
		if len(under) == atOnce || yields {
			again = nil
		}
		select {
		case s := <-done:
			delete(under, s.id)
			failed = errors.Join(failed, s.err)
			if unreachable++; !s.unreachable {
				unreachable = 0
			}
		case <-again:
		}
	}
}

// fill begins as many attempts as there are places.
func (w *Webhooks) fill(ctx context.Context, c work.Claim, id int64, under map[int64]bool, done chan<- sent) error {
	if len(under) == atOnce {
		return nil
	}
	except := make([]int64, 0, atOnce)
	for id := range under {
		except = append(except, id)
	}
	due, err := w.Store.DueDeliveries(ctx, id, w.Clock.Now(), except, atOnce-len(under))
	if err != nil || len(due) == 0 {
		return err
	}
	hook, err := w.Store.WebhookByID(ctx, id)
	if errors.Is(err, ErrWebhookNotFound) || (err == nil && !hook.IsEnabled) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, d := range due {
		under[d.ID] = true
		go func() {
			unreachable, err := w.attempt(ctx, c, hook, d)
			done <- sent{d.ID, unreachable, err}
		}()
	}
	return nil
}

// leave ends the job, unless something became due meanwhile. A unit that adds
// a delivery has the webhook's row locked as well, so that none is overlooked. A
// receiver whose last attempts were unreachable rests.
func (w *Webhooks) leave(ctx context.Context, c work.Claim, id int64, yields bool, unreachable int) (ended bool, err error) {
	err = w.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		ended = true
		hook, err := w.Store.LockWebhook(ctx, id) // before the job's, as everywhere
		if errors.Is(err, ErrWebhookNotFound) || (err == nil && !hook.IsEnabled) {
			return c.Finish(ctx)
		}
		if err != nil {
			return err
		}
		now := w.Clock.Now()
		first, err := w.Store.DueDeliveries(ctx, id, now.Add(2*patience), nil, 1) // patience bounds every pause
		if err != nil {
			return err
		}
		isDue := len(first) > 0 && !first[0].DueOn.After(now)
		if ended = !isDue || yields; !ended {
			return c.Hold(ctx)
		}
		if err := c.Finish(ctx); err != nil {
			return err
		}
		next := jobOf(hook) // at the end of the line
		switch {
		case unreachable >= atOnce:
			next.DueAt = now.Add(rest)
		case unreachable > 0:
			next.DueAt = now.Add(shortRest)
		case len(first) == 0:
			return nil
		case !isDue:
			// Its retry has been here in vain if that process's clock is ahead.
			next = retryOf(hook, first[0].DueOn)
		}
		return w.Queue.Put(ctx, next)
	})
	return ended, err
}

// attempt sends one message and stores what came of it. It is sent again after
// a crash between the two.
func (w *Webhooks) attempt(ctx context.Context, c work.Claim, hook Webhook, d Delivery) (unreachable bool, _ error) {
	began := w.Clock.Now()
	answer, err := w.send(ctx, hook, d)
	if ctx.Err() != nil && err != nil {
		return false, context.Cause(ctx) // broken off by this process: that says nothing of the receiver
	}
	// What was delivered is noted also when the process begins to stop.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), recordDeadline)
	defer cancel()
	return errors.As(err, new(Unreachable)), w.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		now := w.Clock.Now()
		hook, err2 := w.Store.LockWebhook(ctx, d.WebhookID)
		if errors.Is(err2, ErrWebhookNotFound) {
			return nil
		}
		if err2 != nil {
			return err2
		}
		if err := c.Hold(ctx); err != nil {
			return err
		}
		return w.record(ctx, tx, hook, d.ID, newOutcome(began, now, answer, err))
	})
}

// send signs a message and posts it.
func (w *Webhooks) send(ctx context.Context, hook Webhook, d Delivery) (Answer, error) {
	now := w.Clock.Now()
	sealed := [][]byte{hook.Secret}
	if hook.OldSecretUntil != nil && now.Before(*hook.OldSecretUntil) {
		sealed = append(sealed, hook.OldSecret)
	}
	secrets := make([]string, len(sealed))
	for i, s := range sealed {
		plain, err := w.Sealer.Open(s)
		if err != nil {
			return Answer{}, errors.New("the webhook's secret can't be read, because PARLEY_SECRET_KEY is another one now; make another secret")
		}
		secrets[i] = string(plain)
	}
	header, err := sign(d.EventID, now, []byte(d.Body), secrets...)
	if err != nil {
		return Answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, SendDeadline)
	defer cancel()
	return w.Sender.Send(ctx, hook.URL, header, []byte(d.Body))
}

// retryOf is the job that wakes that of a webhook, one for all of a second.
func retryOf(h Webhook, due time.Time) work.Job {
	due = due.Truncate(time.Second).Add(time.Second)
	return work.Job{Kind: retryKind, Tenant: h.OrganizationID, Key: fmt.Sprintf("%d/%d", h.ID, due.Unix()), DueAt: due}
}

// retry wakes the job of a webhook of which something is due again.
func (w *Webhooks) retry(ctx context.Context, c work.Claim) error {
	first, _, _ := strings.Cut(c.Job().Key, "/")
	id, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		return work.Permanent(fmt.Errorf("the key %q is no retry of a webhook", c.Job().Key))
	}
	return w.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		hook, err := w.Store.LockWebhook(ctx, id)
		switch {
		case errors.Is(err, ErrWebhookNotFound):
		case err != nil:
			return err
		case hook.IsEnabled:
			if err := w.Queue.Put(ctx, jobOf(hook)); err != nil {
				return err
			}
		}
		return c.Finish(ctx)
	})
}

const (
	pruneEvery = time.Hour
	pruneBatch = 1_000
)

// Adopt has the delivery logs pruned from now on. Every process may call it.
func (w *Webhooks) Adopt(ctx context.Context) error {
	return w.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		return w.Queue.Put(ctx, work.Job{Kind: pruneKind, Key: "log"})
	})
}

// prune removes deliveries that are older than the retention, and comes back
// in an hour.
func (w *Webhooks) prune(ctx context.Context, c work.Claim) error {
	for {
		n, err := w.Store.PruneDeliveries(ctx, w.Clock.Now().Add(-w.Retention), pruneBatch)
		if err != nil {
			return err
		}
		if n < pruneBatch {
			break
		}
	}
	return w.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		if err := c.Finish(ctx); err != nil {
			return err
		}
		return w.Queue.Put(ctx, work.Job{Kind: pruneKind, Key: "log", DueAt: w.Clock.Now().Add(pruneEvery)})
	})
}
