// Package coretest is the suite that every store of users must pass.
package coretest

import (
	"context"
	"errors"
	"testing"

	"parley/modules/users"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/storetest"
)

var now = storetest.Now()

type fixture struct {
	storetest.Assert
	core.Store
	t   *testing.T
	ctx context.Context
	org users.Organization
}

// TestStore runs the suite; open answers a fresh, empty store and its unit.
func TestStore(t *testing.T, open func(t *testing.T) (core.Store, uow.Unit)) {
	cases := map[string]func(f fixture, unit uow.Unit){
		"an organization comes back as it was stored":       organizationRoundTrip,
		"a domain belongs to one organization":              domainIsUnique,
		"a user comes back as it was stored":                userRoundTrip,
		"an address is used once, whatever its case":        emailIsUnique,
		"an address has one holder, and a holder one":       claiming,
		"addresses in odd spellings are listed":             oddSpellings,
		"addresses are freed with their holders":            releasing,
		"a failed unit frees what it claimed":               claimsOfUnits,
		"users hold addresses among others":                 usersAmongHolders,
		"the addresses of deleted users are free":           addressesOfTheDeleted,
		"service users have no address and may be many":     serviceUsers,
		"other organizations' users are not there":          tenantsAreApart,
		"the list is filtered and paged by id":              listing,
		"the list is as long as it says":                    counted,
		"only active global admins are answered":            globalAdmins,
		"credentials are found by address and by id":        credentials,
		"permissions are one per user and resource":         permissions,
		"who holds roles is found by page and by cursor":    holders,
		"roles of another organization are nobody's":        foreignRoles,
		"a permission is read, changed and taken by its id": onePermission,
		"users and organizations change one at a time":      changes,
		"the list of users is that of a team":               teamList,
		"keys are found by their hash and by their id":      keys,
		"the audit log is newest first":                     auditLog,
		"the audit log is followed by position":             auditFeed,
		"refusals are counted in their row":                 countedRefusals,
		"only old entries of the audit log are removed":     prunedAudit,
		"an organization is found by its domain":            byDomain,
		"mails are found by their token and go with users":  mails,
		"mails are counted and pruned":                      mailsInTime,
		"deleting takes credentials and permissions along":  deleting,
		"a failed unit leaves nothing behind":               rollback,
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			store, unit := open(t)
			f := fixture{Assert: storetest.New(t), Store: store, t: t, ctx: context.Background()}
			f.org = f.organization("example.com")
			test(f, unit)
		})
	}
}

func (f fixture) organization(domain string) users.Organization {
	f.t.Helper()
	return storetest.Must[users.Organization](f.t)(f.AddOrganization(f.ctx, users.Organization{OrgName: "Tech", Domain: domain, Audit: audit.New(audit.System, now)}))
}

func (f fixture) user(email string, change ...func(*users.User)) users.User {
	f.t.Helper()
	u := users.User{OrganizationID: f.org.ID, Email: email, IsActive: true, DateJoined: now}
	for _, c := range change {
		c(&u)
	}
	u = storetest.Must[users.User](f.t)(f.AddUser(f.ctx, u))
	if err := f.SetPassword(f.ctx, u.ID, "hash of "+email); err != nil {
		f.t.Fatal(err)
	}
	return u
}

func organizationRoundTrip(f fixture, _ uow.Unit) {
	f.Equal(f.org, storetest.Must[users.Organization](f.t)(f.Organization(f.ctx, f.org.ID)))
	_, err := f.Organization(f.ctx, 99)
	f.ErrorIs(err, core.ErrNoOrg)
	if has := storetest.Must[bool](f.t)(f.HasOrganizations(f.ctx)); !has {
		f.t.Error("the organization is not seen")
	}
}

func domainIsUnique(f fixture, _ uow.Unit) {
	_, err := f.AddOrganization(f.ctx, users.Organization{OrgName: "Other", Domain: "EXAMPLE.com", Audit: audit.New(audit.System, now)})
	f.ErrorIs(err, core.ErrDomainTaken)
}

func userRoundTrip(f fixture, _ uow.Unit) {
	first := "Jo"
	u := f.user("jo@example.com", func(u *users.User) { u.FirstName, u.IsStaff = &first, true })
	f.Equal(u, storetest.Must[users.User](f.t)(f.User(f.ctx, f.org.ID, u.ID)))
	_, err := f.User(f.ctx, f.org.ID, 99)
	f.ErrorIs(err, core.ErrNotFound)
}

func emailIsUnique(f fixture, _ uow.Unit) {
	f.user("jo@example.com")
	_, err := f.AddUser(f.ctx, users.User{OrganizationID: f.org.ID, Email: "JO@example.com", DateJoined: now})
	f.ErrorIs(err, core.ErrEmailTaken)
}

