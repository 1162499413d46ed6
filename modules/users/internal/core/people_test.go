package core_test

import (
	"slices"
	"testing"

	"parley/modules/users/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
)

// A role can outlive its team for a moment, when it is given while the team is
// deleted; so whoever decides about teams is asked, whatever the caller holds.
func TestTheListOfATeamIsForWhoSeesTheTeam(t *testing.T) {
	h := newHouse(t).owned()
	ann, bob := h.user("ann@example.com"), h.user("bob@example.com")
	for _, team := range []int64{7, 404} { // 404 is deleted
		if _, err := h.Grant(h.ctx, as(h.admin), actor.Team, team, []int64{bob.ID}, actor.Member); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		who  actor.Actor
		team int64
		want []int64
	}{
		"a member":                      {on(bob, actor.Member, 7), 7, []int64{bob.ID}},
		"an admin of the team":          {on(ann, actor.Admin, 7), 7, []int64{bob.ID}},
		"a global admin":                {as(h.admin), 7, []int64{bob.ID}},
		"a stranger":                    {as(ann), 7, nil},
		"a member of a deleted team":    {on(bob, actor.Member, 404), 404, nil},
		"a global admin of a deleted":   {as(h.admin), 404, nil},
		"a global admin of an unknown":  {as(h.admin), 99, nil},
		"who asks for everybody's list": {as(ann), 0, []int64{h.admin.ID, ann.ID, bob.ID}},
	} {
		list, err := h.List(h.ctx, c.who, core.Filter{TeamID: c.team}, page.Request{})
		var got []int64
		for _, u := range list.Items {
			got = append(got, u.ID)
		}
		if err != nil || !slices.Equal(got, c.want) || list.Count != int64(len(c.want)) || list.Items == nil {
			t.Errorf("%s: %v, %d of them, %v; want %v", name, got, list.Count, err, c.want)
		}
	}
}
