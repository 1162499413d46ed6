// Package memstore keeps users in memory, for tests.
package memstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"parley/modules/users"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
)

// Store implements core.Store.
type Store struct {
	db            *memory.DB
	organizations *memory.Table[users.Organization]
	users         *memory.Table[users.User]
	addresses     *memory.Table[address]
	credentials   *memory.Table[credential]
	permissions   *memory.Table[users.Permission]
	keys          *memory.Table[core.APIKey]
	mails         *memory.Table[core.Mail]
	audit         *memory.Table[core.AuditEntry]
	feed          *memory.Table[feedRow]
}

type credential struct {
	ID, UserID, Epoch int64
	Hash, Kept        string
}

// New returns an empty store in db.
func New(db *memory.DB) *Store {
	return &Store{
		db: db, addresses: newAddresses(db),
		organizations: memory.NewTable(db, memory.Spec[users.Organization]{
			ID:     func(o *users.Organization) *int64 { return &o.ID },
			Unique: []func(users.Organization) string{func(o users.Organization) string { return strings.ToLower(o.Domain) }},
			Taken:  core.ErrDomainTaken, Missing: core.ErrNoOrg,
		}),
		users: memory.NewTable(db, memory.Spec[users.User]{
			ID:     func(u *users.User) *int64 { return &u.ID },
			Unique: []func(users.User) string{func(u users.User) string { return strings.ToLower(u.Email) }},
			Taken:  core.ErrEmailTaken, Missing: core.ErrNotFound,
		}),
		credentials: memory.NewTable(db, memory.Spec[credential]{
			ID:      func(c *credential) *int64 { return &c.ID },
			Missing: core.ErrNotFound,
		}),
		permissions: memory.NewTable(db, memory.Spec[users.Permission]{
			ID:      func(p *users.Permission) *int64 { return &p.ID },
			Missing: core.ErrNoPermission,
		}),
		keys: memory.NewTable(db, memory.Spec[core.APIKey]{
			ID:      func(k *core.APIKey) *int64 { return &k.ID },
			Missing: core.ErrNoKey,
		}),
		feed: memory.NewTable(db, memory.Spec[feedRow]{ID: func(r *feedRow) *int64 { return &r.ID }}),
		mails: memory.NewTable(db, memory.Spec[core.Mail]{
			ID:      func(m *core.Mail) *int64 { return &m.ID },
			Missing: core.ErrToken,
		}),
		audit: memory.NewTable(db, memory.Spec[core.AuditEntry]{
			ID: func(e *core.AuditEntry) *int64 { return &e.ID },
		}),
	}
}

// AddOrganization implements core.Store.
func (s *Store) AddOrganization(ctx context.Context, o users.Organization) (users.Organization, error) {
	return s.organizations.Add(ctx, o)
}

// Organization implements core.Store.
func (s *Store) Organization(ctx context.Context, id int64) (users.Organization, error) {
	return s.organizations.Get(ctx, func(o users.Organization) bool { return o.ID == id })
}

// OrganizationByDomain implements core.Store.
func (s *Store) OrganizationByDomain(ctx context.Context, domain string) (users.Organization, error) {
	return s.organizations.Get(ctx, func(o users.Organization) bool { return strings.EqualFold(o.Domain, domain) })
}

// UpdateOrganization implements core.Store.
func (s *Store) UpdateOrganization(ctx context.Context, id int64, change func(*users.Organization) error) (users.Organization, error) {
	return s.organizations.Update(ctx, change, func(o users.Organization) bool { return o.ID == id })
}

// HasOrganizations implements core.Store.
func (s *Store) HasOrganizations(ctx context.Context) (bool, error) {
	n, err := s.organizations.Count(ctx, func(users.Organization) bool { return true })
	return n > 0, err
}

// LockOrganization implements core.Store: units run one at a time here.
func (s *Store) LockOrganization(ctx context.Context, id int64) error {
	_, err := s.Organization(ctx, id)
	return err
}

// AddUser implements core.Store.
func (s *Store) AddUser(ctx context.Context, u users.User) (users.User, error) {
	err := s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) (err error) {
		if u, err = s.users.Add(ctx, u); err != nil || u.Email == "" {
			return err
		}
		return s.Claim(ctx, u.Email, users.Key(u.ID))
	})
	return u, err
}

// User implements core.Store.
func (s *Store) User(ctx context.Context, org, id int64) (users.User, error) {
	return s.users.Get(ctx, func(u users.User) bool { return u.ID == id && u.OrganizationID == org })
}

