package coretest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/storetest"
)

// walked is a list by cursor from end to end, in parts of a size.
func walked[T any](f fixture, size int, list func(page.Request) (page.Of[T], error)) []T {
	f.t.Helper()
	all := []T{}
	for p := (page.Request{Size: size, ByCursor: true}); ; {
		part := storetest.Must[page.Of[T]](f.t)(list(p))
		all = append(all, part.Items...)
		f.Equal(int64(-1), part.Count)
		if p.Cursor = part.NextCursor; p.Cursor == "" {
			return all
		}
	}
}

// paged is a list by number from end to end; each page must count all of it.
func paged[T any](f fixture, size int, list func(page.Request) (page.Of[T], error)) []T {
	f.t.Helper()
	all, counts := []T{}, []int64{}
	for n := 1; ; n++ {
		part := storetest.Must[page.Of[T]](f.t)(list(page.Request{Size: size, Number: n}))
		all, counts = append(all, part.Items...), append(counts, part.Count)
		if len(part.Items) == 0 { // also a page behind the last counts
			break
		}
	}
	for _, n := range counts {
		f.Equal(int64(len(all)), n)
	}
	return all
}

// holders compares who is said to hold roles, over random people and roles of
// two organizations, with what is found by looking at each of them.
func holders(f fixture, _ uow.Unit) {
	rng := rand.New(rand.NewPCG(11, 12))
	other := f.organization("other.org")
	var people []users.User
	for i := range 40 {
		people = append(people, f.user(fmt.Sprintf("u%d@example.com", i), func(u *users.User) {
			u.IsActive, u.IsSuperuser = rng.IntN(4) > 0, rng.IntN(10) == 0
			if rng.IntN(5) == 0 {
				u.OrganizationID = other.ID
			}
		}))
	}
	resources := []actor.Resource{actor.Team, actor.Project, actor.Agent}
	for range 150 {
		u := people[rng.IntN(len(people))]
		p := f.permission(u.ID, 1+rng.Int64N(4), []string{"member", "admin"}[rng.IntN(2)])
		p.OrganizationID, p.ResourceType = u.OrganizationID, resources[rng.IntN(3)]
		storetest.Must[users.Permission](f.t)(f.PutPermission(f.ctx, p))
	}
	rows := func(org int64, match func(users.Permission) bool) []users.Permission {
		all := []users.Permission{}
		for _, r := range resources {
			all = append(all, storetest.Must[[]users.Permission](f.t)(f.Permissions(f.ctx, org, r, []int64{1, 2, 3, 4}, nil))...)
		}
		return slices.DeleteFunc(all, func(p users.Permission) bool { return !match(p) })
	}
	for range 40 {
		org, resource, size := []int64{f.org.ID, other.ID}[rng.IntN(2)], resources[rng.IntN(3)], 1+rng.IntN(8)
		id := 1 + rng.Int64N(5) // on 5 nobody has a role
		on := func(request page.Request) (page.Of[users.Permission], error) {
			return f.RolesPage(f.ctx, org, resource, id, request)
		}
		want := rows(org, func(p users.Permission) bool { return p.ResourceType == resource && p.ResourceID == id })
		f.Equal(want, walked(f, size, on))
		f.Equal(want, paged(f, size, on))

		ids := []int64{5, 3, 1, 3}[:1+rng.IntN(4)]
		counts, first := map[int64]int64{}, []users.Permission{}
		for _, p := range rows(org, func(p users.Permission) bool { return p.ResourceType == resource && slices.Contains(ids, p.ResourceID) }) {
			if counts[p.ResourceID]++; counts[p.ResourceID] <= int64(size) {
				first = append(first, p)
			}
		}
		f.Equal(counts, storetest.Must[map[int64]int64](f.t)(f.RoleCounts(f.ctx, org, resource, ids)))
		f.Equal(first, append([]users.Permission{}, storetest.Must[[]users.Permission](f.t)(f.FirstRoles(f.ctx, org, resource, ids, size))...))

		some, places := []int64{4711}, []users.On{}
		for range rng.IntN(8) {
			some = append(some, people[rng.IntN(len(people))].ID)
		}
		for range rng.IntN(4) {
			places = append(places, users.On{Resource: resources[rng.IntN(3)], ID: 1 + rng.Int64N(5)})
		}
		held := rows(org, func(p users.Permission) bool {
			return slices.Contains(some, p.UserID) && slices.Contains(places, users.On{Resource: p.ResourceType, ID: p.ResourceID})
		})
		slices.SortFunc(held, func(a, b users.Permission) int {
			return cmp.Or(cmp.Compare(a.UserID, b.UserID), cmp.Compare(a.ID, b.ID))
		})
		f.Equal(held, append([]users.Permission{}, storetest.Must[[]users.Permission](f.t)(f.RolesOf(f.ctx, org, some, places))...))

		of := users.UserFilter{GlobalAdmins: rng.IntN(2) == 0}
		for range rng.IntN(4) {
			of.Grants = append(of.Grants, actor.Grant{Resource: resources[rng.IntN(3)], ID: 1 + rng.Int64N(5), Role: actor.Role(rng.IntN(3))})
		}
		for range rng.IntN(4) {
			of.Users = append(of.Users, 1+rng.Int64N(45)) // some are not there
		}
		if len(of.Grants) == 0 && len(of.Users) == 0 {
			of.GlobalAdmins = true
		}
		among := []users.User{}
		for _, u := range people {
			granted := len(rows(org, func(p users.Permission) bool {
				role, _ := actor.ParseRole(p.Role)
				return p.UserID == u.ID && slices.ContainsFunc(of.Grants, func(g actor.Grant) bool {
					return p.ResourceType == g.Resource && p.ResourceID == g.ID && role >= g.Role
				})
			})) > 0
			if u.OrganizationID == org && u.IsActive && (granted || slices.Contains(of.Users, u.ID) || (of.GlobalAdmins && u.IsSuperuser)) {
				among = append(among, u)
			}
		}
		slices.SortFunc(among, func(a, b users.User) int { return cmp.Compare(a.ID, b.ID) })
		filter := func(request page.Request) (page.Of[users.User], error) {
			return f.PeoplePage(f.ctx, org, of, request)
		}
		f.Equal(among, walked(f, size, filter))
		f.Equal(among, paged(f, size, filter))
	}
	_, err := f.RolesPage(f.ctx, f.org.ID, actor.Team, 1, page.Request{Cursor: "nonsense"})
	f.ErrorIs(err, page.ErrCursor)
	_, err = f.PeoplePage(f.ctx, f.org.ID, users.UserFilter{GlobalAdmins: true}, page.Request{Cursor: "nonsense"})
	f.ErrorIs(err, page.ErrCursor)
}

