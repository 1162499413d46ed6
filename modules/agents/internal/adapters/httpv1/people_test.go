package httpv1_test

import (
	"context"
	"slices"
	"sync"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/web"
	"parley/platform/webtest"
)

// people stands in for users: it knows everybody, keeps their roles, and
// takes a name as the token of who is called so.
type people struct {
	users.Actors // for what no agent asks

	mu      sync.Mutex
	known   []users.User
	granted []users.Permission
	last    int64
}

func newPeople() *people {
	p := &people{}
	for _, u := range []struct {
		id, org int64
		name    string
		domain  string
		level   actor.Level
		grants  []actor.Grant
	}{
		{ann, 1, "ann", "x", actor.User, grants(actor.Project, 1, actor.Admin)},
		{mel, 1, "mel", "x", actor.User, grants(actor.Project, 1, actor.Member)},
		{tom, 1, "tom", "x", actor.User, grants(actor.Team, 7, actor.Member)},
		{bob, 1, "bob", "x", actor.User, nil},
		{root, 1, "root", "x", actor.GlobalAdmin, nil},
		{strange, 2, "strange", "y", actor.GlobalAdmin, nil},
	} {
		p.known = append(p.known, users.User{
			ID: u.id, OrganizationID: u.org, Email: u.name + "@" + u.domain, FirstName: &u.name, IsActive: true,
			IsStaff: u.level >= actor.ApplicationAdmin, IsSuperuser: u.level == actor.GlobalAdmin,
		})
		for _, g := range u.grants {
			p.grant(u.id, g)
		}
	}
	return p
}

// grant gives a role, in place of any that the user has on the resource.
func (p *people) grant(user int64, g actor.Grant) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.granted = slices.DeleteFunc(p.granted, func(o users.Permission) bool {
		return o.UserID == user && o.ResourceType == g.Resource && o.ResourceID == g.ID
	})
	p.last++
	p.granted = append(p.granted, users.Permission{ID: p.last, OrganizationID: 1, UserID: user, ResourceType: g.Resource, ResourceID: g.ID, Role: g.Role.String()})
}

// change alters a user.
func (p *people) change(id int64, change func(*users.User)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.known {
		if p.known[i].ID == id {
			change(&p.known[i])
		}
	}
}

func (p *people) delete(id int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.known = slices.DeleteFunc(p.known, func(u users.User) bool { return u.ID == id })
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

func (p *people) actors() webtest.Actors {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := webtest.Actors{}
	for _, u := range p.known {
		out[*u.FirstName] = p.actor(u)
	}
	return out
}

// Authenticate implements web.Authenticator. Ann acts on when she is deleted,
// so that what is left of hers can be looked at.
func (p *people) Authenticate(_ context.Context, c web.Credentials) (actor.Actor, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, u := range p.known {
		switch {
		case *u.FirstName != c.Bearer:
		case u.IsActive:
			return p.actor(u), nil
		default:
			return actor.Actor{}, web.ErrUnauthenticated
		}
	}
	if c.Bearer == "ann" {
		return actor.Actor{UserID: ann, OrganizationID: 1, Email: "ann@x"}, nil
	}
	return actor.Actor{}, web.ErrUnauthenticated
}

func (p *people) where(match func(users.User) bool) []users.User {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(p.known), func(u users.User) bool { return !match(u) })
}

// Users implements users.Directory.
func (p *people) Users(_ context.Context, org int64, ids []int64) ([]users.User, error) {
	return p.where(func(u users.User) bool { return u.OrganizationID == org && slices.Contains(ids, u.ID) }), nil
}

// Organization implements users.Directory.
func (p *people) Organization(_ context.Context, id int64) (users.Organization, error) {
	return users.Organization{ID: id, Domain: map[int64]string{1: "x.example", 2: "y.example"}[id]}, nil
}

// GlobalAdmins implements users.Directory.
func (p *people) GlobalAdmins(_ context.Context, org int64) ([]users.User, error) {
	return p.where(func(u users.User) bool { return u.OrganizationID == org && u.IsSuperuser && u.IsActive }), nil
}

// Actor implements users.Actors; no operation here needs it.
func (p *people) Actor(context.Context, int64, int64) (actor.Actor, error) {
	panic("agents ask for many at once")
}

// ActorsOn implements users.Actors.
func (p *people) ActorsOn(_ context.Context, org int64, ids []int64, on ...users.On) (map[int64]actor.Actor, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[int64]actor.Actor{}
	for _, u := range p.known {
		if u.OrganizationID == org && u.IsActive && slices.Contains(ids, u.ID) {
			who := p.actor(u)
			who.Grants = slices.DeleteFunc(who.Grants, func(g actor.Grant) bool { return !slices.Contains(on, users.On{Resource: g.Resource, ID: g.ID}) })
			out[u.ID] = who
		}
	}
	return out, nil
}

// Forget implements users.Actors.
func (p *people) Forget(...int64) {}

// Drop implements users.Permissions.
func (p *people) Drop(_ context.Context, org int64, r actor.Resource, ids []int64) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.granted = slices.DeleteFunc(p.granted, func(g users.Permission) bool {
		return g.OrganizationID == org && g.ResourceType == r && slices.Contains(ids, g.ResourceID)
	})
	return nil
}

// Grant implements users.Permissions; no operation here needs it.
func (p *people) Grant(context.Context, actor.Actor, actor.Resource, int64, []int64, actor.Role) ([]users.Permission, error) {
	panic("agents grant nothing")
}

// Revoke implements users.Permissions; no operation here needs it.
func (p *people) Revoke(context.Context, actor.Actor, actor.Resource, int64, []int64) ([]users.Permission, error) {
	panic("agents revoke nothing")
}
