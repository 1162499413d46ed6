package core_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"parley/modules/notifications/internal/adapters/memstore"
	"parley/modules/notifications/internal/core"
	"parley/modules/users"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
	"parley/platform/storetest"
)

// scene is an organization with the global admins 1 and 2 and the users 3 and
// 4, of whom everybody may write to 3 but 4.
type scene struct {
	storetest.Assert
	*core.Service
	t      *testing.T
	ctx    context.Context
	db     *memory.DB
	clock  *clock.Fixed
	people *people
	store  *counted
}

// counted counts what is asked of a store.
type counted struct {
	core.Store
	reads int
}

func (c *counted) After(ctx context.Context, user, sequence int64, limit int) ([]core.Notification, int64, error) {
	c.reads++
	return c.Store.After(ctx, user, sequence, limit)
}

func (c *counted) Counters(ctx context.Context, user int64) (core.Counters, error) {
	c.reads++
	return c.Store.Counters(ctx, user)
}

// people are the users of organization 1.
type people struct {
	users.Directory
	users.Actors
	users.Roles
	all    []users.User
	hidden map[int64]bool // who sees nothing
}

func (p *people) Users(_ context.Context, org int64, ids []int64) ([]users.User, error) {
	return slices.DeleteFunc(slices.Clone(p.all), func(u users.User) bool { return org != 1 || !slices.Contains(ids, u.ID) }), nil
}

func (p *people) GlobalAdmins(context.Context, int64) ([]users.User, error) {
	return slices.DeleteFunc(slices.Clone(p.all), func(u users.User) bool { return !u.IsSuperuser }), nil
}

func (p *people) Actor(ctx context.Context, org, id int64) (actor.Actor, error) {
	found, _ := p.Users(ctx, org, []int64{id})
	switch {
	case len(found) == 0:
		return actor.Actor{}, users.ErrNotFound
	case !found[0].IsActive:
		return actor.Actor{}, users.ErrSuspended
	}
	return actor.Actor{UserID: id, OrganizationID: org, Level: found[0].Level()}, nil
}

func (*people) Forget(...int64) {}

func (p *people) PeoplePage(_ context.Context, _ int64, of users.UserFilter, req page.Request) (page.Of[users.User], error) {
	if len(of.Grants) == 0 {
		return page.Of[users.User]{}, nil
	}
	all := slices.DeleteFunc(slices.Clone(p.all), func(u users.User) bool { return !u.IsActive })
	return page.Cut(all, req, false, func(u users.User) page.Key { return page.Key{ID: u.ID} })
}

func newScene(t *testing.T, change func(*core.Deps)) *scene {
	t.Helper()
	c := clock.NewFixed(time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC))
	db := memory.New(c)
	ann, ben := "Ann", "Ben"
	s := &scene{Assert: storetest.New(t), t: t, ctx: t.Context(), db: db, clock: c, store: &counted{Store: memstore.New(db)}, people: &people{all: []users.User{
		{ID: 1, OrganizationID: 1, Email: "ann@example.com", FirstName: &ann, IsSuperuser: true, IsStaff: true, IsActive: true},
		{ID: 2, OrganizationID: 1, Email: "ben@example.com", FirstName: &ben, IsSuperuser: true, IsStaff: true, IsActive: true},
		{ID: 3, OrganizationID: 1, Email: "cat@example.com", IsActive: true}, {ID: 4, OrganizationID: 1, Email: "dan@example.com", IsActive: true},
	}}}
	d := core.Deps{Unit: db, Store: s.store, Users: s.people, Actors: s.people, Roles: s.people, Clock: c}
	if change != nil {
		change(&d)
	}
	s.Service = s.process(d)
	return s
}

// process is another process over the same store.
func (s *scene) process(d core.Deps) *core.Service {
	out := core.New(d)
	may := func(_ context.Context, who actor.Actor, id int64, do access.Action) error {
		switch {
		case who.OrganizationID != 1 || s.people.hidden[who.UserID]:
			return users.ErrNotFound
		case do == access.Run && who.UserID == 4:
			return core.ErrNotSender.WithMessage("The decider's own words.")
		case do == access.Run && id > 4:
			return users.ErrNotFound
		}
		return nil
	}
	var all []access.Decider
	for _, kind := range []actor.Resource{actor.Account, actor.Organization, actor.Team, actor.Project, actor.Agent, actor.Document, actor.Answer} {
		all = append(all, access.Decider{Resource: kind, May: may})
	}
	out.Decided(all)
	return out
}

func who(user int64) actor.Actor {
	return actor.Actor{UserID: user, OrganizationID: 1, Email: map[int64]string{1: "ann@example.com", 3: "cat@example.com"}[user]}
}

func (s *scene) inbox(user int64) []core.Notification {
	s.t.Helper()
	found, err := s.Inbox(s.ctx, who(user), nil, page.Request{})
	s.NoError(err)
	return found.Items
}

func (s *scene) texts(user int64) []string {
	s.t.Helper()
	out := []string{}
	for _, n := range s.inbox(user) {
		out = append(out, n.Message)
	}
	return out
}

// send is a message of 1 to a user.
func (s *scene) send(to int64, text string) core.Notification {
	s.t.Helper()
	n, err := s.Send(s.ctx, who(1), to, core.Message{Text: text})
	s.NoError(err)
	return n
}

// happens runs what a consumer does.
func (s *scene) happens(do func(ctx context.Context, tx uow.Tx) error) {
	s.t.Helper()
	s.NoError(s.db.Do(s.ctx, do))
}
