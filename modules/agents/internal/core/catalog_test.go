package core_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/modules/agents"
	"parley/modules/agents/internal/adapters/consumer"
	"parley/modules/agents/internal/adapters/memstore"
	"parley/modules/agents/internal/core"
	"parley/modules/agents/internal/core/coretest"
	"parley/modules/users"
	"parley/platform/bus"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
)

// counting counts how often an agent is read to be kept.
type counting struct {
	core.Store
	mu    sync.Mutex
	reads int
	// before runs once, after a reading and before what it answers is kept.
	before func()
}

// Types implements core.Store. Of all readings it is the one that only what is
// kept, lists and new agents need.
func (c *counting) Types(ctx context.Context, org int64) ([]core.Type, error) {
	found, err := c.Store.Types(ctx, org)
	c.mu.Lock()
	c.reads++
	before := c.before
	c.before = nil
	c.mu.Unlock()
	if before != nil {
		before()
	}
	return found, err
}

// scene is an agent of Ann's that Bob may run.
type scene struct {
	*core.Service
	t        *testing.T
	db       *memory.DB
	store    *counting
	ann, bob actor.Actor
	id       int64
}

func newScene(t *testing.T) *scene {
	t.Helper()
	db := memory.New(clock.NewFixed(time.Unix(0, 0)))
	s := &scene{t: t, db: db, store: &counting{Store: memstore.New(db)}, ann: actor.Actor{UserID: 1, OrganizationID: 1}, bob: actor.Actor{UserID: 2, OrganizationID: 1}}
	if err := s.store.SeedTypes(t.Context(), []core.Type{{OrganizationID: 1, Name: "QnA"}}); err != nil {
		t.Fatal(err)
	}
	s.Service = s.process()
	s.id = s.agent(core.Agent{OrganizationID: 1, ProjectID: 1, UserID: 1, AgentTypeID: 1, AgentName: "Guide", Access: core.Public, Status: core.Live, IsActive: true})
	return s
}

// process is another process on the same database.
func (s *scene) process() *core.Service {
	crowd := &people{there: []users.User{{ID: 2, OrganizationID: 1, IsActive: true}}}
	return core.New(core.Deps{
		Unit: s.db, Store: s.store, Projects: teams{of: map[int64]int64{1: 3}}, Actors: crowd, Directory: crowd, Permissions: ungranted{}, Addresses: free{}, Clock: clock.NewFixed(time.Unix(0, 0)),
	})
}

func (s *scene) agent(a core.Agent) int64 {
	s.t.Helper()
	a, err := coretest.AddAgent(s.t.Context(), s.store, a)
	if err != nil {
		s.t.Fatal(err)
	}
	return a.ID
}

func (s *scene) run(who actor.Actor) (agents.Runnable, error) {
	return s.Run(s.t.Context(), who, s.id)
}