func serviceUsers(f fixture, _ uow.Unit) {
	f.user("")
	f.user("")
	_, err := f.CredentialByEmail(f.ctx, "")
	f.ErrorIs(err, core.ErrNotFound)
}

func tenantsAreApart(f fixture, _ uow.Unit) {
	u := f.user("jo@example.com")
	other := f.organization("other.org")
	_, err := f.User(f.ctx, other.ID, u.ID)
	f.ErrorIs(err, core.ErrNotFound)
	f.Equal(0, len(storetest.Must[[]users.User](f.t)(f.Users(f.ctx, other.ID, []int64{u.ID}))))
	if err := f.DeleteUsers(f.ctx, other.ID, []int64{u.ID}); err != nil {
		f.t.Fatal(err)
	}
	f.Equal(u, storetest.Must[users.User](f.t)(f.User(f.ctx, f.org.ID, u.ID)))
}

func listing(f fixture, _ uow.Unit) {
	last := "O'Ha_ra"
	a := f.user("a@example.com")
	b := f.user("b@example.com", func(u *users.User) { u.LastName = &last })
	c := f.user("c@example.com", func(u *users.User) { u.IsActive = false })
	list := func(filter core.Filter, p page.Request) page.Of[users.User] {
		return storetest.Must[page.Of[users.User]](f.t)(f.UsersPage(f.ctx, f.org.ID, filter, p))
	}
	f.Equal([]users.User{a, b, c}, list(core.Filter{}, page.Request{}).Items)
	f.Equal([]users.User{b}, list(core.Filter{Text: "HA_"}, page.Request{}).Items)
	f.Equal([]users.User{}, list(core.Filter{Text: "%"}, page.Request{}).Items)
	off := false
	f.Equal([]users.User{c}, list(core.Filter{IsActive: &off}, page.Request{}).Items)
	second := list(core.Filter{}, page.Request{Number: 2, Size: 2})
	f.Equal([]users.User{c}, second.Items)
	f.Equal(int64(3), second.Count)
	walk := list(core.Filter{}, page.Request{Size: 2, ByCursor: true})
	f.Equal([]users.User{c}, list(core.Filter{}, page.Request{Size: 2, Cursor: walk.NextCursor}).Items)
	_, err := f.UsersPage(f.ctx, f.org.ID, core.Filter{}, page.Request{Cursor: "nonsense"})
	f.ErrorIs(err, page.ErrCursor)
	f.Equal([]users.User{a, c}, storetest.Must[[]users.User](f.t)(f.Users(f.ctx, f.org.ID, []int64{c.ID, 99, a.ID})))
}

func globalAdmins(f fixture, _ uow.Unit) {
	admin := func(u *users.User) { u.IsSuperuser = true }
	a := f.user("a@example.com", admin)
	b := f.user("b@example.com", admin, func(u *users.User) { u.IsActive = false })
	f.user("c@example.com")
	d := f.user("d@example.com", admin)
	f.Equal([]users.User{a, d}, storetest.Must[[]users.User](f.t)(f.GlobalAdmins(f.ctx, f.org.ID, 10)))
	f.Equal([]users.User{a}, storetest.Must[[]users.User](f.t)(f.GlobalAdmins(f.ctx, f.org.ID, 1)))
	f.Equal([]int64{a.ID, b.ID, d.ID}, storetest.Must[[]int64](f.t)(f.GlobalAdminIDs(f.ctx, f.org.ID, 10)))
	f.Equal([]int64{a.ID, b.ID}, storetest.Must[[]int64](f.t)(f.GlobalAdminIDs(f.ctx, f.org.ID, 2)))
	f.Equal([]int64{}, storetest.Must[[]int64](f.t)(f.GlobalAdminIDs(f.ctx, f.org.ID+1, 2)))
}

func credentials(f fixture, _ uow.Unit) {
	u := f.user("jo@example.com")
	if err := f.SetPassword(f.ctx, u.ID, "newer"); err != nil {
		f.t.Fatal(err)
	}
	want := core.Credential{User: u, PasswordHash: "newer", Epoch: 1}
	f.Equal(want, storetest.Must[core.Credential](f.t)(f.CredentialByEmail(f.ctx, "Jo@Example.com")))
	got := storetest.Must[core.Identity](f.t)(f.Identity(f.ctx, u.ID))
	f.Equal(want, got.Credential)
	f.Equal(0, len(got.Permissions)+len(got.Keys))
	f.Equal(want, storetest.Must[core.Credential](f.t)(f.CredentialByID(f.ctx, u.ID)))
	_, err := f.Identity(f.ctx, 99)
	f.ErrorIs(err, core.ErrNotFound)
	_, err = f.CredentialByID(f.ctx, 99)
	f.ErrorIs(err, core.ErrNotFound)
	if err := f.EndSessions(f.ctx, u.ID, "this one"); err != nil {
		f.t.Fatal(err)
	}
	want.Epoch, want.Kept = 2, "this one"
	f.Equal(want, storetest.Must[core.Credential](f.t)(f.CredentialByID(f.ctx, u.ID)))
}

