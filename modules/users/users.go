package users

import (
	"context"
	"time"

	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
)

// Organization is the tenant: nothing is ever visible across it.
type Organization struct {
	ID        int64
	OrgName   string
	Domain    string // unique; at first that of the first admin's address
	IsDeleted bool
	audit.Audit
}

// User is a person, or a service user who has no e-mail address and can't
// sign in.
type User struct {
	ID             int64
	OrganizationID int64
	Email          string // "" for a service user
	IsStaff        bool
	IsSuperuser    bool
	IsActive       bool
	DateJoined     time.Time
	FirstName      *string
	LastName       *string
}

// Level is what the two flags make of a user.
func (u User) Level() actor.Level {
	switch {
	case u.IsSuperuser:
		return actor.GlobalAdmin
	case u.IsStaff:
		return actor.ApplicationAdmin
	}
	return actor.User
}

// Permission is a role of one user on one team, project or agent.
type Permission struct {
	ID             int64
	OrganizationID int64
	UserID         int64
	ResourceType   actor.Resource
	ResourceID     int64
	Role           string // "member" or "admin"
	audit.Audit
}

// The errors that modules answer alike when they are asked about users.
var (
	ErrNotFound  = apperr.New(apperr.NotFound, "users.not_found", "The user does not exist, or you may not view it.")
	ErrSuspended = apperr.New(apperr.Forbidden, "users.suspended", "This user is suspended.")
)

// Actors answers who a stored user is to access decisions. It is the one place
// where that is decided, for credentials as well.
type Actors interface {
	// Actor answers an active user with all they were granted, as their next
	// request would be answered, without a session and not narrowed by a key.
	// A suspended user is ErrSuspended; a deleted one, or another
	// organization's, ErrNotFound. It may answer from memory: who changes a
	// user within a unit of work of this process sees the change after it, and
	// other processes when the event has come.
	Actor(ctx context.Context, organizationID, userID int64) (actor.Actor, error)
	// ActorsOn answers those of ids who are active, by id, each with what they
	// hold directly on the resources of on, as it is stored now, in two queries.
	// That is enough to decide about the last of them when the others are what
	// it lies in.
	ActorsOn(ctx context.Context, organizationID int64, ids []int64, on ...On) (map[int64]actor.Actor, error)
	// Level answers the level of a stored user, also of a suspended one, as it
	// answers Actor; ErrNotFound for a deleted one and another organization's.
	Level(ctx context.Context, organizationID, userID int64) (actor.Level, error)
	// GlobalAdminIDs answers the ids of all global admins as they are stored,
	// also of suspended ones, ascending. More than 10,000 are an error.
	GlobalAdminIDs(ctx context.Context, organizationID int64) ([]int64, error)
	// Forget drops what is kept of users, so that the next Actor reads what is
	// stored. Who handles an event about a user calls it, because it is not
	// told in which order a process handles one event.
	Forget(userIDs ...int64)
}

// On is one resource that roles are held on.
type On struct {
	Resource actor.Resource
	ID       int64
}

// Directory answers who the people of an organization are. Ids of another
// organization are treated as if they had never existed.
type Directory interface {
	// Users answers those of ids that exist, ordered by id, in one query.
	Users(ctx context.Context, organizationID int64, ids []int64) ([]User, error)
	// Organization answers one organization.
	Organization(ctx context.Context, id int64) (Organization, error)
	// GlobalAdmins answers the active global admins, ordered by id, at most 100.
	GlobalAdmins(ctx context.Context, organizationID int64) ([]User, error)
}

// Permissions keeps the roles that other modules grant on their resources.
// Its methods join the caller's unit of work and decide nothing: whether the
// caller may grant is the owner of the resource's to know.
type Permissions interface {
	// Grant gives each user the role on the resource; who has one there
	// already is left as they are. It answers the rows of all of them, ordered
	// by user, or ErrUnknownUsers when one is not of the organization.
	Grant(ctx context.Context, by actor.Actor, resource actor.Resource, id int64, users []int64, role actor.Role) ([]Permission, error)
	// Revoke takes the users' roles on the resource away and answers the rows
	// that were there.
	Revoke(ctx context.Context, by actor.Actor, resource actor.Resource, id int64, users []int64) ([]Permission, error)
	// Drop takes away every role on resources that are being deleted.
	Drop(ctx context.Context, organizationID int64, resource actor.Resource, ids []int64) error
}

// Roles answers who holds roles on the resources of other modules, however
// many they are: each answer is a part of a list or a figure, read by index in
// one query, and in a second one where a page by number is counted. Like
// Permissions it decides nothing. Users and roles of another organization are
// treated as if they had never existed.
type Roles interface {
	// RolesPage answers a part of the roles held directly on one resource,
	// ordered by user; suspended users keep theirs.
	RolesPage(ctx context.Context, organizationID int64, resource actor.Resource, id int64, p page.Request) (page.Of[Permission], error)
	// PeoplePage answers a part of the active users of a filter, each once,
	// ordered by id.
	PeoplePage(ctx context.Context, organizationID int64, of UserFilter, p page.Request) (page.Of[User], error)
	// RoleCounts answers how many users hold a role directly on each of the
	// resources; those on which nobody does are left out.
	RoleCounts(ctx context.Context, organizationID int64, resource actor.Resource, ids []int64) (map[int64]int64, error)
	// FirstRoles answers the first roles on each of the resources, at most
	// perResource of one, ordered by resource and user. More than 500 resources
	// at once are an error.
	FirstRoles(ctx context.Context, organizationID int64, resource actor.Resource, ids []int64, perResource int) ([]Permission, error)
}

// UserFilter selects the users to whom at least one of its fields applies. The
// zero value selects no user.
type UserFilter struct {
	// Grants are a few roles of which the users hold one at least: that role or
	// a higher one, on that resource itself.
	Grants       []actor.Grant
	Users        []int64
	GlobalAdmins bool
}

// Addresses is the one namespace of e-mail addresses of the installation, in
// which case makes no difference. Users have theirs in it, and a module that
// gives addresses to anything else claims them here. A holder has at most one;
// it is the aggregate key of what the address leads to, such as "user/7" or
// "agent/9". The methods join the caller's unit of work.
type Addresses interface {
	// Claim gives the holder the address, in place of the one it had. An error
	// of kind Conflict means that another one holds it, of whatever
	// organization; nothing has changed then, and the unit may go on. The
	// caller has what the holder stands for locked, so that two claims for it
	// don't pass each other.
	Claim(ctx context.Context, address, holder string) error
	// Release frees the addresses of holders that go, in one statement. That
	// some hold none is no error.
	Release(ctx context.Context, holders []string) error
}
