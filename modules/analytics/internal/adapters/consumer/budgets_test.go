package consumer_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/modules/analytics"
	"parley/modules/analytics/internal/adapters/consumer"
	"parley/modules/analytics/internal/adapters/memstore"
	"parley/modules/analytics/internal/core"
	"parley/modules/chat"
	"parley/platform/bus"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/memory"
)

// spender is a house whose organizations have token budgets.
type spender struct {
	house
	clock *clock.Fixed
	runs  int64
	seen  int
}

func newSpender(t *testing.T) *spender {
	c := clock.NewFixed(now) // 20 May
	db := memory.New(c)
	service := core.New(memstore.New(db), c).ChangeBy(db)
	db.Deliver(bus.Inline(db, consumer.Consumers(service)...))
	return &spender{house: house{t, db, service}, clock: c}
}

func chief(org int64) actor.Actor {
	return actor.Actor{UserID: 1, OrganizationID: org, Email: "chief@example.com", Level: actor.GlobalAdmin}
}

func (s *spender) set(org, tokens, warn int64) core.Used {
	s.t.Helper()
	u, err := s.service.SetBudget(context.Background(), chief(org), tokens, warn)
	if err != nil {
		s.t.Fatal(err)
	}
	return u
}

// uses is a run of an organization that used tokens at a moment.
func (s *spender) uses(org, tokens int64, at time.Time) chat.RunCompleted {
	s.runs++
	e := chat.RunCompleted{Run: chat.Run{OrganizationID: org, AgentResponseID: s.runs, AskedOn: at, Usage: []chat.Usage{{Model: "m", FreshInput: tokens - 1, Output: 1}}}}
	s.publish(e)
	return e
}

// told is what was told of budgets since the last call.
func (s *spender) told() []string {
	s.t.Helper()
	out := []string{}
	all := s.db.Published()
	for _, e := range all[s.seen:] {
		switch e := e.(type) {
		case analytics.BudgetNearlyUsed:
			out = append(out, fmt.Sprintf("%d nearly %s %d of %d at %d%%", e.OrganizationID, e.Period, e.Used, e.Tokens, e.WarnAtPercent))
		case analytics.BudgetUsedUp:
			out = append(out, fmt.Sprintf("%d up %s %d of %d", e.OrganizationID, e.Period, e.Used, e.Tokens))
		}
	}
	s.seen = len(all)
	return out
}

func (s *spender) hears(want ...string) {
	s.t.Helper()
	if got := s.told(); !slices.Equal(got, append([]string{}, want...)) {
		s.t.Errorf("told %q, not %q", got, want)
	}
}

func TestABudgetIsToldOfOnceAtEachThreshold(t *testing.T) {
	s := newSpender(t)
	s.uses(1, 30, now) // before there was a budget
	if u := s.set(1, 100, 80); u.Used != 30 || u.Month.String() != "2026-05" {
		t.Errorf("got %+v", u)
	}
	s.uses(1, 49, now)
	s.uses(2, 1000, now) // another organization, without a budget
	s.hears()
	last := s.uses(1, 1, now)
	s.hears("1 nearly 2026-05 80 of 100 at 80%")
	s.publish(last) // again
	s.uses(1, 19, now)
	s.hears()
	s.uses(1, 1, now)
	s.hears("1 up 2026-05 100 of 100")
	s.uses(1, 500, now)
	s.hears()
	u, err := s.service.Budget(context.Background(), chief(1))
	if err != nil || u.Used != 600 {
		t.Errorf("used %d, %v", u.Used, err)
	}
}

func TestABudgetThatIsUsedUpAtOnceIsNotNearlyUsedAsWell(t *testing.T) {
	s := newSpender(t)
	s.set(1, 100, 80)
	s.uses(1, 300, now)
	s.hears("1 up 2026-05 300 of 100")
	s.uses(1, 1, now)
	s.hears()
	s.set(2, 100, 100)
	s.uses(2, 100, now)
	s.hears("2 up 2026-05 100 of 100")
}

func TestABudgetThatWasReachedBeforeIsToldOfAtOnceAndAgainAfterAChange(t *testing.T) {
	s := newSpender(t)
	s.uses(1, 90, now)
	s.set(1, 100, 80)
	s.hears("1 nearly 2026-05 90 of 100 at 80%")
	s.set(1, 100, 80) // the same
	s.hears()
	s.set(1, 100, 85)
	s.hears("1 nearly 2026-05 90 of 100 at 85%")
	s.set(1, 1000, 85)
	s.uses(1, 759, now)
	s.hears()
	s.uses(1, 1, now)
	s.hears("1 nearly 2026-05 850 of 1000 at 85%")
	s.set(1, 500, 85)
	s.hears("1 up 2026-05 850 of 500")
	if _, err := s.service.RemoveBudget(context.Background(), chief(1)); err != nil {
		t.Fatal(err)
	}
	s.uses(1, 10_000, now)
	s.hears()
	if _, err := s.service.RemoveBudget(context.Background(), chief(1)); !errors.Is(err, core.ErrNoBudget) {
		t.Errorf("got %v", err)
	}
}

func TestEachMonthHasABudgetOfItsOwnAndLateFactsCountInTheirs(t *testing.T) {
	s := newSpender(t)
	s.set(1, 100, 80)
	s.uses(1, 5_000, now.AddDate(0, -1, 0)) // of before the budget
	s.uses(1, 79, now)
	s.hears()
	s.clock.Advance(30 * 24 * time.Hour)
	june := s.clock.Now()
	s.uses(1, 79, june)
	s.hears()
	s.uses(1, 1, time.Date(2026, 5, 31, 23, 59, 59, 999999000, time.UTC)) // its answer came in June
	s.hears("1 nearly 2026-05 80 of 100 at 80%")
	s.uses(1, 1, time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC))
	s.hears("1 nearly 2026-06 80 of 100 at 80%")
	if u, err := s.service.Budget(context.Background(), chief(1)); err != nil || u.Used != 80 || u.Month.String() != "2026-06" {
		t.Errorf("got %+v, %v", u, err)
	}
}

// A fact that is recorded again is counted twice as a hint, and not where it
// matters: what is told is counted from facts.
func TestWhatIsRecordedTwiceReachesNoThreshold(t *testing.T) {
	s := newSpender(t)
	s.set(1, 100, 80)
	e := s.uses(1, 60, now)
	for range 5 {
		s.publish(e)
	}
	s.hears()
	s.uses(1, 20, now)
	s.hears("1 nearly 2026-05 80 of 100 at 80%")
}

func TestOnlyGlobalAdminsHaveToDoWithTheBudget(t *testing.T) {
	s := newSpender(t)
	for _, level := range []actor.Level{actor.ApplicationAdmin, 0} {
		who := chief(1)
		who.Level = level
		_, get := s.service.Budget(context.Background(), who)
		_, set := s.service.SetBudget(context.Background(), who, 1, 1)
		_, remove := s.service.RemoveBudget(context.Background(), who)
		for _, err := range []error{get, set, remove} {
			if !errors.Is(err, core.ErrNotGlobal) {
				t.Errorf("got %v", err)
			}
		}
	}
	_, err := s.service.Budget(context.Background(), chief(1))
	if !errors.Is(err, core.ErrNoBudget) {
		t.Errorf("got %v", err)
	}
}
