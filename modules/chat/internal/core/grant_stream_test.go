package core_test

import (
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/actor"
)

// follow reads a stream through a grant as the edge does, a second at a time,
// until it ends, and answers the text that came.
func (s *scene) follow(w *core.Watch) <-chan string {
	text := make(chan string, 1)
	go func() {
		var events []core.StreamEvent
		for {
			ctx, cancel := context.WithTimeout(s.ctx, time.Second)
			e, err := w.Next(ctx)
			cancel()
			switch {
			case err == nil:
				events = append(events, e)
			case errors.Is(err, io.EOF):
				text <- textOf(events)
				return
			case !errors.Is(err, context.DeadlineExceeded):
				s.t.Error(err)
				text <- textOf(events)
				return
			}
		}
	}()
	return text
}

// watching begins to read through a grant.
func (s *scene) watching(service *core.Service, run core.Run) *core.Watch {
	s.t.Helper()
	w, _, err := service.Watch(s.ctx, boss, run.ID, 0)
	s.must(err)
	return w
}

func TestAStreamIsFollowedAndReadAgainThroughAGrant(t *testing.T) {
	open(t, func(s *scene) {
		s.model.answer = says(time.Second, "It ", "is ", "green.")
		s.grant(boss, s.onJo())
		run := s.ask("What is green?")
		live, elsewhere := s.follow(s.watching(s.Service, run)), s.follow(s.watching(s.process("process-b"), run))
		w := s.watch(s.Service, run, 0)
		mine := s.all(w)
		s.same([]string{"It is green.", "It is green.", "It is green."}, []string{textOf(mine), <-live, <-elsewhere})
		w = s.watching(s.Service, run)
		s.same(mine, s.all(w))
		got, err := w.Record(s.ctx, boss)
		s.must(err)
		s.same(s.ended(run), got)
		s.same(0, s.Waiting())
	})
}

// Six pieces come, one every two seconds; after five seconds something happens.
func TestAStreamEndsWithItsGrant(t *testing.T) {
	for name, happens := range map[string]func(s *scene, g core.Grant){
		"it is ended": func(s *scene, g core.Grant) {
			_, err := s.EndGrant(s.ctx, other, g.ID)
			s.must(err)
		},
		"it expires": func(s *scene, _ core.Grant) { time.Sleep(time.Second / 2) },
		"it is ended and there is another": func(s *scene, g core.Grant) {
			s.grant(boss, s.onJo())
			_, err := s.EndGrant(s.ctx, other, g.ID)
			s.must(err)
		},
		"the reader is a global admin no more": func(s *scene, _ core.Grant) { s.agents.become(boss.UserID, actor.User) },
		"the asker becomes a global admin":     func(s *scene, _ core.Grant) { s.agents.become(jo.UserID, actor.GlobalAdmin) },
	} {
		for _, process := range []string{"process-a", "process-b"} {
			t.Run(name+", in "+process, func(t *testing.T) {
				open(t, func(s *scene) {
					s.model.answer = says(2*time.Second, "one ", "two ", "three ", "four ", "five ", "six ")
					n := s.onJo()
					if name == "it expires" {
						n.ExpiresOn = time.Now().Add(5*time.Second + time.Second/2)
					}
					g := s.grant(boss, n)
					run := s.ask("What is green?")
					service := s.Service
					if process != "process-a" {
						service = s.process(process)
					}
					text := s.follow(s.watching(service, run))
					time.Sleep(5 * time.Second)
					synctest.Wait()
					happened := time.Now()
					happens(s, g)
					got := <-text
					if ended := time.Since(happened); got != "one two " || ended > 2*time.Second {
						t.Errorf("%q, and the end after %v", got, ended)
					}
					s.same("one two three four five six ", textOf(s.all(s.watch(s.Service, run, 0)))) // the asker's goes on
					s.same(0, s.Waiting())
				})
			})
		}
	}
}

func TestNothingThatCameAfterTheEndOfAGrantIsReadFromWhatWasStored(t *testing.T) {
	open(t, func(s *scene) {
		s.model.answer = says(0, "It is green.")
		g := s.grant(boss, s.onJo())
		run := s.ended(s.ask("What is green?")).Run
		w := s.watching(s.Service, run)
		first, err := w.Next(s.ctx)
		s.must(err)
		s.same("start", first.Step)
		_, err = s.EndGrant(s.ctx, boss, g.ID)
		s.must(err)
		time.Sleep(time.Second) // of a reader who takes their time
		_, err = w.Next(s.ctx)
		s.is(err, io.EOF)
	})
}