// foreignRoles are roles of a user from another organization, which should
// never exist: neither organization lists them.
func foreignRoles(f fixture, _ uow.Unit) {
	other := f.organization("other.org")
	u := f.user("a@example.com")
	p := f.permission(u.ID, 7, "admin")
	p.OrganizationID = other.ID
	storetest.Must[users.Permission](f.t)(f.PutPermission(f.ctx, p))
	of := users.UserFilter{Grants: []actor.Grant{{Resource: actor.Team, ID: 7, Role: actor.Member}}, Users: []int64{u.ID}}
	f.Equal([]users.User{}, storetest.Must[page.Of[users.User]](f.t)(f.PeoplePage(f.ctx, other.ID, of, page.Request{})).Items)
	f.Equal([]users.User{u}, storetest.Must[page.Of[users.User]](f.t)(f.PeoplePage(f.ctx, f.org.ID, of, page.Request{})).Items)
	of.Users = nil
	f.Equal([]users.User{}, storetest.Must[page.Of[users.User]](f.t)(f.PeoplePage(f.ctx, f.org.ID, of, page.Request{})).Items)
	f.Equal([]users.Permission{}, storetest.Must[page.Of[users.Permission]](f.t)(f.RolesPage(f.ctx, f.org.ID, actor.Team, 7, page.Request{})).Items)
	f.Equal(map[int64]int64{}, storetest.Must[map[int64]int64](f.t)(f.RoleCounts(f.ctx, f.org.ID, actor.Team, []int64{7})))
	f.Equal(0, len(storetest.Must[[]users.Permission](f.t)(f.FirstRoles(f.ctx, f.org.ID, actor.Team, []int64{7}, 9))))
}
