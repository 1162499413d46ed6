package access_test

import (
	"context"
	"errors"
	"testing"

	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
)

func TestWhoDecidesAboutAKindIsAskedAboutIt(t *testing.T) {
	ofTeams, ofAgents := errors.New("of teams"), errors.New("of agents")
	answering := func(kind actor.Resource, answer error) access.Decider {
		return access.Decider{Resource: kind, May: func(_ context.Context, who actor.Actor, id int64, do access.Action) error {
			if who.UserID != 2 || id != 7 || do != access.Edit {
				t.Errorf("asked about %d by %d to %s", id, who.UserID, do)
			}
			return answer
		}}
	}
	all := access.Deciders{answering(actor.Team, ofTeams), answering(actor.Agent, ofAgents), answering(actor.Review, nil)}
	for kind, want := range map[actor.Resource]error{actor.Team: ofTeams, actor.Agent: ofAgents, actor.Review: nil} {
		if got := all.Ask(t.Context(), kind, actor.Actor{UserID: 2}, 7, access.Edit); !errors.Is(got, want) || !all.Know(kind) {
			t.Errorf("%s: %v", kind, got)
		}
	}
	if err := all.Check(); err != nil {
		t.Errorf("one for each kind: %v", err)
	}
	if err := append(all, answering(actor.Agent, nil)).Check(); err == nil {
		t.Error("two decide about one kind")
	}
}

func TestOfAKindThatNobodyDecidesAboutNothingIsAllowed(t *testing.T) {
	var none access.Deciders
	err := none.Ask(t.Context(), actor.Team, actor.System(1), 7, access.View)
	if err == nil || apperr.KindOf(err) != apperr.Internal || none.Know(actor.Team) {
		t.Errorf("nobody decides: %v", err)
	}
}
