// Package access is the one access decision: who may do what on which
// organization, team, project, agent or corpus, and why. Modules read the resource from
// their tables and ask here; none of them decides on its own.
//
// Decide answers about one resource. Visible and VisibleAgents are the view
// half of the same rule as values, from which stores build conditions of
// queries, so that a list shows exactly what Decide allows to view.
// Administered is its admin half, for figures of what somebody administers.
// GrantsToView is the reverse, for lists of the users who may view a resource.
//
// The rule: a role on a team holds for the team's projects, one on a project
// for its agents, and the highest applicable role wins. A global admin is
// admin of everything in the organization, the owner of an agent its admin.
// An application admin has no more than was granted. What an agent's access
// level adds or withholds stands at Level. An admin may do everything; a
// member may view, and run an agent that is open. Nothing is ever visible
// across organizations, and what was deleted is visible to nobody.
//
// Corpora have roles of their own, viewer, editor, admin and owner, which users
// and teams hold: DecideCorpus and VisibleCorpora are the same two halves for
// them.
//
// An API key narrows what its user may call before this is asked; it never
// widens the decision.
package access

import "parley/platform/kernel/actor"

// Action is what an actor does to a resource.
type Action string

// The actions. Run is what agents are for; to run a user is to write to them,
// and to run a content grant is to read with it.
const (
	View   Action = "view"
	Run    Action = "run"
	Edit   Action = "edit"
	Manage Action = "manage"
	Delete Action = "delete"
)

var actions = [...]Action{View, Run, Edit, Manage, Delete}

// Actions lists all actions, least first.
func Actions() []Action { return append([]Action(nil), actions[:]...) }

// Level is who may view an agent besides its admins.
type Level string

// The levels. At OnlyMe the agent is for its owner, its admins and those with
// a role on the agent itself; at OnlyTeam also for the members of its project
// and of the project's team; at Public for the whole organization.
const (
	OnlyMe   Level = "Only me"
	OnlyTeam Level = "Only team"
	Public   Level = "Public"
)

// narrowness orders the levels, widest first.
var narrowness = map[Level]int{Public: 0, OnlyTeam: 1, OnlyMe: 2}

// NarrowerThan reports whether fewer see an agent at l than at other.
func (l Level) NarrowerThan(other Level) bool { return narrowness[l] > narrowness[other] }

// Resource is what Decide decides about, as its module knows it. Fields that
// the kind doesn't have are zero.
type Resource struct {
	Kind           actor.Resource
	ID             int64
	OrganizationID int64 // of an organization: its own id
	Deleted        bool

	TeamID    int64 // of a project, or of an agent's project; 0 when it has none
	ProjectID int64 // of an agent
	OwnerID   int64 // of an agent
	Level     Level // of an agent
	Open      bool  // of an agent: it answers others than its admins
}

// Rule names a ground for a role.
type Rule string

// The rules, in the order in which equal roles are named.
const (
	GlobalAdmin Rule = "global_admin"
	Owner       Rule = "owner"
	AgentRole   Rule = "agent_role"
	// CorpusRoleGiven is a role on a corpus that was given to the user.
	CorpusRoleGiven Rule = "corpus_role"
	ProjectRole     Rule = "project_role"
	TeamRole        Rule = "team_role"
	PublicLevel     Rule = "public" // of an agent or a corpus
	// ApplicationAdmin speaks for the organization alone: of teams, projects and
	// agents an application admin has what was granted.
	ApplicationAdmin Rule = "application_admin"
	Belongs          Rule = "member" // of the organization
	// Suspended denies everything: a suspended user may do nothing. Decide never
	// gives it, since a suspended user never acts; modules that show the rights
	// of a suspended user do.
	Suspended Rule = "suspended"
)

// Reason is one rule that speaks for the actor, with the grant it rests on.
type Reason struct {
	Rule       Rule
	Resource   actor.Resource
	ResourceID int64
	Role       actor.Role // that the rule gives
}

// Allowed is what a decision allows.
type Allowed struct{ View, Run, Edit, Manage, Delete bool }

// May reports whether the action is allowed.
func (a Allowed) May(do Action) bool {
	switch do {
	case View:
		return a.View
	case Run:
		return a.Run
	case Edit:
		return a.Edit
	case Manage:
		return a.Manage
	case Delete:
		return a.Delete
	}
	return false
}

// Decision is the role that an actor has on a resource, what it allows, and
// why. Because has every rule that applies, the deciding one first; it is empty
// when none does.
type Decision struct {
	Role    actor.Role
	Allowed Allowed
	Because []Reason
}

// Check answers missing when the resource may not be viewed, refused when it
// may be viewed but the action is not allowed, and nil when it is.
func (d Decision) Check(do Action, missing, refused error) error {
	return d.Allowed.check(do, missing, refused)
}

func (a Allowed) check(do Action, missing, refused error) error {
	switch {
	case !a.View:
		return missing
	case !a.May(do):
		return refused
	}
	return nil
}

// Decide answers what the actor may do on a resource. Only the grants on the
// resource, its project and its team count.
func Decide(who actor.Actor, r Resource) Decision {
	var d Decision
	if !who.Known() || r.OrganizationID != who.OrganizationID || r.Deleted {
		return d
	}
	speak := func(rule Rule, resource actor.Resource, id int64, role actor.Role) {
		r := Reason{Rule: rule, Resource: resource, ResourceID: id, Role: role}
		switch {
		case role == actor.NoRole:
		case role > d.Role:
			d.Role, d.Because = role, append([]Reason{r}, d.Because...)
		default:
			d.Because = append(d.Because, r)
		}
	}
	held := func(rule Rule, resource actor.Resource, id int64) {
		role := who.Holds(resource, id)
		if r.Kind == actor.Agent && resource != actor.Agent && role == actor.Member && r.Level == OnlyMe {
			return // members of the project are kept out
		}
		speak(rule, resource, id, role)
	}
	if who.IsGlobalAdmin() {
		speak(GlobalAdmin, actor.Organization, r.OrganizationID, actor.Admin)
	}
	switch r.Kind {
	case actor.Organization:
		if who.Level == actor.ApplicationAdmin {
			speak(ApplicationAdmin, actor.Organization, r.ID, actor.Member)
		}
		speak(Belongs, actor.Organization, r.ID, actor.Member)
	case actor.Team:
		held(TeamRole, actor.Team, r.ID)
	case actor.Project:
		held(ProjectRole, actor.Project, r.ID)
		held(TeamRole, actor.Team, r.TeamID)
	case actor.Agent:
		if r.OwnerID == who.UserID && who.UserID != 0 {
			speak(Owner, actor.Agent, r.ID, actor.Admin)
		}
		held(AgentRole, actor.Agent, r.ID)
		held(ProjectRole, actor.Project, r.ProjectID)
		held(TeamRole, actor.Team, r.TeamID)
		if r.Level == Public {
			speak(PublicLevel, actor.Organization, r.OrganizationID, actor.Member)
		}
	}
	d.Allowed = allow(d.Role, who.Level, r)
	return d
}

// allow answers what a role allows. Application admins also manage the roles in
// the organization, up to their own.
func allow(role actor.Role, level actor.Level, r Resource) Allowed {
	admin := role == actor.Admin
	return Allowed{
		View:   role > actor.NoRole,
		Run:    r.Kind == actor.Agent && (admin || (role == actor.Member && r.Open)),
		Edit:   admin,
		Manage: admin || (r.Kind == actor.Organization && level >= actor.ApplicationAdmin),
		// Organizations are created and deleted only on the command line.
		Delete: admin && r.Kind != actor.Organization,
	}
}
