package core

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"parley/modules/chat"
	"parley/modules/evaluations"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
)

// How tests are run.
const (
	runKind     = "evaluations.run"
	runPlaces   = 4                // tests that one process runs at a time
	maxAttempts = 10               // that fail or end with their process, without any progress in between
	turn        = time.Minute      // after which a test lets another one have its place
	maxRun      = 15 * time.Minute // of one job: a turn, and the answers that are under way at its end
	maxQuestion = 10 * time.Minute // of one query, waiting included
	maxMeasure  = 3 * time.Minute  // of one metric, which may ask a model
	maxPut      = 3                // times that one query is put when somebody ends its run
	readAhead   = 100              // queries that are read at a time
	maxBatch    = 50               // results that are stored at a time
)

// Kinds are the kinds of work of this module.
func (s *Service) Kinds() []work.Kind {
	return []work.Kind{
		{Name: runKind, Concurrency: runPlaces, MaxAttempts: maxAttempts, Timeout: maxRun, Work: s.run, GiveUp: s.giveUp},
		{Name: eraseKind, Concurrency: 1, MaxAttempts: maxAttempts, Timeout: maxRun, Work: s.erase},
	}
}

// jobOf is the job of one run of a test. Each run has its own, so that one that
// was cancelled does not stand in the way of the next.
func jobOf(t Test) work.Job {
	return work.Job{Kind: runKind, Tenant: t.OrganizationID, Key: fmt.Sprintf("%d/%d", t.ID, t.Run)}
}

// Adopt puts the jobs of tests back into the queue that lost them.
func (s *Service) Adopt(ctx context.Context) error {
	for after := int64(0); ; {
		open, err := s.Store.OpenTests(ctx, OpenFilter{After: after, Limit: readAhead})
		if err != nil || len(open) == 0 {
			return err
		}
		for _, t := range open {
			after = t.ID
			if err := s.Queue.Put(ctx, jobOf(t)); err != nil {
				return err
			}
		}
	}
}

// errOver answers a write for a run of a test that is over.
var errOver = errors.New("this run of the test is over")

// claimed is the run of a test that a job is about; errOver when it is over.
func (s *Service) claimed(ctx context.Context, c work.Claim) (Test, error) {
	id, run, ok := strings.Cut(c.Job().Key, "/")
	testID, err := strconv.ParseInt(id, 10, 64)
	number, err2 := strconv.ParseInt(run, 10, 64)
	if !ok || err != nil || err2 != nil {
		return Test{}, work.Permanent(fmt.Errorf("the job %q names no run of a test", c.Job().Key))
	}
	t, err := s.Store.TestByID(ctx, testID)
	if errors.Is(err, ErrNoTest) || err == nil && (t.Run != number || !t.Status.Open()) {
		err = errOver
	}
	return t, err
}

// run does one turn of a test: it puts queries until there are none left or
// others are to have the place.
func (s *Service) run(ctx context.Context, c work.Claim) error {
	t, err := s.claimed(ctx, c)
	if err == nil && (t.Status == Pending || t.ThreadID == 0) {
		t, err = s.begin(ctx, c, t)
	}
	left := false
	if err == nil {
		left, err = s.turn(ctx, c, t)
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() != nil { // this job has had its time
		ctx, left, err = context.WithoutCancel(ctx), true, nil
	}
	switch {
	case errors.Is(err, errOver):
		return nil
	case err != nil:
		return err
	case left:
		return s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
			if err := c.Finish(ctx); err != nil {
				return err
			}
			return s.Queue.Put(ctx, jobOf(t))
		})
	}
	return s.end(ctx, c, t, "")
}

// write changes an open test in a unit that only the holder of its job can
// commit. last is that holder's Hold or Finish, which comes last because everybody
// locks a test before its job. change may be nil.
func (s *Service) write(
	ctx context.Context,
	t Test,
	change func(*Test) error,
	fn func(ctx context.Context, tx uow.Tx) error,
	last func(ctx context.Context) error,
) error {
	return s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		_, err := s.Store.UpdateTest(ctx, t.ID, func(now *Test) error {
			if now.Run != t.Run || !now.Status.Open() {
				return errOver
			}
			if change == nil {
				return nil
			}
			return change(now)
		})
		if err == nil {
			err = fn(ctx, tx)
		}
		if err != nil {
			return err
		}
		return last(ctx)
	})
}