func (f fixture) permission(user, resource int64, role string) users.Permission {
	return users.Permission{OrganizationID: f.org.ID, UserID: user, ResourceType: actor.Team, ResourceID: resource, Role: role, Audit: audit.New("x", now)}
}

func permissions(f fixture, _ uow.Unit) {
	a, b := f.user("a@example.com"), f.user("b@example.com")
	add := func(ps ...users.Permission) []users.Permission {
		f.t.Helper()
		return storetest.Must[[]users.Permission](f.t)(f.AddPermissions(f.ctx, ps))
	}
	f.Equal(2, len(add(f.permission(b.ID, 7, "member"), f.permission(a.ID, 7, "admin"))))
	added := add(f.permission(a.ID, 7, "member"), f.permission(a.ID, 8, "member"))
	if len(added) != 1 || added[0].ResourceID != 8 || added[0].ID == 0 {
		f.t.Errorf("added %v", added)
	}
	f.Equal(0, len(add(f.permission(a.ID, 7, "member"))))
	f.Equal(0, len(add()))
	got := storetest.Must[[]users.Permission](f.t)(f.Permissions(f.ctx, f.org.ID, actor.Team, []int64{7, 8}, nil))
	var short []users.Permission
	for _, p := range got {
		short = append(short, f.permission(p.UserID, p.ResourceID, p.Role))
	}
	f.Equal([]users.Permission{f.permission(a.ID, 7, "admin"), f.permission(b.ID, 7, "member"), f.permission(a.ID, 8, "member")}, short)
	if granted := storetest.Must[core.Identity](f.t)(f.Identity(f.ctx, a.ID)).Permissions; len(granted) != 2 {
		f.t.Errorf("a holds %v", granted)
	}
	gone := storetest.Must[[]users.Permission](f.t)(f.DeletePermissions(f.ctx, f.org.ID, actor.Team, []int64{7}, []int64{b.ID}))
	f.Equal(1, len(gone))
	f.Equal(0, len(storetest.Must[[]users.Permission](f.t)(f.DeletePermissions(f.ctx, f.org.ID, actor.Team, []int64{7}, []int64{}))))
	f.Equal(1, len(storetest.Must[[]users.Permission](f.t)(f.Permissions(f.ctx, f.org.ID, actor.Team, []int64{7}, nil))))
}

func deleting(f fixture, _ uow.Unit) {
	a, b := f.user("a@example.com"), f.user("b@example.com")
	storetest.Must[[]users.Permission](f.t)(f.AddPermissions(f.ctx, []users.Permission{f.permission(a.ID, 7, "admin"), f.permission(b.ID, 7, "admin")}))
	key := storetest.Must[core.APIKey](f.t)(f.AddKey(f.ctx, f.key(a.ID, "h")))
	if err := f.DeleteUsers(f.ctx, f.org.ID, []int64{a.ID, 99}); err != nil {
		f.t.Fatal(err)
	}
	_, err := f.Identity(f.ctx, a.ID)
	f.ErrorIs(err, core.ErrNotFound)
	_, err = f.Key(f.ctx, f.org.ID, key.ID)
	f.ErrorIs(err, core.ErrNoKey)
	_, err = f.CredentialByEmail(f.ctx, "a@example.com")
	f.ErrorIs(err, core.ErrNotFound)
	left := storetest.Must[[]users.Permission](f.t)(f.Permissions(f.ctx, f.org.ID, actor.Team, []int64{7}, nil))
	if len(left) != 1 || left[0].UserID != b.ID {
		f.t.Errorf("left are %v", left)
	}
	if again := f.user("a@example.com"); again.ID == a.ID {
		f.t.Error("an id came back")
	}
}

func rollback(f fixture, unit uow.Unit) {
	boom := errors.New("boom")
	err := unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		in := f
		in.ctx = ctx
		if err := f.LockOrganization(ctx, f.org.ID); err != nil {
			return err
		}
		u := in.user("jo@example.com")
		if _, err := f.User(ctx, f.org.ID, u.ID); err != nil {
			return err
		}
		return boom
	})
	f.ErrorIs(err, boom)
	_, err = f.CredentialByEmail(f.ctx, "jo@example.com")
	f.ErrorIs(err, core.ErrNotFound)
}