// UpdateUser implements core.Store.
func (s *Store) UpdateUser(ctx context.Context, org, id int64, change func(*users.User) error) (users.User, error) {
	var after users.User
	err := s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) (err error) {
		after, err = s.users.Update(ctx, change, func(u users.User) bool { return u.ID == id && u.OrganizationID == org })
		switch {
		case err != nil:
			return err
		case after.Email == "":
			return s.Release(ctx, []string{users.Key(id)})
		}
		return s.Claim(ctx, after.Email, users.Key(id))
	})
	return after, err
}

// Users implements core.Store.
func (s *Store) Users(ctx context.Context, org int64, ids []int64) ([]users.User, error) {
	return s.users.List(ctx, func(u users.User) bool { return u.OrganizationID == org && slices.Contains(ids, u.ID) })
}

// UsersPage implements core.Store.
func (s *Store) UsersPage(ctx context.Context, org int64, f core.Filter, p page.Request) (page.Of[users.User], error) {
	text := strings.ToLower(f.Text)
	team := map[int64]bool{}
	if f.TeamID != 0 {
		ps, err := s.Permissions(ctx, org, actor.Team, []int64{f.TeamID}, nil)
		if err != nil {
			return page.Of[users.User]{}, err
		}
		for _, p := range ps {
			team[p.UserID] = true
		}
	}
	return s.users.Page(ctx, p, false, core.ByID, func(u users.User) bool {
		in := func(s *string) bool { return s != nil && strings.Contains(strings.ToLower(*s), text) }
		return u.OrganizationID == org && (f.IsActive == nil || u.IsActive == *f.IsActive) && (f.TeamID == 0 || team[u.ID]) &&
			(text == "" || in(&u.Email) || in(u.FirstName) || in(u.LastName))
	})
}

// GlobalAdmins implements core.Store.
func (s *Store) GlobalAdmins(ctx context.Context, org int64, limit int) ([]users.User, error) {
	all, err := s.users.List(ctx, func(u users.User) bool { return u.OrganizationID == org && u.IsSuperuser && u.IsActive })
	return all[:min(limit, len(all))], err
}

// GlobalAdminIDs implements core.Store.
func (s *Store) GlobalAdminIDs(ctx context.Context, org int64, limit int) ([]int64, error) {
	all, err := s.users.List(ctx, func(u users.User) bool { return u.OrganizationID == org && u.IsSuperuser })
	ids := make([]int64, min(limit, len(all)))
	for i := range ids {
		ids[i] = all[i].ID
	}
	return ids, err
}

// DeleteUsers implements core.Store.
func (s *Store) DeleteUsers(ctx context.Context, org int64, ids []int64) error {
	gone, err := s.users.Delete(ctx, func(u users.User) bool { return u.OrganizationID == org && slices.Contains(ids, u.ID) })
	if err != nil {
		return err
	}
	was := func(id int64) bool { return slices.ContainsFunc(gone, func(u users.User) bool { return u.ID == id }) }
	if _, err := s.credentials.Delete(ctx, func(c credential) bool { return was(c.UserID) }); err != nil {
		return err
	}
	if _, err := s.keys.Delete(ctx, func(k core.APIKey) bool { return was(k.UserID) }); err != nil {
		return err
	}
	if _, err := s.mails.Delete(ctx, func(m core.Mail) bool { return m.UserID != 0 && was(m.UserID) }); err != nil {
		return err
	}
	if _, err := s.permissions.Delete(ctx, func(p users.Permission) bool { return was(p.UserID) }); err != nil {
		return err
	}
	holders := make([]string, len(gone))
	for i, u := range gone {
		holders[i] = users.Key(u.ID)
	}
	return s.Release(ctx, holders)
}

// SetPassword implements core.Credentials.
func (s *Store) SetPassword(ctx context.Context, userID int64, hash string) error {
	mine := func(c credential) bool { return c.UserID == userID }
	if n, err := s.credentials.Count(ctx, mine); err != nil || n == 0 {
		_, err = s.credentials.Add(ctx, credential{UserID: userID, Hash: hash, Epoch: 1})
		return err
	}
	_, err := s.credentials.Update(ctx, func(c *credential) error { c.Hash = hash; return nil }, mine)
	return err
}

// CredentialByEmail implements core.Credentials.
func (s *Store) CredentialByEmail(ctx context.Context, email string) (core.Credential, error) {
	u, err := s.users.Get(ctx, func(u users.User) bool { return email != "" && strings.EqualFold(u.Email, email) })
	if err != nil {
		return core.Credential{}, err
	}
	return s.credential(ctx, u)
}

// Identity implements core.Credentials.
func (s *Store) Identity(ctx context.Context, userID int64) (core.Identity, error) {
	c, err := s.CredentialByID(ctx, userID)
	if err != nil {
		return core.Identity{}, err
	}
	ps, err := s.permissions.List(ctx, func(p users.Permission) bool { return p.UserID == userID })
	if err != nil {
		return core.Identity{}, err
	}
	keys, err := s.keys.List(ctx, func(k core.APIKey) bool { return k.UserID == userID })
	return core.Identity{Credential: c, Permissions: ps, Keys: keys}, err
}