// begin makes a pending test a running one, with a thread for its questions.
func (s *Service) begin(ctx context.Context, c work.Claim, t Test) (Test, error) {
	started := t.Status == Pending
	var changed Test
	err := s.write(ctx, t, nil, func(ctx context.Context, tx uow.Tx) error {
		thread, err := s.Runner.OpenThread(ctx, chat.TestThread{
			OrganizationID: t.OrganizationID, UserID: t.UserID, AgentID: t.AgentID, Title: cut(fmt.Sprintf("Evaluation %d: %s", t.ID, t.Name), 200),
		})
		if err != nil {
			return err
		}
		changed, err = s.Store.UpdateTest(ctx, t.ID, func(t *Test) error {
			t.ThreadID = thread
			if started {
				at := s.Clock.Now()
				t.Status, t.StartedOn = Running, &at
				t.LastEvent++
			}
			return nil
		})
		if err != nil || !started {
			return err
		}
		tx.Publish(evaluations.EvaluationStarted{Evaluation: changed.told()})
		return s.tell(ctx, changed, StepStart, "The evaluation is running.")
	}, c.Hold)
	if err != nil && !errors.Is(err, errOver) && refused(err) {
		// Without a thread no query can be put; who is gone can't ask either.
		if err := s.lose(ctx, c, t, sentence(err)); err != nil {
			return t, err
		}
		return t, errOver
	}
	return changed, err
}

// refused reports whether an error says that asking again won't help.
func refused(err error) bool {
	switch apperr.KindOf(err) {
	case apperr.NotFound, apperr.Forbidden, apperr.Unprocessable:
		return true
	}
	return false
}

// sentence is an error as the creator of a test may read it.
func sentence(err error) string {
	var known *apperr.Error
	if errors.As(err, &known) {
		return known.Message
	}
	return "The server failed."
}

func cut(text string, characters int) string {
	if runes := []rune(text); len(runes) > characters {
		return string(runes[:characters])
	}
	return text
}

// turn puts queries of a test for as long as a turn lasts, several at a time,
// and stores how they end. It reports whether some are left.
func (s *Service) turn(ctx context.Context, c work.Claim, t Test) (left bool, err error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	now := t // with the progress that is stored
	todo, ended := make(chan Asked), make(chan Ended)
	var reading error
	var asking sync.WaitGroup
	asking.Go(func() {
		defer close(todo)
		left, reading = s.feed(ctx, t, todo)
	})
	for range s.places.size {
		asking.Go(func() {
			for q := range todo {
				e, err := s.ask(ctx, t, q)
				if err != nil {
					stop(err)
					return
				}
				ended <- e // somebody reads until all who ask are done
			}
		})
	}
	go func() { asking.Wait(); close(ended) }()
	for e := range ended {
		batch := []Ended{e}
		for more := true; more && len(batch) < maxBatch; {
			select {
			case e, more = <-ended:
				if more {
					batch = append(batch, e)
				}
			default:
				more = false
			}
		}
		if ctx.Err() != nil {
			continue
		}
		if now, err = s.keep(ctx, c, now, batch); err != nil {
			stop(err)
		}
	}
	if err := context.Cause(ctx); err != nil {
		return false, err
	}
	return left, reading
}

// feed hands out the queries that wait, in order, until the turn is over.
func (s *Service) feed(ctx context.Context, t Test, todo chan<- Asked) (left bool, err error) {
	over := time.NewTimer(turn)
	defer over.Stop()
	for after := int64(0); ; {
		waiting, err := s.Store.WaitingResults(ctx, t.ID, after, readAhead)
		if err != nil || len(waiting) == 0 {
			return false, err
		}
		for _, q := range waiting {
			select {
			case todo <- q:
				after = q.ResultID
			case <-over.C:
				return true, nil
			case <-ctx.Done():
				return true, nil
			}
		}
	}
}