func (s *scene) mustRun(who actor.Actor) agents.Runnable {
	s.t.Helper()
	r, err := s.run(who)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// changes are all ways in which an agent becomes another one, each with what
// Bob's next run then answers.
var changes = map[string]struct {
	change func(ctx context.Context, s *scene) error
	seen   func(r agents.Runnable, err error) bool
}{
	"a name": {func(ctx context.Context, s *scene) error {
		name := "Helper"
		_, err := s.UpdateAgent(ctx, s.ann, s.id, core.Settings{Name: &name})
		return err
	}, func(r agents.Runnable, err error) bool { return err == nil && r.Name == "Helper" }},
	"instructions": {func(ctx context.Context, s *scene) error {
		_, err := s.UpdateAgent(ctx, s.ann, s.id, core.Settings{Instructions: &[]string{"Cite."}})
		return err
	}, func(r agents.Runnable, err error) bool { return err == nil && len(r.Instructions) == 1 }},
	"more instructions": {func(ctx context.Context, s *scene) error {
		_, err := s.AddInstructions(ctx, s.ann, s.id, []string{"Cite."})
		return err
	}, func(r agents.Runnable, err error) bool {
		return err == nil && len(r.Instructions) == 1 && r.Version == 2
	}},
	"another corpus": {func(ctx context.Context, s *scene) error {
		return s.db.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
			return s.AgentVersions().Reconnect(ctx, tx, s.ann, []agents.Reconnected{{AgentID: s.id, After: []agents.Connection{{CorpusID: 7}}}})
		})
	}, func(r agents.Runnable, err error) bool { return err == nil && r.Version == 2 }},
	"a narrower level": {func(ctx context.Context, s *scene) error {
		_, err := s.SetAccess(ctx, s.ann, s.id, core.OnlyMe)
		return err
	}, func(_ agents.Runnable, err error) bool { return errors.Is(err, core.ErrNotFound) }},
	"a pause": {func(ctx context.Context, s *scene) error {
		paused := "Paused"
		_, err := s.UpdateAgent(ctx, s.ann, s.id, core.Settings{Status: &paused})
		return err
	}, func(_ agents.Runnable, err error) bool { return errors.Is(err, core.ErrNotLive) }},
	"its end": {func(ctx context.Context, s *scene) error {
		_, err := s.DeleteAgent(ctx, s.ann, s.id)
		return err
	}, func(_ agents.Runnable, err error) bool { return errors.Is(err, core.ErrNotFound) }},
	"the end of its project": {func(ctx context.Context, s *scene) error {
		return s.db.Do(ctx, func(ctx context.Context, tx uow.Tx) error { return s.DeleteAgentsOf(ctx, tx, 1, 1, 1) })
	}, func(_ agents.Runnable, err error) bool { return errors.Is(err, core.ErrNotFound) }},
	"another owner": {func(ctx context.Context, s *scene) error {
		return s.ForgetUser(ctx, 1, 1, 2)
	}, func(r agents.Runnable, err error) bool { return err == nil && r.Admin }},
	"a type that is called otherwise": {func(ctx context.Context, s *scene) error {
		name := "Questions"
		_, err := s.UpdateType(ctx, actor.Actor{UserID: 9, OrganizationID: 1, Level: actor.GlobalAdmin}, 1, &name, nil)
		return err
	}, func(r agents.Runnable, err error) bool { return err == nil && r.AgentType == "Questions" }},
}

func TestAChangeIsSeenByTheNextRequest(t *testing.T) {
	for name, c := range changes {
		s := newScene(t)
		s.mustRun(s.bob)
		if err := c.change(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if r, err := s.run(s.bob); !c.seen(r, err) {
			t.Errorf("after %s: %+v, %v", name, r, err)
		}
	}
}

func TestARunOfAnAgentThatIsKeptReadsNothing(t *testing.T) {
	s := newScene(t)
	for range 3 {
		if r := s.mustRun(s.bob); r.AgentType != "QnA" || r.TeamID != 3 || r.Admin {
			t.Errorf("%+v", r)
		}
	}
	if r, err := s.View(t.Context(), s.ann, s.id); err != nil || !r.Admin {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := s.Run(t.Context(), actor.Actor{UserID: 2, OrganizationID: 2}, s.id); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("another organization's: %v", err)
	}
	if s.store.reads != 1 {
		t.Errorf("read %d times", s.store.reads)
	}
}

func TestAReadingThatAChangeOvertakesIsNotKept(t *testing.T) {
	s := newScene(t)
	s.store.before = func() {
		if _, err := s.SetAccess(t.Context(), s.ann, s.id, core.OnlyMe); err != nil {
			t.Error(err)
		}
	}
	s.mustRun(s.bob) // it was asked before the change
	if _, err := s.run(s.bob); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("after the change: %v", err)
	}
}

