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
	// OrganizationByDomain compares without case; ErrNoOrg when there is none.
	OrganizationByDomain(ctx context.Context, domain string) (users.Organization, error)
	// UpdateOrganization changes one; ErrNoOrg when there is none.
	UpdateOrganization(ctx context.Context, id int64, change func(*users.Organization) error) (users.Organization, error)
	// HasOrganizations reports whether any exists.
	HasOrganizations(ctx context.Context) (bool, error)
	// LockOrganization keeps other units that lock it, too, from deciding who
	// is an admin of it, or how many keys a user has, until this one ends.
	LockOrganization(ctx context.Context, id int64) error

	// AddUser answers the user with an id, who then has the address.
	// ErrEmailTaken ends the unit: another user or another module has the
	// address already, in whatever case.
	AddUser(ctx context.Context, u users.User) (users.User, error)
	// User answers ErrNotFound for another organization's, too.
	User(ctx context.Context, organizationID, id int64) (users.User, error)
	// Users answers those of ids that exist, ordered by id.
	Users(ctx context.Context, organizationID int64, ids []int64) ([]users.User, error)
	// UpdateUser changes one user; ErrNotFound as User, ErrEmailTaken as AddUser.
	UpdateUser(ctx context.Context, organizationID, id int64, change func(*users.User) error) (users.User, error)
	// UsersPage is ordered by id.
	UsersPage(ctx context.Context, organizationID int64, f Filter, p page.Request) (page.Of[users.User], error)
	// GlobalAdmins answers the active ones, ordered by id.
	GlobalAdmins(ctx context.Context, organizationID int64, limit int) ([]users.User, error)
	// GlobalAdminIDs answers those of all of them, suspended ones too, ascending.
	GlobalAdminIDs(ctx context.Context, organizationID int64, limit int) ([]int64, error)
	// DeleteUsers removes users with their credentials, keys and permissions,
	// and frees their addresses.
	DeleteUsers(ctx context.Context, organizationID int64, ids []int64) error

	// OddlySpelled answers users of all organizations with an id after that,
	// by id, whose address may be from before addresses had one spelling.
	OddlySpelled(ctx context.Context, after int64, limit int) ([]users.User, error)

	AddressStore
	Credentials
	PermissionStore
	RoleStore
	KeyStore
	MailStore
	AuditStore
}

// AddressStore keeps who holds which address: users, and what other modules
// claim for. AddUser, UpdateUser and DeleteUsers see to those of users.
type AddressStore interface {
	// Claim makes the address the only one of its holder. ErrEmailTaken when
	// another has it changes nothing, and the unit may go on.
	Claim(ctx context.Context, address, holder string) error
	// Release frees what the holders have, in one statement; none is no error.
	Release(ctx context.Context, holders []string) error
}

// Filter narrows the list of users; zero fields match everybody.
type Filter struct {
	Text     string // part of the address or a name, in any case
	IsActive *bool
	TeamID   int64 // users with a role on the team itself
}

// Credential is how a user proves who they are.
type Credential struct {
	User users.User
	// PasswordHash is "" when the user can't sign in.
	PasswordHash string
	// Epoch grows when all sessions must end; tokens of an older one are void.
	Epoch int64
	// Kept is the one session that outlived the last change of the epoch, the
	// one in which the password was changed; "" for none.
	Kept string
}

// Identity is the stored state of a caller.
type Identity struct {
	Credential
	Permissions []users.Permission
	Keys        []APIKey
}

// Credentials keeps password hashes and session epochs.
type Credentials interface {
	// SetPassword stores the hash, in place of any earlier one.
	SetPassword(ctx context.Context, userID int64, hash string) error
	// CredentialByEmail answers ErrNotFound for an unknown address.
	CredentialByEmail(ctx context.Context, email string) (Credential, error)
	// CredentialByID answers ErrNotFound for an unknown user.
	CredentialByID(ctx context.Context, userID int64) (Credential, error)
	// EndSessions makes the epoch grow; the session kept, if any, goes on.
	EndSessions(ctx context.Context, userID int64, kept string) error
	// Identity is what a user is, was granted and may use now, or ErrNotFound.
	Identity(ctx context.Context, userID int64) (Identity, error)
}

// PermissionStore keeps roles, one row per user and resource.
type PermissionStore interface {
	// AddPermissions adds rows, leaves alone those that stand already, and
	// answers those it added, in no order.
	AddPermissions(ctx context.Context, ps []users.Permission) ([]users.Permission, error)
	// PutPermission adds the row, or changes the role of the existing one.
	PutPermission(ctx context.Context, p users.Permission) (users.Permission, error)
	// Permission answers ErrNoPermission for another organization's, too.
	Permission(ctx context.Context, organizationID, id int64) (users.Permission, error)
	// UpdatePermission changes one; ErrNoPermission as Permission.
	UpdatePermission(ctx context.Context, organizationID, id int64, change func(*users.Permission) error) (users.Permission, error)
	// DeletePermission removes and answers one; ErrNoPermission as Permission.
	DeletePermission(ctx context.Context, organizationID, id int64) (users.Permission, error)
	// Permissions answers roles on resources of one kind, ordered by resource
	// and user. Nil onlyUsers means everybody's. More than it can answer at once
	// are an error, never a part of them.
	Permissions(ctx context.Context, organizationID int64, resource actor.Resource, ids, onlyUsers []int64) ([]users.Permission, error)
	// DeletePermissions removes and answers them. Nil onlyUsers means everybody's.
	DeletePermissions(ctx context.Context, organizationID int64, resource actor.Resource, ids, onlyUsers []int64) ([]users.Permission, error)
}