// ask puts one query and scores the answer. Its error is about the server, or
// that of ctx; whatever is about the query is how it ended.
func (s *Service) ask(ctx context.Context, t Test, q Asked) (Ended, error) {
	leave := s.places.enter(ctx, t.OrganizationID)
	if leave == nil {
		return Ended{}, context.Cause(ctx)
	}
	defer leave()
	limited, cancel := context.WithTimeout(ctx, maxQuestion)
	defer cancel()
	e := Ended{
		Result: Result{ID: q.ResultID, TestID: t.ID, QueryID: q.ID, Scores: map[string]Score{}, DocumentIDs: []int64{}},
		Texts:  Texts{ResultID: q.ResultID, Details: "{}"},
	}
	out, err := s.put(limited, chat.Question{
		OrganizationID: t.OrganizationID, UserID: t.UserID, AgentID: t.AgentID, ThreadID: t.ThreadID, Text: q.Query.Query, Key: key(t, q),
	})
	switch {
	case ctx.Err() != nil:
		return e, context.Cause(ctx)
	case limited.Err() != nil:
		e.Status, e.FailureReason = QueryLost, fmt.Sprintf("There was no answer within %d minutes.", int(maxQuestion/time.Minute))
	case err != nil && refused(err):
		e.Status, e.FailureReason = QueryLost, sentence(err)
	case err != nil:
		return e, err
	default:
		if err := s.score(ctx, t, q, out, &e); err != nil {
			return e, err
		}
	}
	at := s.Clock.Now()
	e.EndedOn = &at
	return e, nil
}

// put asks a question once more when somebody cancelled or deleted its run. That
// is no trouble of the server, over which the other queries under way would be
// lost with the job; and who deleted the thread gets that as the reason.
func (s *Service) put(ctx context.Context, q chat.Question) (out chat.Outcome, err error) {
	for range maxPut {
		if out, err = s.Runner.Run(ctx, q); err == nil || apperr.KindOf(err) != apperr.Conflict {
			break
		}
	}
	return out, err
}

// key names a query of one run of a test, so that it is put once, whatever dies.
func key(t Test, q Asked) string {
	return fmt.Sprintf("evaluation/%d/%d/%d", t.ID, t.Run, q.ResultID)
}

// keep stores how queries ended, with the progress of their test, and answers
// the test.
func (s *Service) keep(ctx context.Context, c work.Claim, t Test, batch []Ended) (Test, error) {
	var now Test
	shows := false
	err := s.write(ctx, t, func(t *Test) error {
		before := t.Done
		for _, e := range batch {
			t.Done++
			if e.Status == QueryLost {
				t.Failed++
			}
			t.AgentVersions, t.Models = include(t.AgentVersions, e.AgentVersion), include(t.Models, e.Model)
		}
		every := max(t.Total/maxEvents, 1) // so that a large test has no more events than a stream reads at once
		if shows = t.Done/every > before/every; shows {
			t.LastEvent++
		}
		now = *t
		return nil
	}, func(ctx context.Context, _ uow.Tx) error {
		fresh, err := s.Store.EndResults(ctx, t.ID, batch)
		if err != nil {
			return err
		}
		if fresh != int64(len(batch)) {
			return fmt.Errorf("storing %d results of test %d: %d were new", len(batch), t.ID, fresh)
		}
		if !shows {
			return nil
		}
		return s.tell(ctx, now, StepProgress, fmt.Sprintf("%d of %d queries are done.", now.Done, now.Total))
	}, c.Hold)
	return now, err
}

// giveUp ends a test that failed too often for reasons of the server.
func (s *Service) giveUp(ctx context.Context, c work.Claim, cause error) error {
	t, err := s.claimed(ctx, c)
	if errors.Is(err, errOver) {
		return nil
	}
	if err != nil {
		return err
	}
	s.Log.ErrorContext(ctx, "a test failed", "test", t.ID, "error", cause)
	return s.lose(ctx, c, t, "The server failed again and again; run the evaluation again later.")
}

// lose ends a test with a reason for all queries that wait.
func (s *Service) lose(ctx context.Context, c work.Claim, t Test, reason string) error {
	err := s.write(ctx, t, nil, func(ctx context.Context, _ uow.Tx) error {
		lost, err := s.Store.CloseResults(ctx, t.ID, QueryLost, reason)
		if err != nil {
			return err
		}
		_, err = s.Store.UpdateTest(ctx, t.ID, func(t *Test) error {
			t.Done += lost
			t.Failed += lost
			return nil
		})
		return err
	}, c.Hold)
	if err == nil {
		err = s.end(ctx, c, t, reason)
	}
	return err
}
