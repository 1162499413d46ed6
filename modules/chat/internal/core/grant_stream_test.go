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

// ping is how long the edge waits for an event.
const ping = 15 * time.Second

// follow reads a stream through a grant as the edge does, until it ends, and
// answers the text that came.
func (s *scene) follow(w *core.Watch) <-chan string {
	text := make(chan string, 1)
	go func() {
		var events []core.StreamEvent
		for {
			ctx, cancel := context.WithTimeout(s.ctx, ping)
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

// Six pieces come, one every two seconds; after five seconds something happens,
// of which the process that the stream is in hears.
func TestAStreamEndsWithItsGrant(t *testing.T) {
	become := func(who actor.Actor, level actor.Level) func(*scene, *core.Service, core.Grant) {
		return func(s *scene, in *core.Service, _ core.Grant) {
			s.agents.become(who.UserID, level)
			s.must(in.AskerChanged(s.ctx, who.UserID))
		}
	}
	end := func(s *scene, in *core.Service, g core.Grant) {
		_, err := s.EndGrant(s.ctx, other, g.ID) // in the process of the run
		s.must(err)
		if in != s.Service {
			in.GrantsChanged()
		}
	}
	for name, happens := range map[string]func(s *scene, in *core.Service, g core.Grant){
		"it is ended": end,
		"it expires":  func(*scene, *core.Service, core.Grant) { time.Sleep(time.Second / 2) },
		"it is ended and there is another": func(s *scene, in *core.Service, g core.Grant) {
			s.grant(boss, s.onJo())
			end(s, in, g)
		},
		"the reader is a global admin no more": become(boss, actor.User),
		"the asker becomes a global admin":     become(jo, actor.GlobalAdmin),
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
					happens(s, service, g)
					happened := time.Now()
					got := <-text
					if ended := time.Since(happened); got != "one two " || ended > time.Millisecond {
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

// A model that says nothing more, and a change that is not heard of.
func TestAStreamWithoutEventsIsLookedAtWithEachPing(t *testing.T) {
	for _, told := range []bool{true, false} {
		open(t, func(s *scene) {
			s.model.answer = hangs("one ")
			s.grant(boss, s.onJo())
			run := s.ask("What is green?")
			text := s.follow(s.watching(s.Service, run))
			time.Sleep(time.Minute + 5*time.Second)
			s.agents.become(boss.UserID, actor.User)
			if told {
				s.must(s.AskerChanged(s.ctx, boss.UserID))
			}
			happened := time.Now()
			got, limit := <-text, ping
			if told {
				limit = 0
			}
			if ended := time.Since(happened); got != "one " || ended > limit {
				t.Errorf("told %v: %q, and the end after %v", told, got, ended)
			}
			_, err := s.Cancel(s.ctx, jo, run.ID)
			s.must(err)
		})
	}
}

// While the edge writes an event, nobody waits for the next one.
func TestAChangeBetweenTwoEventsOfAStreamIsHeard(t *testing.T) {
	for name, happens := range map[string]func(s *scene, g core.Grant){
		"the end of the grant": func(s *scene, g core.Grant) {
			_, err := s.EndGrant(s.ctx, other, g.ID)
			s.must(err)
		},
		"the end of the reader's role": func(s *scene, _ core.Grant) {
			s.agents.become(boss.UserID, actor.User)
			s.must(s.AskerChanged(s.ctx, boss.UserID))
		},
	} {
		t.Run(name, func(t *testing.T) {
			open(t, func(s *scene) {
				s.model.answer = hangs("one ")
				g := s.grant(boss, s.onJo())
				run := s.ask("What is green?")
				w := s.watching(s.Service, run)
				for {
					e, err := w.Next(s.ctx)
					s.must(err)
					if e.Step == core.StepStream {
						break
					}
				}
				happens(s, g)
				happened := time.Now()
				ctx, cancel := context.WithTimeout(s.ctx, ping)
				defer cancel()
				_, err := w.Next(ctx)
				if !errors.Is(err, io.EOF) || time.Since(happened) > time.Millisecond {
					t.Errorf("%v after %v", err, time.Since(happened))
				}
				_, err = s.Cancel(s.ctx, jo, run.ID)
				s.must(err)
			})
		})
	}
}