// RoleStore reads who holds roles, as users.Roles says. It is asked about one
// resource or user at least.
type RoleStore interface {
	RolesPage(ctx context.Context, organizationID int64, resource actor.Resource, id int64, p page.Request) (page.Of[users.Permission], error)
	PeoplePage(ctx context.Context, organizationID int64, of users.UserFilter, p page.Request) (page.Of[users.User], error)
	RoleCounts(ctx context.Context, organizationID int64, resource actor.Resource, ids []int64) (map[int64]int64, error)
	FirstRoles(ctx context.Context, organizationID int64, resource actor.Resource, ids []int64, perResource int) ([]users.Permission, error)
	// RolesOf answers what some users hold directly on some resources, ordered
	// by user and id, in one query. More than it can answer at once are an error.
	RolesOf(ctx context.Context, organizationID int64, users []int64, on []users.On) ([]users.Permission, error)
}

// KeyStore keeps API keys, by the hash of what they open with.
type KeyStore interface {
	// AddKey answers it with its id.
	AddKey(ctx context.Context, k APIKey) (APIKey, error)
	// Key answers ErrNoKey for another organization's, too.
	Key(ctx context.Context, organizationID, id int64) (APIKey, error)
	// KeysPage answers a user's keys, ordered by id.
	KeysPage(ctx context.Context, organizationID, userID int64, p page.Request) (page.Of[APIKey], error)
	// KeyOwner answers whose key has the hash, or ErrNoKey.
	KeyOwner(ctx context.Context, hash string) (userID int64, err error)
	// DeleteKey removes one; none is no error.
	DeleteKey(ctx context.Context, organizationID, id int64) error
	// DeleteKeys removes a user's keys and answers how many there were.
	DeleteKeys(ctx context.Context, organizationID, userID int64) (int, error)
	// KeysUsed notes the time of their last use, in one statement.
	KeysUsed(ctx context.Context, ids []int64, at time.Time) error
}

// AuditStore keeps the audit log. Nothing changes what it has but the number of
// refusals, and only age removes it.
type AuditStore interface {
	AddAudit(ctx context.Context, entries ...AuditEntry) error
	// AddRefusals is AddAudit, and answers the ids in the order of the entries.
	AddRefusals(ctx context.Context, entries []AuditEntry) ([]int64, error)
	// CountRefusals adds to the counts of entries, which move to the end of the
	// feed.
	CountRefusals(ctx context.Context, counts []RefusalCount) error
	// AuditPage answers an organization's entries, newest first.
	AuditPage(ctx context.Context, organizationID int64, f AuditFilter, p page.Request) (page.Of[AuditEntry], error)
	// NumberAudit gives up to limit entries that have none the next positions of
	// the feed, and answers how many, and the last position of all. Positions
	// become visible in their order.
	NumberAudit(ctx context.Context, limit int) (fresh, last int64, err error)
	// AuditFeed answers an organization's entries behind the position after, up
	// to the position top, in their order.
	AuditFeed(ctx context.Context, organizationID int64, f AuditFilter, after, top int64, limit int) ([]AuditEntry, error)
	// PruneAudit removes what is older than a time of the limit oldest entries,
	// and answers how many.
	PruneAudit(ctx context.Context, before time.Time, limit int) (int64, error)
}

// Hasher keeps passwords unreadable. It is slow on purpose, and answers
// ErrBusy when too many wait for it.
type Hasher interface {
	Hash(ctx context.Context, password string) (string, error)
	// Matches takes as long for an empty hash as for a real one.
	Matches(ctx context.Context, hash, password string) (bool, error)
}

// Purpose is what a token is for; a token of one purpose is never valid for the other.
type Purpose string

// The two tokens of a sign-in.
const (
	Access  Purpose = "access"  // opens the platform
	Refresh Purpose = "refresh" // only gets a new pair
)

// Session is what a token says.
type Session struct {
	ID        string // of the sign-in; both tokens and their successors share it
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
	// Derive answers the token that a random seed makes with each secret key;
	// the first is of the key that signs. From the seed alone nobody has it.
	Derive(seed string) []string
}

// History blanks personal data in events that were published already.
type History interface {
	// BlankPersonal blanks names and addresses in the stored events of the
	// aggregates, within the unit of ctx.
	BlankPersonal(ctx context.Context, keys []string) error
}

// ByID is the order of the list of users.
func ByID(u users.User) page.Key { return page.Key{ID: u.ID} }

// ByUser is the order of the list of roles on a resource, of which each user
// holds one.
func ByUser(p users.Permission) page.Key { return page.Key{ID: p.UserID} }
