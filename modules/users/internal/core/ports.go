package core

import (
	"context"
	"time"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
)

// Store keeps organizations and users.
type Store interface {
	// AddOrganization answers it with its id; ErrDomainTaken when another has
	// the domain.
	AddOrganization(ctx context.Context, o users.Organization) (users.Organization, error)
	// Organization answers ErrNoOrg when there is none.
	Organization(ctx context.Context, id int64) (users.Organization, error)
	// HasOrganizations reports whether any exists.
	HasOrganizations(ctx context.Context) (bool, error)
	// LockOrganization keeps other units from changing who is an admin of it
	// until this one ends.
	LockOrganization(ctx context.Context, id int64) error

	// AddUser answers the user with an id; ErrEmailTaken when the address is
	// in use, whatever the case of its letters.
	AddUser(ctx context.Context, u users.User) (users.User, error)
	// User answers ErrNotFound for another organization's, too.
	User(ctx context.Context, organizationID, id int64) (users.User, error)
	// Users answers those of ids that exist, ordered by id.
	Users(ctx context.Context, organizationID int64, ids []int64) ([]users.User, error)
	// UsersPage is ordered by id.
	UsersPage(ctx context.Context, organizationID int64, f Filter, p page.Request) (page.Of[users.User], error)
	// GlobalAdmins answers the active ones, ordered by id.
	GlobalAdmins(ctx context.Context, organizationID int64, limit int) ([]users.User, error)
	// DeleteUsers removes users with their credentials and permissions.
	DeleteUsers(ctx context.Context, organizationID int64, ids []int64) error

	Credentials
	PermissionStore
}

// Filter narrows the list of users; zero fields match everybody.
type Filter struct {
	Text     string // part of the address or a name, in any case
	IsActive *bool
}

// Credential is how a user proves who they are.
type Credential struct {
	User users.User
	// PasswordHash is "" when the user can't sign in.
	PasswordHash string
	// Epoch grows when all sessions must end; tokens of an older one are void.
	Epoch int64
}

// Credentials keeps password hashes and session epochs.
type Credentials interface {
	// SetPassword stores the hash, in place of any earlier one.
	SetPassword(ctx context.Context, userID int64, hash string) error
	// CredentialByEmail answers ErrNotFound for an unknown address.
	CredentialByEmail(ctx context.Context, email string) (Credential, error)
	// Identity is what a token's user is and was granted now, or ErrNotFound.
	Identity(ctx context.Context, userID int64) (Credential, []users.Permission, error)
}

// PermissionStore keeps roles, one row per user and resource.
type PermissionStore interface {
	// AddPermissions adds rows and leaves alone those that stand already.
	AddPermissions(ctx context.Context, ps []users.Permission) error
	// Permissions answers roles on resources of one kind, ordered by resource
	// and user. Nil onlyUsers means everybody's.
	Permissions(ctx context.Context, organizationID int64, resource actor.Resource, ids, onlyUsers []int64) ([]users.Permission, error)
	// DeletePermissions removes and answers them. Nil onlyUsers means everybody's.
	DeletePermissions(ctx context.Context, organizationID int64, resource actor.Resource, ids, onlyUsers []int64) ([]users.Permission, error)
}

// Hasher keeps passwords unreadable. It is slow on purpose.
type Hasher interface {
	Hash(password string) (string, error)
	// Matches takes as long for an empty hash as for a real one.
	Matches(hash, password string) (bool, error)
}

// Purpose is what a token is good for; the two never stand in for each other.
type Purpose string

// The two tokens of a sign-in.
const (
	Access  Purpose = "access"  // opens the platform
	Refresh Purpose = "refresh" // only gets a new pair
)

// Session is what a token says.
type Session struct {
	UserID    int64
	Epoch     int64
	ExpiresOn time.Time
}

// Tokens makes and reads signed tokens.
type Tokens interface {
	Issue(p Purpose, s Session) (string, error)
	// Read answers ErrCredentials for a token that is not ours, has expired by
	// now, or serves another purpose.
	Read(p Purpose, token string, now time.Time) (Session, error)
}

// History blanks personal data in events that were published already.
type History interface {
	// BlankPersonal blanks names and addresses in the stored events of the
	// aggregates, within the unit of ctx.
	BlankPersonal(ctx context.Context, keys []string) error
}

// ByID is the order of the list of users.
func ByID(u users.User) page.Key { return page.Key{ID: u.ID} }
