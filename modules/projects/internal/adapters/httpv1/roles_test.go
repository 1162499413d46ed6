package httpv1_test

import (
	"context"
	"fmt"
	"testing"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
)

// RolesPage implements users.Roles.
func (p *people) RolesPage(ctx context.Context, org int64, r actor.Resource, id int64, request page.Request) (page.Of[users.Permission], error) {
	rows, err := p.everybodys(ctx, org, r, []int64{id})
	if err != nil {
		return page.Of[users.Permission]{}, err
	}
	return page.Cut(rows, request, false, func(g users.Permission) page.Key { return page.Key{ID: g.UserID} })
}

// RoleCounts implements users.Roles.
func (p *people) RoleCounts(ctx context.Context, org int64, r actor.Resource, ids []int64) (map[int64]int64, error) {
	rows, err := p.everybodys(ctx, org, r, ids)
	counts := map[int64]int64{}
	for _, g := range rows {
		counts[g.ResourceID]++
	}
	return counts, err
}

// FirstRoles implements users.Roles.
func (p *people) FirstRoles(ctx context.Context, org int64, r actor.Resource, ids []int64, perResource int) ([]users.Permission, error) {
	rows, err := p.everybodys(ctx, org, r, ids)
	var first []users.Permission
	met := map[int64]int{}
	for _, g := range rows {
		if met[g.ResourceID]++; met[g.ResourceID] <= perResource {
			first = append(first, g)
		}
	}
	return first, err
}

// PeoplePage implements users.Roles; no operation here needs it.
func (p *people) PeoplePage(context.Context, int64, users.UserFilter, page.Request) (page.Of[users.User], error) {
	panic("projects list roles")
}

func (p *people) everybodys(_ context.Context, org int64, r actor.Resource, ids []int64) ([]users.Permission, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.on(r, ids, func(g users.Permission) bool { return g.OrganizationID == org }), nil
}

func TestATeamWithMoreMembersThanAPageIsListedInParts(t *testing.T) {
	h := newHouse(t)
	team := h.team()
	path := fmt.Sprintf("/api/team/%d/user", team)
	want := []int64{h.ann}
	for i := range 620 {
		want = append(want, h.people.add(1, fmt.Sprintf("m%d@x", i), actor.User))
	}
	h.people.suspend(want[9]) // who keeps the role
	h.join(fmt.Sprintf("/api/team/%d", team), "member", want[1:]...)
	type row struct{ User struct{ ID int64 } }
	type meta struct {
		Count int64
		Next  *string `json:"next_cursor"`
	}
	read := func(query string) (ids []int64, m meta) {
		t.Helper()
		var rows []row
		h.As("ann@x").Do("GET", path+query, nil).Want(200).Data(&rows).Meta(&m)
		for _, r := range rows {
			ids = append(ids, r.User.ID)
		}
		return ids, m
	}
	for number, part := range [][]int64{want[:500], want[500:], nil} {
		got, m := read(fmt.Sprintf("?items_per_page=500&page=%d", number+1))
		h.same(part, got)
		h.same(int64(621), m.Count)
	}
	var walked []int64
	for cursor := ""; ; {
		got, m := read("?items_per_page=250&cursor=" + cursor)
		if walked = append(walked, got...); m.Next == nil {
			break
		}
		cursor = *m.Next
	}
	h.same(want, walked)
	h.As("dora@x").Do("GET", path, nil).Refused(404, "projects.team_not_found")
}

func TestProjectsCountAllTheirUsersAndDetailsListTheFirstHundred(t *testing.T) {
	h := newHouse(t)
	var ids []int64
	for i := range 250 {
		ids = append(ids, h.people.add(1, fmt.Sprintf("m%d@x", i), actor.User))
	}
	big, small := h.project(0), h.project(0)
	h.join(fmt.Sprintf("/api/project/%d", big), "member", ids...)
	var list []struct {
		ID        int64
		UserCount int64 `json:"user_count"`
	}
	h.As("ann@x").Do("GET", "/api/project", nil).Want(200).Data(&list)
	h.same(int64(251), list[0].UserCount)
	h.same(int64(1), list[1].UserCount)
	who := actor.Actor{UserID: h.ann, OrganizationID: 1, Level: actor.GlobalAdmin}
	details, err := h.service.Details(t.Context(), who, []int64{small, big, 99})
	if err != nil || len(details) != 2 {
		t.Fatal(details, err)
	}
	h.same(int64(251), details[big].Users)
	h.same(int64(1), details[small].Users)
	h.same(1, len(details[small].Members))
	h.same(100, len(details[big].Members))
	for i, m := range details[big].Members {
		if want := append([]int64{h.ann}, ids...)[i]; m.UserID != want {
			t.Errorf("member %d is %d, want %d", i, m.UserID, want)
		}
	}
}
