// Package actor is the caller of a request. Identity comes only from the
// credentials of the request. Created rows name the actor by e-mail address,
// "service-user-7" or "System".
package actor

import (
	"context"
	"slices"
	"strconv"
)

// Level is what a user is in the organization.
type Level uint8

// The levels, lowest first.
const (
	User Level = iota
	ApplicationAdmin
	GlobalAdmin
)

// names are those of the levels and of the roles: in the API, where they are
// stored as well, and in a sentence.
type names struct{ code, said string }

var levels = [...]names{{"user", "a user"}, {"application_admin", "an application admin"}, {"global_admin", "a global admin"}}

// String is the level's name in the API.
func (l Level) String() string { return levels[l].code }

// Said is the level in a sentence, with its article.
func (l Level) Said() string { return levels[l].said }

// ParseLevel reads a level's name; User and false for any other string.
func ParseLevel(name string) (Level, bool) {
	i := slices.IndexFunc(levels[:], func(n names) bool { return n.code == name })
	return Level(max(i, 0)), i >= 0 //nolint:gosec // bounded by the array
}

// Role is what a user is on a resource. The zero value is no role.
type Role uint8

// The roles, lowest first.
const (
	NoRole Role = iota
	Member
	Admin
)

var roles = [...]names{{}, {"member", "a member"}, {"admin", "an admin"}}

// String is the role's name in the API; "" for no role.
func (r Role) String() string { return roles[r].code }

// Said is the role in a sentence, with its article; "" for no role.
func (r Role) Said() string { return roles[r].said }

// ParseRole reads a role's name; NoRole and false for any other string.
func ParseRole(name string) (Role, bool) {
	i := slices.IndexFunc(roles[:], func(n names) bool { return n.code == name })
	return Role(max(i, 0)), i > 0 //nolint:gosec // bounded by the array
}

// Resource is a kind of resource that callers may do more or less with. The
// values are words of docs/api/permissions.md.
type Resource string

// The resources that roles are granted on. Roles on a team hold for its
// projects, those on a project for its agents.
const (
	Organization Resource = "organization"
	Team         Resource = "team"
	Project      Resource = "project"
	Agent        Resource = "agent"
)

// The resources that nobody holds a role on, and that modules decide about all
// the same.
const (
	Account        Resource = "user"
	Permission     Resource = "permission"
	APIKey         Resource = "API key"
	AgentType      Resource = "agent type"
	Review         Resource = "review"
	Corpus         Resource = "corpus" // it has roles of its own, see access.CorpusRole
	Document       Resource = "document"
	Thread         Resource = "thread"
	Answer         Resource = "answer"
	Notification   Resource = "notification"
	SharePointItem Resource = "sharepoint item"
	ContentGrant   Resource = "content grant"
	Webhook        Resource = "webhook"
	// EvaluationDataset and Evaluation belong to an agent.
	EvaluationDataset Resource = "evaluation dataset"
	Evaluation        Resource = "evaluation"
)

// Grant is one role that was given to the actor directly.
type Grant struct {
	Resource Resource
	ID       int64
	Role     Role
}

// Actor is the user behind a request. The zero value is nobody.
type Actor struct {
	UserID         int64
	OrganizationID int64
	Email          string
	FullName       string
	Level          Level
	Grants         []Grant // direct grants on teams, projects and agents

	Session string // id of the sign-in whose token was sent; "" without one
	KeyID   int64  // the API key that was sent; 0 without one
	Scope   Scope  // what that key narrows
}

// System is the server acting for itself inside one organization.
func System(organizationID int64) Actor {
	return Actor{OrganizationID: organizationID, Email: "System", Level: GlobalAdmin}
}

// Known reports whether the request has a caller.
func (a Actor) Known() bool { return a.OrganizationID != 0 }

// Name is what audit fields record: the e-mail address, "System" for the
// server, and "service-user-" and the id for a service user, who has no address.
func (a Actor) Name() string {
	if a.Email != "" {
		return a.Email
	}
	return "service-user-" + strconv.FormatInt(a.UserID, 10)
}

// IsGlobalAdmin reports whether everything in the organization is the actor's to manage.
func (a Actor) IsGlobalAdmin() bool { return a.Level == GlobalAdmin }

// Holds answers the highest role that was granted directly on one of ids.
func (a Actor) Holds(resource Resource, ids ...int64) Role {
	best := NoRole
	for _, g := range a.Grants {
		if g.Resource == resource && g.Role > best && slices.Contains(ids, g.ID) {
			best = g.Role
		}
	}
	return best
}

// Granted lists the ids on which the actor directly holds at least role,
// ascending and never nil.
func (a Actor) Granted(resource Resource, role Role) []int64 {
	ids := []int64{}
	for _, g := range a.Grants {
		if g.Resource == resource && g.Role >= role {
			ids = append(ids, g.ID)
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

type key struct{}

// In puts the actor into ctx. Only the web edge and system jobs do.
func In(ctx context.Context, a Actor) context.Context { return context.WithValue(ctx, key{}, a) }

// Living puts into ctx the actor that who answers when From is called: a request that
// lasts, such as a stream, outlives the rights that it began with.
func Living(ctx context.Context, who func() Actor) context.Context {
	return context.WithValue(ctx, key{}, who)
}

// From is the actor of ctx, or nobody.
func From(ctx context.Context) Actor {
	switch a := ctx.Value(key{}).(type) {
	case Actor:
		return a
	case func() Actor:
		return a()
	}
	return Actor{}
}
