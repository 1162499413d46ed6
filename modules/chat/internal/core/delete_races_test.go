package core_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/modules/chat"
	"parley/modules/chat/internal/core"
	"parley/platform/kernel/uow"
)

func TestOfManyWhoDeleteOneDoes(t *testing.T) {
	deletedBy(t, func(s *scene, remove func(*core.Service, context.Context, core.Run) error) {
		s.model.answer = hangs("Half an")
		run := s.ask("What is green?")
		other := s.process("process-b")
		synctest.Wait()
		errs := make(chan error, 20)
		for i := range cap(errs) {
			go func() { errs <- remove([]*core.Service{s.Service, other}[i%2], s.ctx, run) }()
		}
		won := 0
		for range cap(errs) {
			if err := <-errs; err == nil {
				won++
			} else {
				s.is(err, core.ErrNotFound)
			}
		}
		s.same(1, won)
		s.Service.ThreadDeleted(run.ThreadID)
		s.Service.ResponseDeleted(run.ID)
		synctest.Wait()
		told := 0
		for _, e := range s.db.Published() {
			switch e.(type) {
			case chat.ThreadDeleted, chat.ResponseDeleted:
				told++
			}
		}
		s.same([]int{1, 1}, []int{told, s.ends(run.ID)})
	})
}

// Answers end, are deleted and are read at the same time: each run ends once,
// with its figures, and without text.
func TestDeletionsAgainstAnswersThatEnd(t *testing.T) {
	play(t, func(s *scene) {
		var wg sync.WaitGroup
		runs := make([]core.Run, 40)
		s.model.answer = func(ctx context.Context, p core.Prompt, emit func(string) error) (core.Completion, error) {
			pause := time.Duration(strings.Count(p.Original, "?")) * time.Millisecond
			return says(pause, "It ", "is ", "green.")(ctx, p, emit)
		}
		for i := range runs {
			runs[i] = s.ask("What is green" + strings.Repeat("?", i%4))
			w := s.watch(s.Service, runs[i], 0)
			wg.Go(func() {
				time.Sleep(time.Duration(i%9) * time.Millisecond)
				name := []string{"with its thread", "alone"}[i%2]
				if err := takesAway[name](s.Service, s.ctx, runs[i]); err != nil {
					s.t.Error(err)
				}
			})
			wg.Go(func() {
				for {
					e, err := w.Next(s.ctx)
					if err != nil {
						s.is(err, io.EOF)
						return
					}
					if e.Step == core.StepEnd {
						_, err := w.Record(s.ctx, jo)
						if err != nil && !errors.Is(err, core.ErrDeleted) && !errors.Is(err, core.ErrNotFound) {
							s.t.Error(err)
						}
					}
				}
			})
		}
		wg.Wait()
		s.must(s.Close(s.ctx))
		completed, failed := s.facts()
		used := map[int64]int{}
		for _, f := range append(completed, failed...) {
			used[f.AgentResponseID] = len(f.Usage)
		}
		for _, run := range runs {
			s.same(used[run.ID], len(s.ledger(run))) // none of one that was deleted before its model was asked
			s.same(1, s.ends(run.ID))
			s.absent(s.Service, run)
			stored, err := s.store.Events(s.ctx, run.ID, 0, 100)
			s.must(err)
			s.same(0, len(stored))
		}
	})
}

// once is a unit of work that fails as PostgreSQL does when two lock the same
// rows in another order: after all was done, and only the first time.
type once struct {
	uow.Group
	failed bool
}

func (o *once) Do(ctx context.Context, fn func(context.Context, uow.Tx) error) error {
	return o.Group.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		if err := fn(ctx, tx); err != nil || o.failed {
			return err
		}
		o.failed = true
		return errBroken
	})
}

func TestADeletionThatMetACommitIsTriedOnceMore(t *testing.T) {
	deletedBy(t, func(s *scene, remove func(*core.Service, context.Context, core.Run) error) {
		run := s.ended(s.ask("What is green?")).Run
		other := s.process("process-b", func(d *core.Deps) { d.Unit = &once{Group: s.db} })
		s.must(remove(other, s.ctx, run))
		s.absent(s.Service, run)
	})
}

func TestADeadProcessLeavesOnlyFiguresOfADeletedAnswer(t *testing.T) {
	play(t, func(s *scene) {
		run := s.leftBehind()
		_, err := s.DeleteThread(s.ctx, jo, run.ThreadID)
		s.must(err)
		time.Sleep(21 * time.Second)
		s.must(s.Recover(s.ctx))
		s.absent(s.Service, run)
		rows := s.ledger(run)
		s.same([]any{1, 1, int64(42)}, []any{s.ends(run.ID), len(rows), rows[0].FreshInput})
	})
}
