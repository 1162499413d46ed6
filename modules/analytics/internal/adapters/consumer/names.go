package consumer

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"parley/modules/agents"
	"parley/modules/analytics/internal/core"
	"parley/modules/projects"
	"parley/modules/users"
	"parley/platform/bus"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
)

// names are one consumer, so that no name of a deleted user comes back. Teams,
// projects and agents keep theirs when they are deleted: what was asked there stays
// readable.
func names(s *core.Service) bus.Consumer {
	return bus.Consumer{Name: "analytics.names", Handlers: []bus.Handler{
		named(s, func(e users.UserCreated) core.Name {
			return core.Name{OrganizationID: e.OrganizationID, Kind: core.User, EntityID: e.UserID, Name: person(e.UserID, e.FirstName, e.LastName, e.Email)}
		}),
		named(s, func(e users.UserChanged) core.Name {
			return core.Name{OrganizationID: e.OrganizationID, Kind: core.User, EntityID: e.UserID, Name: person(e.UserID, e.FirstName, e.LastName, e.Email)}
		}),
		bus.On(func(ctx context.Context, _ uow.Tx, e users.UserDeleted, _ event.Envelope) error {
			return s.ForgetUser(ctx, e.OrganizationID, e.UserID)
		}),
		named(s, func(e projects.TeamCreated) core.Name {
			return core.Name{OrganizationID: e.OrganizationID, Kind: core.Team, EntityID: e.TeamID, Name: e.Name}
		}),
		named(s, func(e projects.TeamUpdated) core.Name {
			return core.Name{OrganizationID: e.OrganizationID, Kind: core.Team, EntityID: e.TeamID, Name: e.Name}
		}),
		named(s, func(e projects.ProjectCreated) core.Name {
			return core.Name{OrganizationID: e.OrganizationID, Kind: core.Project, EntityID: e.ProjectID, Name: e.Name}
		}),
		named(s, func(e projects.ProjectUpdated) core.Name {
			return core.Name{OrganizationID: e.OrganizationID, Kind: core.Project, EntityID: e.ProjectID, Name: e.Name}
		}),
		named(s, func(e agents.AgentCreated) core.Name {
			return core.Name{OrganizationID: e.OrganizationID, Kind: core.Agent, EntityID: e.AgentID, Name: e.AgentName}
		}),
		named(s, func(e agents.AgentUpdated) core.Name {
			return core.Name{OrganizationID: e.OrganizationID, Kind: core.Agent, EntityID: e.AgentID, Name: e.AgentName}
		}),
	}}
}

// named stores the names of all events in one step.
func named[E event.Event](s *core.Service, of func(E) core.Name) bus.Handler {
	return bus.OnMany(func(ctx context.Context, _ uow.Tx, list []bus.Fact[E]) error {
		names := make([]core.Name, len(list))
		for i, f := range list {
			names[i] = of(f.Event)
		}
		return s.SetNames(ctx, names...)
	})
}

// person is what a user is called: by name, else by address. A service user has
// neither and is called as in created_by.
func person(id int64, first, last, email string) string {
	return cmp.Or(strings.TrimSpace(first+" "+last), email, fmt.Sprintf("service-user-%d", id))
}
