package httpv1_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/agents/internal/adapters/consumer"
	"parley/modules/agents/internal/adapters/httpv1"
	"parley/modules/agents/internal/adapters/memstore"
	"parley/modules/agents/internal/core"
	"parley/modules/projects"
	"parley/modules/users"
	"parley/platform/bus"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
	"parley/platform/webtest"
)

// The people of organization 1. Ann is admin of project 1, Mel its member,
// Tom a member of its team, Bob in none; Root is a global admin of 1 and
// Strange one of organization 2.
const (
	ann int64 = iota + 1
	mel
	tom
	bob
	root
	strange
)

func grants(r actor.Resource, id int64, role actor.Role) []actor.Grant {
	return []actor.Grant{{Resource: r, ID: id, Role: role}}
}

func actors() webtest.Actors {
	return webtest.Actors{
		"ann":     {UserID: ann, OrganizationID: 1, Email: "ann@x", Grants: grants(actor.Project, 1, actor.Admin)},
		"mel":     {UserID: mel, OrganizationID: 1, Email: "mel@x", Grants: grants(actor.Project, 1, actor.Member)},
		"tom":     {UserID: tom, OrganizationID: 1, Email: "tom@x", Grants: grants(actor.Team, 7, actor.Member)},
		"bob":     {UserID: bob, OrganizationID: 1, Email: "bob@x"},
		"root":    {UserID: root, OrganizationID: 1, Email: "root@x", Level: actor.GlobalAdmin},
		"strange": {UserID: strange, OrganizationID: 2, Email: "strange@y", Level: actor.GlobalAdmin},
	}
}

// access stands in for projects: project 1 is team 7's, project 2 nobody's.
type access struct{}

var errNoProject = apperr.New(apperr.NotFound, "projects.not_found", "No such project.")

// Standing implements projects.Access.
func (access) Standing(_ context.Context, who actor.Actor, id int64) (projects.Standing, error) {
	s := projects.Standing{Project: projects.Project{ID: id, OrganizationID: 1}}
	switch team := map[int64]int64{1: 7}[id]; {
	case who.OrganizationID != 1 || id < 1 || id > 2:
	case who.IsGlobalAdmin():
		s.Role, s.Because = actor.Admin, projects.Reason{Rule: "global_admin", Resource: actor.Organization, ResourceID: 1, Role: "global_admin"}
	case who.Holds(actor.Project, id) > actor.NoRole:
		s.Role = who.Holds(actor.Project, id)
		s.Because = projects.Reason{Rule: "project_role", Resource: actor.Project, ResourceID: id, Role: s.Role.String()}
	case who.Holds(actor.Team, team) > actor.NoRole:
		s.Role = who.Holds(actor.Team, team)
		s.Because = projects.Reason{Rule: "team_role", Resource: actor.Team, ResourceID: team, Role: s.Role.String()}
	}
	if s.Role == actor.NoRole {
		return s, errNoProject
	}
	return s, nil
}

// Standings implements projects.Access.
func (a access) Standings(ctx context.Context, who actor.Actor) (map[int64]projects.Standing, bool, error) {
	if who.IsGlobalAdmin() {
		return nil, true, nil
	}
	all := map[int64]projects.Standing{}
	for _, id := range []int64{1, 2} {
		if s, err := a.Standing(ctx, who, id); err == nil {
			all[id] = s
		}
	}
	return all, false, nil
}

// Teams implements projects.Access.
func (access) Teams(context.Context, int64, []int64) (map[int64]int64, error) {
	return map[int64]int64{1: 7}, nil
}

// directory stands in for users.
type directory struct{ people []users.User }

func newDirectory() *directory {
	var d directory
	for name, a := range actors() {
		d.people = append(d.people, users.User{ID: a.UserID, OrganizationID: a.OrganizationID, Email: a.Email, FirstName: &name, IsSuperuser: a.IsGlobalAdmin()})
	}
	slices.SortFunc(d.people, func(a, b users.User) int { return int(a.ID - b.ID) })
	return &d
}

func (d *directory) delete(id int64) {
	d.people = slices.DeleteFunc(d.people, func(u users.User) bool { return u.ID == id })
}

func (d *directory) where(match func(users.User) bool) []users.User {
	return slices.DeleteFunc(slices.Clone(d.people), func(u users.User) bool { return !match(u) })
}

// Users implements users.Directory.
func (d *directory) Users(_ context.Context, org int64, ids []int64) ([]users.User, error) {
	return d.where(func(u users.User) bool { return u.OrganizationID == org && slices.Contains(ids, u.ID) }), nil
}

// Organization implements users.Directory.
func (d *directory) Organization(_ context.Context, id int64) (users.Organization, error) {
	return users.Organization{ID: id}, nil
}

// GlobalAdmins implements users.Directory.
func (d *directory) GlobalAdmins(_ context.Context, org int64) ([]users.User, error) {
	return d.where(func(u users.User) bool { return u.OrganizationID == org && u.IsSuperuser }), nil
}

// house is the module on memory.
type house struct {
	t *testing.T
	webtest.Client
	db      *memory.DB
	clock   *clock.Fixed
	people  *directory
	store   *memstore.Store
	service *core.Service
}

func newHouse(t *testing.T) house {
	at := clock.NewFixed(time.Date(2024, 10, 2, 0, 2, 24, 378434000, time.UTC))
	h := house{t: t, db: memory.New(at), clock: at, people: newDirectory()}
	h.store = memstore.New(h.db)
	h.service = core.New(core.Parts{Unit: h.db, Store: h.store, Projects: access{}, Directory: h.people, Clock: at})
	h.db.Deliver(bus.Inline(h.db, consumer.Consumers(h.service)...))
	h.Client = webtest.Serve(t, actors(), httpv1.New(h.service, h.people).Routes())
	return h
}

func (h house) same(want, got any) {
	h.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		h.t.Error(diff)
	}
}

// agent makes one in project 1, as ann.
func (h house) agent(access string) int64 {
	h.t.Helper()
	return h.As("ann").Do("POST", "/api/agent", map[string]any{
		"name": "Guide", "project_id": 1, "access": access, "prefix_prompt": "secret prompt", "custom_instructions": []string{"Be kind."},
	}).Want(201).ID()
}

// set changes a stored agent in a way that no operation does yet.
func (h house) set(id int64, change func(*core.Agent)) {
	h.t.Helper()
	a, err := h.store.Agent(h.t.Context(), core.Visible{OrganizationID: 1, All: true}, id)
	if err != nil {
		h.t.Fatal(err)
	}
	change(&a)
	if _, err := h.store.AddAgent(h.t.Context(), a); err != nil {
		h.t.Fatal(err)
	}
}

func (h house) publish(facts ...event.Event) {
	h.t.Helper()
	err := h.db.Do(h.t.Context(), func(_ context.Context, tx uow.Tx) error { tx.Publish(facts...); return nil })
	if err != nil {
		h.t.Fatal(err)
	}
}

// marks lists the agents in somebody's list, in its order.
func (h house) marks(who, list string) []int64 {
	h.t.Helper()
	var rows []struct{ Agent struct{ ID int64 } }
	h.As(who).Do("GET", "/api/agent/"+list, nil).Want(200).Data(&rows)
	ids := []int64{}
	for _, r := range rows {
		ids = append(ids, r.Agent.ID)
	}
	return ids
}
