package httpv1_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing"

	"parley/modules/agents/internal/core"
	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
)

// PeoplePage implements users.Roles.
func (p *people) PeoplePage(_ context.Context, org int64, of users.UserFilter, request page.Request) (page.Of[users.User], error) {
	p.mu.Lock()
	granted := slices.Clone(p.granted)
	p.mu.Unlock()
	among := p.where(func(u users.User) bool {
		holds := slices.ContainsFunc(granted, func(g users.Permission) bool {
			role, _ := actor.ParseRole(g.Role)
			return g.UserID == u.ID && g.OrganizationID == org && slices.ContainsFunc(of.Grants, func(least actor.Grant) bool {
				return g.ResourceType == least.Resource && g.ResourceID == least.ID && role >= least.Role
			})
		})
		return u.OrganizationID == org && u.IsActive && (holds || slices.Contains(of.Users, u.ID) || (of.GlobalAdmins && u.IsSuperuser))
	})
	return page.Cut(among, request, false, func(u users.User) page.Key { return page.Key{ID: u.ID} })
}

// RolesPage implements users.Roles; no operation here needs it.
func (p *people) RolesPage(context.Context, int64, actor.Resource, int64, page.Request) (page.Of[users.Permission], error) {
	panic("agents list people")
}

// RoleCounts implements users.Roles; no operation here needs it.
func (p *people) RoleCounts(context.Context, int64, actor.Resource, []int64) (map[int64]int64, error) {
	panic("agents count no roles")
}

// FirstRoles implements users.Roles; no operation here needs it.
func (p *people) FirstRoles(context.Context, int64, actor.Resource, []int64, int) ([]users.Permission, error) {
	panic("agents list people")
}

// everybodys is the roles on a project, ordered by user.
func (p *people) everybodys(project int64) []users.Permission {
	p.mu.Lock()
	defer p.mu.Unlock()
	rows := slices.DeleteFunc(slices.Clone(p.granted), func(g users.Permission) bool {
		return g.ResourceType != actor.Project || g.ResourceID != project
	})
	slices.SortFunc(rows, func(a, b users.Permission) int { return cmp.Compare(a.UserID, b.UserID) })
	return rows
}

// TestAnAgentWithMoreUsersThanAPageIsListedInParts has 700 members of the
// project, and 150 global admins, of whom some are suspended.
func TestAnAgentWithMoreUsersThanAPageIsListedInParts(t *testing.T) {
	h := newHouse(t)
	path := fmt.Sprintf("/api/agent/%d/user", h.agent(core.OnlyTeam))
	h.people.change(root, func(u *users.User) { u.IsActive = false })
	type grantee struct {
		User struct{ ID int64 }
		Role string
	}
	is := func(id int64, role string) (r grantee) { r.User.ID, r.Role = id, role; return r }
	all := []grantee{is(ann, "admin"), is(mel, "member"), is(tom, "member")}
	var admins []grantee
	for i := range int64(850) {
		name := fmt.Sprintf("m%d", i)
		u := users.User{ID: 100 + i, OrganizationID: 1, FirstName: &name, IsActive: i%7 != 0, IsSuperuser: i >= 700}
		h.people.known = append(h.people.known, u)
		role := "admin"
		if !u.IsSuperuser {
			role = "member"
			h.people.grant(u.ID, actor.Grant{Resource: actor.Project, ID: 1, Role: actor.Member})
		}
		if u.IsActive {
			all = append(all, is(u.ID, role))
		}
		if u.IsActive && u.IsSuperuser {
			admins = append(admins, is(u.ID, role))
		}
	}
	type meta struct {
		Count int
		Next  *string `json:"next_cursor"`
	}
	read := func(query string) (rows []grantee, m meta) {
		t.Helper()
		h.As("ann").Do("GET", path+query, nil).Want(200).Data(&rows).Meta(&m)
		return rows, m
	}
	holds := func(want []grantee) {
		t.Helper()
		var paged, walked []grantee
		for number := 1; ; number++ {
			rows, m := read(fmt.Sprintf("?items_per_page=100&page=%d", number))
			h.same(len(want), m.Count)
			if paged = append(paged, rows...); len(rows) < 100 {
				break
			}
		}
		h.same(want, paged)
		for cursor := ""; ; {
			rows, m := read("?items_per_page=130&cursor=" + cursor)
			if walked = append(walked, rows...); m.Next == nil {
				break
			}
			h.same(130, len(rows)) // no row is dropped after a part is cut
			cursor = *m.Next
		}
		h.same(want, walked)
	}
	holds(all)
	h.As("ann").Expecting(narrowed(1)).Do("PUT", path[:len(path)-len("user")]+"access", `{"access":"Only me"}`).Want(200)
	holds(append([]grantee{is(ann, "admin")}, admins...))
}
