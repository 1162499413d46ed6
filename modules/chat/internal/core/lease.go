package core

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"parley/modules/chat"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/idempotency"
	"parley/platform/kernel/uow"
)

// Tend renews the leases of this process's runs, cancels those that somebody
// asked to cancel, and closes what dead processes left behind, until ctx ends.
// It looks at once and then three times within a lease.
func (s *Service) Tend(ctx context.Context) {
	var older sync.WaitGroup
	defer older.Wait()
	older.Go(func() { s.indexOlder(ctx) })
	ticker := time.NewTicker(s.Intervals.Lease / 3)
	defer ticker.Stop()
	for {
		if err := s.tendOnce(ctx); err != nil && ctx.Err() == nil {
			s.Log.ErrorContext(ctx, "the upkeep of runs failed; it is tried again soon", "error", err)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
	}
}

func (s *Service) tendOnce(ctx context.Context) error {
	now := s.Clock.Now()
	if err := s.renew(ctx, now.Add(s.Intervals.Lease)); err != nil {
		return err
	}
	dead, err := s.missing(ctx)
	if err != nil {
		return err
	}
	if err := s.closeExpired(ctx, dead); err != nil {
		return err
	}
	if err := s.Store.ForgetKeys(ctx, now.Add(-idempotency.KeptFor)); err != nil {
		return err
	}
	if err := s.indexWords(ctx); err != nil {
		return err
	}
	return s.pruneStreams(ctx, now)
}

// pruneStreams removes a part of the streams that are kept no longer. Their
// answers stay, and so does the last event of each: who reads such a stream gets
// that one, with the whole answer.
func (s *Service) pruneStreams(ctx context.Context, now time.Time) error {
	if s.StreamRetention <= 0 {
		return nil
	}
	const few = 500
	return s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		_, err := s.Store.PruneStreams(ctx, now.Add(-s.StreamRetention), few)
		return err
	})
}

// renew extends the leases of this process's runs and cancels those that
// somebody asked to cancel.
func (s *Service) renew(ctx context.Context, until time.Time) error {
	s.mu.Lock()
	mine := slices.Sorted(maps.Keys(s.byID))
	s.mu.Unlock()
	if len(mine) == 0 {
		return nil
	}
	s.journal.committing.Lock()
	cancelled, err := s.Store.Renew(ctx, s.Owner, mine, until)
	s.journal.committing.Unlock()
	if err != nil {
		return err
	}
	for _, run := range cancelled {
		s.cancelHere(run)
	}
	return nil
}

// missing answers the owners of open runs that were dead the last time, too: a
// process that lost its connections for a moment shows itself again by then.
func (s *Service) missing(ctx context.Context) ([]string, error) {
	dead, err := s.dead(ctx)
	if err != nil {
		return nil, err
	}
	now := make(map[string]bool, len(dead))
	var missing []string
	for _, owner := range dead {
		now[owner] = true
		if s.suspects[owner] {
			missing = append(missing, owner)
		}
	}
	s.suspects = now
	return missing, nil
}

// dead answers the owners of open runs that Peers takes for dead.
func (s *Service) dead(ctx context.Context) ([]string, error) {
	if s.Peers == nil {
		return nil, nil
	}
	owners, err := s.Store.Owners(ctx)
	if err != nil {
		return nil, err
	}
	return s.Peers.Dead(ctx, owners)
}

// Recover closes the open runs of dead processes as interrupted, with the
// text they had and what they used as far as it is known. It does not wait for
// their leases where Peers knows that they are dead; it is for the start of a
// process, when nothing else hints that all connections were lost at once.
func (s *Service) Recover(ctx context.Context) error {
	dead, err := s.dead(ctx)
	if err != nil {
		return err
	}
	return s.closeExpired(ctx, dead)
}

func (s *Service) closeExpired(ctx context.Context, owners []string) error {
	for {
		const few = 100
		dead, err := s.Store.Expired(ctx, s.Clock.Now(), owners, few)
		if err != nil {
			return err
		}
		closed := 0
		for _, run := range dead {
			if s.runsHere(run) {
				continue // it only waits long for its turn
			}
			o, err := s.remains(ctx, run)
			if err != nil {
				return err
			}
			if _, err := s.close(ctx, &run, nil, o, soon); err != nil && !errors.Is(err, ErrNoLongerOurs) && !errors.Is(err, ErrDeleted) {
				return err
			}
			closed++
			s.Log.InfoContext(ctx, "closed a run that a dead process left open", "run", run.RunID)
		}
		if closed == 0 || len(dead) < few {
			return nil
		}
	}
}

func (s *Service) runsHere(run Run) bool {
	return run.Owner == s.Owner && s.execution(run.ID) != nil
}

// remains is the outcome of a run whose process died.
func (s *Service) remains(ctx context.Context, run Run) (Outcome, error) {
	o := Outcome{State: Interrupted, FailureCode: ErrInterrupted.Code, FailureDetails: ErrInterrupted.Message, Sources: noSources}
	var text strings.Builder
	for after := int64(0); ; {
		events, err := s.Store.Events(ctx, run.ID, after, batch)
		if err != nil {
			return o, fmt.Errorf("reading what run %d had: %w", run.ID, err)
		}
		for _, e := range events {
			text.WriteString(e.Delta)
			after = e.Sequence
		}
		if len(events) < batch {
			break
		}
	}
	contents, err := s.Store.Contents(ctx, []int64{run.ID})
	if err != nil {
		return o, fmt.Errorf("reading what run %d had: %w", run.ID, err)
	}
	o.Answer, o.SearchQuery = text.String(), contents[run.ID].SearchQuery
	if run.EstimatedPrompt > 0 { // the model had been asked
		o.Model = run.Model
		row := chat.Usage{Purpose: run.purpose(), Model: o.Model, FreshInput: run.EstimatedPrompt, Output: tokensOf(o.Answer), UsageSource: "estimated"}
		offer, _ := s.Models.named(o.Model) // without prices when it was taken out of the list
		offer.charge(&row)
		o.Usage = []Metered{{Usage: row}}
	}
	return o, nil
}

// Cancel ends a run of the caller's that has not ended, wherever it runs.
func (s *Service) Cancel(ctx context.Context, who actor.Actor, run int64) (Run, error) {
	r, err := s.Store.RequestCancel(ctx, who.UserID, run)
	if err != nil {
		return r, s.refusedRun(ctx, who, run, err)
	}
	if s.cancelHere(run) {
		return s.Await(ctx, who, run)
	}
	return r, nil
}

func (s *Service) cancelHere(run int64) bool {
	x := s.execution(run)
	if x != nil {
		x.cancel(ErrCancelled)
	}
	return x != nil
}