// CredentialByID implements core.Credentials.
func (s *Store) CredentialByID(ctx context.Context, userID int64) (core.Credential, error) {
	u, err := s.users.Get(ctx, func(u users.User) bool { return u.ID == userID })
	if err != nil {
		return core.Credential{}, err
	}
	return s.credential(ctx, u)
}

// EndSessions implements core.Credentials.
func (s *Store) EndSessions(ctx context.Context, userID int64, kept string) error {
	_, err := s.credentials.Update(ctx, func(c *credential) error { c.Epoch++; c.Kept = kept; return nil }, func(c credential) bool { return c.UserID == userID })
	return err
}

func (s *Store) credential(ctx context.Context, u users.User) (core.Credential, error) {
	c, err := s.credentials.Get(ctx, func(c credential) bool { return c.UserID == u.ID })
	if err != nil {
		return core.Credential{}, fmt.Errorf("reading the credentials of user %d: %w", u.ID, err)
	}
	return core.Credential{User: u, PasswordHash: c.Hash, Epoch: c.Epoch, Kept: c.Kept}, nil
}

// AddPermissions implements core.PermissionStore.
func (s *Store) AddPermissions(ctx context.Context, ps []users.Permission) ([]users.Permission, error) {
	added := []users.Permission{}
	for _, p := range ps {
		n, err := s.permissions.Count(ctx, func(o users.Permission) bool {
			return o.UserID == p.UserID && o.ResourceType == p.ResourceType && o.ResourceID == p.ResourceID
		})
		if err != nil {
			return nil, err
		}
		if n > 0 {
			continue
		}
		if p, err = s.permissions.Add(ctx, p); err != nil {
			return nil, err
		}
		added = append(added, p)
	}
	return added, nil
}

// PutPermission implements core.PermissionStore.
func (s *Store) PutPermission(ctx context.Context, p users.Permission) (users.Permission, error) {
	added, err := s.AddPermissions(ctx, []users.Permission{p})
	if err != nil || len(added) == 1 {
		return append(added, users.Permission{})[0], err
	}
	return s.permissions.Update(ctx, func(o *users.Permission) error {
		o.Role = p.Role
		o.Touch(p.CreatedBy, p.ModifiedOn)
		return nil
	}, func(o users.Permission) bool {
		return o.UserID == p.UserID && o.ResourceType == p.ResourceType && o.ResourceID == p.ResourceID
	})
}

func permissionByID(org, id int64) func(users.Permission) bool {
	return func(p users.Permission) bool { return p.ID == id && p.OrganizationID == org }
}

// Permission implements core.PermissionStore.
func (s *Store) Permission(ctx context.Context, org, id int64) (users.Permission, error) {
	return s.permissions.Get(ctx, permissionByID(org, id))
}

// UpdatePermission implements core.PermissionStore.
func (s *Store) UpdatePermission(ctx context.Context, org, id int64, change func(*users.Permission) error) (users.Permission, error) {
	return s.permissions.Update(ctx, change, permissionByID(org, id))
}

// DeletePermission implements core.PermissionStore.
func (s *Store) DeletePermission(ctx context.Context, org, id int64) (users.Permission, error) {
	gone, err := s.permissions.Delete(ctx, permissionByID(org, id))
	if err == nil && len(gone) == 0 {
		err = core.ErrNoPermission
	}
	return append(gone, users.Permission{})[0], err
}

// Permissions implements core.PermissionStore.
func (s *Store) Permissions(ctx context.Context, org int64, r actor.Resource, ids, only []int64) ([]users.Permission, error) {
	ps, err := s.permissions.List(ctx, onResource(org, r, ids, only))
	slices.SortStableFunc(ps, func(a, b users.Permission) int {
		return cmp.Or(cmp.Compare(a.ResourceID, b.ResourceID), cmp.Compare(a.UserID, b.UserID))
	})
	return ps, err
}

// DeletePermissions implements core.PermissionStore.
func (s *Store) DeletePermissions(ctx context.Context, org int64, r actor.Resource, ids, only []int64) ([]users.Permission, error) {
	return s.permissions.Delete(ctx, onResource(org, r, ids, only))
}

func onResource(org int64, r actor.Resource, ids, only []int64) func(users.Permission) bool {
	return func(p users.Permission) bool {
		return p.OrganizationID == org && p.ResourceType == r && slices.Contains(ids, p.ResourceID) && (only == nil || slices.Contains(only, p.UserID))
	}
}
