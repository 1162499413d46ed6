package access

import (
	"slices"

	"parley/platform/kernel/actor"
)

// CorpusRole is what somebody is on a corpus. The zero value is no role.
type CorpusRole uint8

// The roles, lowest first. A viewer sees and searches, an editor also changes
// the corpus and its documents, an admin also deletes it and gives roles on
// it. The owner is an admin whose role nobody changes or takes away.
const (
	NoCorpusRole CorpusRole = iota
	CorpusViewer
	CorpusEditor
	CorpusAdmin
	CorpusOwner
)

var corpusRoles = [...]string{"", "viewer", "editor", "admin", "owner"}

// String is the role's name in the API; "" for no role.
func (r CorpusRole) String() string { return corpusRoles[r] }

// CorpusRoleNamed reads the name of any role, as they are stored; NoCorpusRole
// for any other string.
func CorpusRoleNamed(name string) CorpusRole {
	return CorpusRole(max(slices.Index(corpusRoles[:], name), 0)) //nolint:gosec // bounded by the array
}

// ParseCorpusRole reads the name of a role that can be given; false for any
// other string. Nobody can be made owner.
func ParseCorpusRole(name string) (CorpusRole, bool) {
	r := CorpusRoleNamed(name)
	if r == NoCorpusRole || r == CorpusOwner {
		return NoCorpusRole, false
	}
	return r, true
}

// CorpusGrant is a role on a corpus that was given to one user, or to all who
// have a role on a team.
type CorpusGrant struct {
	UserID int64 // 0 when it was given to a team
	TeamID int64 // 0 when it was given to a user
	Role   CorpusRole
}

// Corpus is a corpus that is decided about, with the grants on it. Grants to
// others than the actor and the actor's teams don't matter.
type Corpus struct {
	ID             int64
	OrganizationID int64
	OwnerID        int64
	Public         bool // readable by the whole organization
	Deleted        bool
	Grants         []CorpusGrant
}

// CorpusReason is one rule that speaks for the actor. The resource is the
// corpus, or the team or organization through which it holds.
type CorpusReason struct {
	Rule       Rule
	Resource   actor.Resource
	ResourceID int64
	Role       CorpusRole // that the rule gives
}

// CorpusDecision is what somebody is to a corpus, and why. Because has every
// rule that applies, the deciding one first; it is empty when none does.
type CorpusDecision struct {
	Role    CorpusRole
	Allowed Allowed
	Because []CorpusReason
}

// Check answers as Decision's does.
func (d CorpusDecision) Check(do Action, missing, refused error) error {
	return d.Allowed.check(do, missing, refused)
}

// DecideCorpus answers what who may do on a corpus. Edit is to change it and
// its documents; Manage is to give roles on it, to open it to the
// organization, and to share its content through agents. A team's grant gives
// its role to members and admins of the team alike.
func DecideCorpus(who actor.Actor, c Corpus) CorpusDecision {
	var d CorpusDecision
	if !who.Known() || c.OrganizationID != who.OrganizationID || c.Deleted {
		return d
	}
	speak := func(rule Rule, resource actor.Resource, id int64, role CorpusRole) {
		r := CorpusReason{Rule: rule, Resource: resource, ResourceID: id, Role: role}
		switch {
		case role == NoCorpusRole:
		case role > d.Role:
			d.Role, d.Because = role, append([]CorpusReason{r}, d.Because...)
		default:
			d.Because = append(d.Because, r)
		}
	}
	if who.UserID != 0 && c.OwnerID == who.UserID {
		speak(Owner, actor.Corpus, c.ID, CorpusOwner)
	}
	if who.IsGlobalAdmin() {
		speak(GlobalAdmin, actor.Organization, c.OrganizationID, CorpusAdmin)
	}
	for _, g := range c.Grants {
		if g.UserID != 0 && g.UserID == who.UserID {
			speak(CorpusRoleGiven, actor.Corpus, c.ID, g.Role)
		}
	}
	for _, g := range c.Grants {
		if g.TeamID != 0 && who.Holds(actor.Team, g.TeamID) > actor.NoRole {
			speak(TeamRole, actor.Team, g.TeamID, g.Role)
		}
	}
	if c.Public {
		speak(PublicLevel, actor.Organization, c.OrganizationID, CorpusViewer)
	}
	admin := d.Role >= CorpusAdmin
	d.Allowed = Allowed{View: d.Role >= CorpusViewer, Edit: d.Role >= CorpusEditor, Manage: admin, Delete: admin}
	return d
}

// VisibleCorpora is which corpora somebody may view, as a condition for
// queries: those of the organization that are not deleted and of which All
// holds, or that are public, or that the user owns, or on which there is a
// grant to the user or to one of the teams.
type VisibleCorpora struct {
	OrganizationID int64
	UserID         int64 // nobody when it is 0
	All            bool  // a global admin
	Teams          []int64
}

// CorporaVisibleTo is DecideCorpus's view of corpora.
func CorporaVisibleTo(who actor.Actor) VisibleCorpora {
	return VisibleCorpora{OrganizationID: who.OrganizationID, UserID: who.UserID, All: who.IsGlobalAdmin(), Teams: who.Granted(actor.Team, actor.Member)}
}

// Shows evaluates the condition for a corpus.
func (v VisibleCorpora) Shows(c Corpus) bool {
	if v.OrganizationID == 0 || c.OrganizationID != v.OrganizationID || c.Deleted {
		return false
	}
	return v.All || c.Public || (v.UserID != 0 && c.OwnerID == v.UserID) || slices.ContainsFunc(c.Grants, func(g CorpusGrant) bool {
		return g.Role > NoCorpusRole && ((g.UserID != 0 && g.UserID == v.UserID) || (g.TeamID != 0 && slices.Contains(v.Teams, g.TeamID)))
	})
}
