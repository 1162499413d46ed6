package core_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
)

func TestRolesOfNobodyOrOnNothingAreNone(t *testing.T) {
	h := newHouse(t)
	by := actor.System(h.org.ID)
	if _, err := h.Grant(h.ctx, by, actor.Team, 7, []int64{h.admin.ID}, actor.Admin); err != nil {
		t.Fatal(err)
	}
	for _, ids := range [][]int64{nil, {}} {
		if rows, err := h.On(h.ctx, h.org.ID, actor.Team, []int64{7}, ids); err != nil || len(rows) > 0 {
			t.Errorf("nobody holds %v, %v", rows, err)
		}
		if rows, err := h.On(h.ctx, h.org.ID, actor.Team, ids, []int64{h.admin.ID}); err != nil || len(rows) > 0 {
			t.Errorf("on nothing are %v, %v", rows, err)
		}
		if counts, err := h.RoleCounts(h.ctx, h.org.ID, actor.Team, ids); err != nil || len(counts) > 0 {
			t.Errorf("on nothing are counted %v, %v", counts, err)
		}
		if rows, err := h.FirstRoles(h.ctx, h.org.ID, actor.Team, ids, 9); err != nil || len(rows) > 0 {
			t.Errorf("the first on nothing are %v, %v", rows, err)
		}
	}
	if rows, err := h.FirstRoles(h.ctx, h.org.ID, actor.Team, []int64{7}, 0); err != nil || len(rows) > 0 {
		t.Errorf("the first none are %v, %v", rows, err)
	}
	if _, err := h.FirstRoles(h.ctx, h.org.ID, actor.Team, make([]int64, 501), 1); err == nil {
		t.Error("the first roles on too many resources are answered")
	}
	empty, err := h.PeoplePage(h.ctx, h.org.ID, users.UserFilter{}, page.Request{})
	if diff := cmp.Diff(page.Of[users.User]{Items: []users.User{}}, empty); diff != "" || err != nil {
		t.Errorf("an empty filter: %v %s", err, diff)
	}
	if rows, err := h.On(h.ctx, h.org.ID, actor.Team, []int64{7}, []int64{h.admin.ID}); err != nil || len(rows) != 1 {
		t.Errorf("the admin holds %v, %v", rows, err)
	}
}
