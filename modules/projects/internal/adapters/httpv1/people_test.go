package httpv1_test

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/web"
)

// people stands in for the users module: it knows everybody, keeps what they
// were granted, and takes a user's address as their token.
type people struct {
	users.Actors
	mu      sync.Mutex
	users   []users.User
	granted []users.Permission
	last    int64
}

func (p *people) next() int64 {
	p.last++
	return p.last
}

func (p *people) add(org int64, email string, level actor.Level) int64 {
	u := users.User{ID: int64(len(p.users) + 1), OrganizationID: org, Email: email, IsActive: true, DateJoined: time.Date(2024, 9, 27, 22, 41, 10, 250883000, time.UTC), IsStaff: level >= actor.ApplicationAdmin, IsSuperuser: level == actor.GlobalAdmin}
	p.users = append(p.users, u)
	return u.ID
}

func (p *people) suspend(id int64) { p.users[id-1].IsActive = false }

// Authenticate implements web.Authenticator.
func (p *people) Authenticate(_ context.Context, c web.Credentials) (actor.Actor, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, u := range p.users {
		if u.Email != c.Bearer {
			continue
		}
		return p.actor(u), nil
	}
	return actor.Actor{}, web.ErrUnauthenticated
}

func (p *people) actor(u users.User) actor.Actor {
	who := actor.Actor{UserID: u.ID, OrganizationID: u.OrganizationID, Email: u.Email, Level: u.Level()}
	for _, g := range p.granted {
		if role, ok := actor.ParseRole(g.Role); ok && g.UserID == u.ID {
			who.Grants = append(who.Grants, actor.Grant{Resource: g.ResourceType, ID: g.ResourceID, Role: role})
		}
	}
	return who
}

// Actor implements users.Actors.
func (p *people) Actor(_ context.Context, org, id int64) (actor.Actor, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, u := range p.users {
		switch {
		case u.ID != id || u.OrganizationID != org:
		case u.IsActive:
			return p.actor(u), nil
		default:
			return actor.Actor{}, users.ErrSuspended
		}
	}
	return actor.Actor{}, users.ErrNotFound
}

// Users implements users.Directory.
func (p *people) Users(_ context.Context, org int64, ids []int64) ([]users.User, error) {
	return slices.DeleteFunc(slices.Clone(p.users), func(u users.User) bool { return u.OrganizationID != org || !slices.Contains(ids, u.ID) }), nil
}

// Organization implements users.Directory.
func (p *people) Organization(_ context.Context, id int64) (users.Organization, error) {
	made := audit.New("System", time.Date(2024, 9, 27, 22, 40, 45, 279198000, time.UTC))
	return users.Organization{ID: id, OrgName: "Tech Solutions", Domain: "techsolutions.com", Audit: made}, nil
}

// GlobalAdmins implements users.Directory.
func (p *people) GlobalAdmins(_ context.Context, org int64) ([]users.User, error) {
	return slices.DeleteFunc(slices.Clone(p.users), func(u users.User) bool { return u.OrganizationID != org || !u.IsSuperuser }), nil
}

// Grant implements users.Permissions.
func (p *people) Grant(ctx context.Context, by actor.Actor, r actor.Resource, id int64, ids []int64, role actor.Role) ([]users.Permission, error) {
	found, err := p.Users(ctx, by.OrganizationID, ids)
	slices.Sort(ids)
	if err != nil || len(found) != len(slices.Compact(ids)) {
		return nil, users.ErrNotFound
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, u := range found {
		if !slices.ContainsFunc(p.granted, func(g users.Permission) bool {
			return g.UserID == u.ID && g.ResourceType == r && g.ResourceID == id
		}) {
			p.granted = append(p.granted, users.Permission{ID: p.next(), OrganizationID: by.OrganizationID, UserID: u.ID, ResourceType: r, ResourceID: id, Role: role.String(), Audit: audit.Audit{CreatedBy: by.Name()}})
		}
	}
	rows := p.on(r, []int64{id}, func(g users.Permission) bool { return slices.Contains(ids, g.UserID) })
	return rows, nil
}

func (p *people) on(r actor.Resource, ids []int64, match func(users.Permission) bool) []users.Permission {
	rows := slices.DeleteFunc(slices.Clone(p.granted), func(g users.Permission) bool {
		return g.ResourceType != r || !slices.Contains(ids, g.ResourceID) || !match(g)
	})
	slices.SortFunc(rows, func(a, b users.Permission) int {
		return cmp.Or(cmp.Compare(a.ResourceID, b.ResourceID), cmp.Compare(a.UserID, b.UserID))
	})
	return rows
}

// Revoke implements users.Permissions.
func (p *people) Revoke(_ context.Context, by actor.Actor, r actor.Resource, id int64, ids []int64) ([]users.Permission, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	of := func(g users.Permission) bool {
		return g.OrganizationID == by.OrganizationID && slices.Contains(ids, g.UserID)
	}
	gone := p.on(r, []int64{id}, of)
	p.granted = slices.DeleteFunc(p.granted, func(g users.Permission) bool { return g.ResourceType == r && g.ResourceID == id && of(g) })
	return gone, nil
}

// Drop implements users.Permissions.
func (p *people) Drop(_ context.Context, org int64, r actor.Resource, ids []int64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.granted = slices.DeleteFunc(p.granted, func(g users.Permission) bool {
		return g.OrganizationID == org && g.ResourceType == r && slices.Contains(ids, g.ResourceID)
	})
	return nil
}