func TestAnotherProcessSeesAChangeOnceItForgets(t *testing.T) {
	s := newScene(t)
	other := s.process()
	for name, forget := range map[string]func(){"the agent": func() { other.Forget(1, s.id) }, "the organization": func() { other.Forget(1, 0) }} {
		if _, err := s.SetAccess(t.Context(), s.ann, s.id, core.Public); err != nil {
			t.Fatal(err)
		}
		other.Forget(1, s.id)
		if _, err := other.Run(t.Context(), s.bob, s.id); err != nil {
			t.Fatal(err)
		}
		if _, err := s.SetAccess(t.Context(), s.ann, s.id, core.OnlyMe); err != nil {
			t.Fatal(err)
		}
		if _, err := other.Run(t.Context(), s.bob, s.id); err != nil {
			t.Errorf("%s: is anything kept at all? %v", name, err)
		}
		forget()
		if _, err := other.Run(t.Context(), s.bob, s.id); !errors.Is(err, core.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnotherProcessSeesAChangeOnceItIsTold(t *testing.T) {
	for name, c := range changes {
		s := newScene(t)
		other := s.process()
		if _, err := other.Run(t.Context(), s.bob, s.id); err != nil {
			t.Fatal(err)
		}
		s.db.Deliver(bus.Inline(s.db, consumer.Consumers(other)...))
		if err := c.change(t.Context(), s); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if r, err := other.Run(t.Context(), s.bob, s.id); !c.seen(r, err) {
			t.Errorf("after %s: %+v, %v", name, r, err)
		}
	}
}

// TestHundredAtOnceEachSeeWhatWasDecidedBefore narrows and widens while others
// run: who runs after a narrowing has returned is refused.
func TestHundredAtOnceEachSeeWhatWasDecidedBefore(t *testing.T) {
	s := newScene(t)
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			for range 20 {
				if _, err := s.run(s.bob); err != nil && !errors.Is(err, core.ErrNotFound) {
					t.Error(err)
				}
			}
		})
	}
	wg.Go(func() {
		for range 50 {
			for level, want := range map[string]error{core.OnlyMe: core.ErrNotFound, core.Public: nil} {
				if _, err := s.SetAccess(t.Context(), s.ann, s.id, level); err != nil {
					t.Error(err)
				}
				if _, err := s.run(s.bob); !errors.Is(err, want) {
					t.Errorf("at %s: %v", level, err)
				}
			}
		}
	})
	wg.Wait()
}

func TestWhatIsKeptOfAgentsIsBoundedByItsText(t *testing.T) {
	s := newScene(t)
	const prompt = 1 << 20
	for i := range 100 {
		id := s.agent(core.Agent{
			OrganizationID: 1, ProjectID: 1, UserID: 1, AgentTypeID: 1, AgentName: fmt.Sprint(i), PrefixPrompt: strings.Repeat("x", prompt), Access: core.Public, Status: core.Live, IsActive: true,
		})
		if _, err := s.Run(t.Context(), s.bob, id); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.Kept(); n > 64 || n < 60 {
		t.Errorf("%d agents of 1 MiB are kept", n)
	}
}

// TestATypeThatWasNamedBeforeNamesWereCleanedIsFound asks for it as it is listed and
// as it is seen.
func TestATypeThatWasNamedBeforeNamesWereCleanedIsFound(t *testing.T) {
	s := newScene(t)
	if _, err := s.store.UpdateType(t.Context(), 1, 1, func(t *core.Type) error { t.Name = "Q\u200bnA"; return nil }); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"Q\u200bnA", "QnA", "qna"} {
		if _, err := s.UpdateAgent(t.Context(), s.ann, s.id, core.Settings{Type: &name}); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// ungranted is a users.Permissions in which nobody has a role.
type ungranted struct{ users.Permissions }

func (ungranted) Drop(context.Context, int64, actor.Resource, []int64) error { return nil }

// free is a namespace in which every address is free.
type free struct{ users.Addresses }

func (free) Release(context.Context, []string) error { return nil }
