package httpv1_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/agents/internal/adapters/consumer"
	"parley/modules/agents/internal/adapters/httpv1"
	"parley/modules/agents/internal/adapters/memstore"
	"parley/modules/agents/internal/core"
	"parley/modules/agents/internal/core/coretest"
	"parley/modules/projects"
	"parley/modules/users"
	"parley/platform/bus"
	"parley/platform/kernel/access"
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

func actors() webtest.Actors { return newPeople().actors() }

// places stands in for projects. Project 1 is team 7's and project 2
// nobody's; random worlds have others.
type places struct {
	mu     sync.Mutex
	teamOf map[int64]int64 // by project; 0 without
	gone   map[int64]bool
	people *people
}

var (
	errNoProject = apperr.New(apperr.NotFound, "projects.not_found", "No such project.")
	errNoTeam    = apperr.New(apperr.NotFound, "projects.team_not_found", "No such team.")
)

func (p *places) project(id int64) (projects.Project, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	team, ok := p.teamOf[id]
	project := projects.Project{ID: id, OrganizationID: 1, Name: "Handbook", AgentCount: 3, IsDeleted: p.gone[id]}
	if team != 0 {
		project.TeamID = &team
	}
	return project, ok
}

// ProjectAccess implements projects.Catalog.
func (p *places) ProjectAccess(_ context.Context, who actor.Actor, id int64) (projects.ProjectAccess, error) {
	project, ok := p.project(id)
	d := access.Decide(who, project.Resource())
	if !ok || !d.Allowed.View {
		return projects.ProjectAccess{}, errNoProject
	}
	return projects.ProjectAccess{Project: project, Decision: d}, nil
}

// TeamAccess implements projects.Catalog.
func (p *places) TeamAccess(_ context.Context, who actor.Actor, id int64) (projects.TeamAccess, error) {
	team := projects.Team{ID: id, OrganizationID: 1}
	d := access.Decide(who, team.Resource())
	return projects.TeamAccess{Team: team, Decision: d}, d.Check(access.View, errNoTeam, nil)
}

// Teams implements projects.Catalog.
func (p *places) Teams(_ context.Context, org int64, ids []int64) (map[int64]int64, error) {
	return p.teams(func(project, _ int64) bool { return org == 1 && slices.Contains(ids, project) }), nil
}

// TeamOf implements projects.Catalog. It keeps nothing.
func (p *places) TeamOf(ctx context.Context, org, id int64) (int64, error) {
	teams, err := p.Teams(ctx, org, []int64{id})
	return teams[id], err
}

// Forget implements projects.Catalog.
func (p *places) Forget(int64, int64) {}

// ProjectsOfTeams implements projects.Catalog.
func (p *places) ProjectsOfTeams(_ context.Context, org int64, ids []int64) (map[int64]int64, error) {
	return p.teams(func(_, team int64) bool { return org == 1 && slices.Contains(ids, team) }), nil
}

func (p *places) teams(match func(project, team int64) bool) map[int64]int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := map[int64]int64{}
	for project, team := range p.teamOf {
		if team != 0 && match(project, team) {
			out[project] = team
		}
	}
	return out
}

// Details implements projects.Catalog.
func (p *places) Details(ctx context.Context, who actor.Actor, ids []int64) (map[int64]projects.Detail, error) {
	out := map[int64]projects.Detail{}
	for _, id := range ids {
		s, err := p.ProjectAccess(ctx, who, id)
		if err != nil {
			continue
		}
		rows := p.people.everybodys(id)
		d := projects.Detail{Project: s.Project, Users: int64(len(rows))}
		for _, row := range rows[:min(len(rows), 100)] {
			d.Members = append(d.Members, projects.Member{ID: row.ID, UserID: row.UserID, Role: row.Role})
		}
		out[id] = d
	}
	return out, nil
}

// house is the module on memory.
type house struct {
	t *testing.T
	webtest.Client
	db        *memory.DB
	clock     *clock.Fixed
	people    *people
	addresses *addresses
	places    *places
	store     *memstore.Store
	service   *core.Service
}

func newHouse(t *testing.T) house {
	at := clock.NewFixed(time.Date(2024, 10, 2, 0, 2, 24, 378434000, time.UTC))
	h := house{t: t, db: memory.New(at), clock: at, people: newPeople()}
	h.places = &places{teamOf: map[int64]int64{1: 7, 2: 0}, gone: map[int64]bool{}, people: h.people}
	h.store, h.addresses = memstore.New(h.db), newAddresses(h.db, h.people)
	h.service = core.New(core.Deps{Unit: h.db, Store: h.store, Projects: h.places, Actors: h.people, Directory: h.people, Permissions: h.people, Roles: h.people, Addresses: h.addresses, Clock: at, Models: []string{"m", "n"}})
	h.db.Deliver(bus.Inline(h.db, consumer.Consumers(h.service)...))
	h.publish(users.OrganizationCreated{OrganizationID: 1}, users.OrganizationCreated{OrganizationID: 2})
	h.Client = webtest.Serve(t, h.people, httpv1.New(h.service, h.people).Routes()).Watching(h.db)
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
	return h.As("ann").Expecting(webtest.Named("agents.agent_created.v1")).Do("POST", "/api/agent", map[string]any{
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
	if _, err := coretest.AddAgent(h.t.Context(), h.store, a); err != nil {
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

// bookmarks lists the agents in somebody's list, in its order.
func (h house) bookmarks(who, list string) []int64 {
	h.t.Helper()
	var rows []struct{ Agent struct{ ID int64 } }
	h.As(who).Do("GET", "/api/agent/"+list, nil).Want(200).Data(&rows)
	ids := []int64{}
	for _, r := range rows {
		ids = append(ids, r.Agent.ID)
	}
	return ids
}
