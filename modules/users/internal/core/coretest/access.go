package coretest

import (
	"time"

	"parley/modules/users"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/storetest"
)

func onePermission(f fixture, _ uow.Unit) {
	a := f.user("a@example.com")
	other := f.organization("other.org")
	put := func(role string, by string) users.Permission {
		p := f.permission(a.ID, 7, role)
		p.Audit = audit.New(by, now)
		return storetest.Must[users.Permission](f.t)(f.PutPermission(f.ctx, p))
	}
	first := put("member", "x")
	second := put("admin", "y")
	want := first
	want.Role, want.ModifiedBy = "admin", "y"
	f.Equal(want, second)
	f.Equal(want, storetest.Must[users.Permission](f.t)(f.Permission(f.ctx, f.org.ID, first.ID)))
	later := now.Add(time.Hour)
	changed := storetest.Must[users.Permission](f.t)(f.UpdatePermission(f.ctx, f.org.ID, first.ID, func(p *users.Permission) error {
		p.Role = "member"
		p.Touch("z", later)
		return nil
	}))
	want.Role, want.ModifiedBy, want.ModifiedOn = "member", "z", later
	f.Equal(want, changed)
	for _, org := range []int64{other.ID, 99} {
		_, err := f.Permission(f.ctx, org, first.ID)
		f.ErrorIs(err, core.ErrNoPermission)
		_, err = f.UpdatePermission(f.ctx, org, first.ID, func(*users.Permission) error { return nil })
		f.ErrorIs(err, core.ErrNoPermission)
		_, err = f.DeletePermission(f.ctx, org, first.ID)
		f.ErrorIs(err, core.ErrNoPermission)
	}
	f.Equal(want, storetest.Must[users.Permission](f.t)(f.DeletePermission(f.ctx, f.org.ID, first.ID)))
	_, err := f.Permission(f.ctx, f.org.ID, first.ID)
	f.ErrorIs(err, core.ErrNoPermission)
}

func changes(f fixture, _ uow.Unit) {
	a, b := f.user("a@example.com"), f.user("b@example.com")
	other := f.organization("other.org")
	name := "Jo"
	a.FirstName, a.Email, a.IsActive, a.IsStaff = &name, "c@example.com", false, true
	set := func(u users.User) func(*users.User) error {
		return func(v *users.User) error { *v = u; return nil }
	}
	f.Equal(a, storetest.Must[users.User](f.t)(f.UpdateUser(f.ctx, f.org.ID, a.ID, set(a))))
	f.Equal(a, storetest.Must[users.User](f.t)(f.User(f.ctx, f.org.ID, a.ID)))
	b.Email = "C@example.com"
	_, err := f.UpdateUser(f.ctx, f.org.ID, b.ID, set(b))
	f.ErrorIs(err, core.ErrEmailTaken)
	_, err = f.UpdateUser(f.ctx, other.ID, a.ID, set(a))
	f.ErrorIs(err, core.ErrNotFound)
	f.org.OrgName = "Renamed"
	f.org.Touch("x", now.Add(time.Hour))
	f.Equal(f.org, storetest.Must[users.Organization](f.t)(f.UpdateOrganization(f.ctx, f.org.ID, func(o *users.Organization) error { *o = f.org; return nil })))
	_, err = f.UpdateOrganization(f.ctx, 99, func(*users.Organization) error { return nil })
	f.ErrorIs(err, core.ErrNoOrg)
}

func teamList(f fixture, _ uow.Unit) {
	a, b, c := f.user("a@example.com"), f.user("b@example.com"), f.user("c@example.com")
	project := f.permission(b.ID, 7, "member")
	project.ResourceType = actor.Project
	storetest.Must[[]users.Permission](f.t)(f.AddPermissions(f.ctx, []users.Permission{f.permission(a.ID, 7, "admin"), f.permission(c.ID, 7, "member"), f.permission(b.ID, 8, "member"), project}))
	list := func(filter core.Filter, p page.Request) page.Of[users.User] {
		return storetest.Must[page.Of[users.User]](f.t)(f.UsersPage(f.ctx, f.org.ID, filter, p))
	}
	f.Equal([]users.User{a, c}, list(core.Filter{TeamID: 7}, page.Request{}).Items)
	f.Equal([]users.User{c}, list(core.Filter{TeamID: 7, Text: "c@"}, page.Request{}).Items)
	f.Equal([]users.User{}, list(core.Filter{TeamID: 9}, page.Request{}).Items)
	f.Equal(int64(2), list(core.Filter{TeamID: 7}, page.Request{Size: 1}).Count)
	f.Equal(int64(3), list(core.Filter{}, page.Request{Number: 9, Size: 1}).Count)
	f.Equal(int64(-1), list(core.Filter{}, page.Request{ByCursor: true}).Count)
}

func (f fixture) key(user int64, hash string) core.APIKey {
	return core.APIKey{OrganizationID: f.org.ID, UserID: user, Name: "n", Hash: hash, Hint: "hint", Scope: actor.Scope{Kind: actor.ScopeAll}, Audit: audit.New("x", now)}
}

func keys(f fixture, _ uow.Unit) {
	a := f.user("a@example.com")
	other := f.organization("other.org")
	k := f.key(a.ID, "one")
	end := now.Add(time.Hour)
	k.Scope, k.ExpiresOn = actor.Scope{Kind: actor.ScopeRestricted, Groups: map[string]actor.Reach{"chat": actor.Read}}, &end
	k = storetest.Must[core.APIKey](f.t)(f.AddKey(f.ctx, k))
	second := storetest.Must[core.APIKey](f.t)(f.AddKey(f.ctx, f.key(a.ID, "two")))
	f.Equal(k, storetest.Must[core.APIKey](f.t)(f.Key(f.ctx, f.org.ID, k.ID)))
	_, err := f.Key(f.ctx, other.ID, k.ID)
	f.ErrorIs(err, core.ErrNoKey)
	f.Equal(a.ID, storetest.Must[int64](f.t)(f.KeyOwner(f.ctx, "one")))
	_, err = f.KeyOwner(f.ctx, "three")
	f.ErrorIs(err, core.ErrNoKey)
	f.Equal([]core.APIKey{k, second}, storetest.Must[core.Identity](f.t)(f.Identity(f.ctx, a.ID)).Keys)
	f.Equal([]core.APIKey{k, second}, storetest.Must[page.Of[core.APIKey]](f.t)(f.KeysPage(f.ctx, f.org.ID, a.ID, page.Request{})).Items)

	used := now.Add(time.Minute)
	for _, at := range []time.Time{used, now} { // an older use never hides a newer one
		if err := f.KeysUsed(f.ctx, []int64{k.ID, 99}, at); err != nil {
			f.t.Fatal(err)
		}
	}
	k.LastUsedOn = &used
	f.Equal(k, storetest.Must[core.APIKey](f.t)(f.Key(f.ctx, f.org.ID, k.ID)))

	for range 2 { // again changes nothing
		if err := f.DeleteKey(f.ctx, f.org.ID, second.ID); err != nil {
			f.t.Fatal(err)
		}
		if err := f.DeleteKey(f.ctx, other.ID, k.ID); err != nil {
			f.t.Fatal(err)
		}
	}
	f.Equal([]core.APIKey{k}, storetest.Must[page.Of[core.APIKey]](f.t)(f.KeysPage(f.ctx, f.org.ID, a.ID, page.Request{})).Items)

	b := f.user("b@example.com")
	storetest.Must[core.APIKey](f.t)(f.AddKey(f.ctx, f.key(a.ID, "four")))
	kept := storetest.Must[core.APIKey](f.t)(f.AddKey(f.ctx, f.key(b.ID, "five")))
	f.Equal(0, storetest.Must[int](f.t)(f.DeleteKeys(f.ctx, other.ID, a.ID)))
	f.Equal(2, storetest.Must[int](f.t)(f.DeleteKeys(f.ctx, f.org.ID, a.ID)))
	f.Equal(0, storetest.Must[int](f.t)(f.DeleteKeys(f.ctx, f.org.ID, a.ID)))
	f.Equal(0, len(storetest.Must[page.Of[core.APIKey]](f.t)(f.KeysPage(f.ctx, f.org.ID, a.ID, page.Request{})).Items))
	f.Equal([]core.APIKey{kept}, storetest.Must[page.Of[core.APIKey]](f.t)(f.KeysPage(f.ctx, f.org.ID, b.ID, page.Request{})).Items)
}

func auditLog(f fixture, _ uow.Unit) {
	entry := func(org, user int64, after time.Duration, action string) core.AuditEntry {
		return core.AuditEntry{
			OrganizationID: org, UserID: user, KeyID: 3, At: now.Add(after), Action: action, Target: "DELETE /api/user/7", Subjects: []string{"user/7", "user/8"},
			Detail: `{"a":1}`, FromAddress: "192.0.2.7", Outcome: "done", Status: 200, Code: "", RequestID: "r", Count: 1,
		}
	}
	all := []core.AuditEntry{entry(f.org.ID, 1, 0, "a"), entry(f.org.ID, 2, time.Hour, "b"), entry(f.org.ID, 1, time.Hour, "b"), entry(99, 1, 0, "a")}
	all[1].Subjects = nil
	if err := f.AddAudit(f.ctx, all...); err != nil {
		f.t.Fatal(err)
	}
	if err := f.AddAudit(f.ctx); err != nil {
		f.t.Fatal(err)
	}
	for i := range all {
		all[i].ID = int64(i + 1)
	}
	log := func(filter core.AuditFilter, p page.Request) page.Of[core.AuditEntry] {
		return storetest.Must[page.Of[core.AuditEntry]](f.t)(f.AuditPage(f.ctx, f.org.ID, filter, p))
	}
	f.Equal([]core.AuditEntry{all[2], all[1], all[0]}, log(core.AuditFilter{}, page.Request{}).Items)
	f.Equal([]core.AuditEntry{all[2], all[0]}, log(core.AuditFilter{UserID: 1}, page.Request{}).Items)
	f.Equal([]core.AuditEntry{all[2], all[1]}, log(core.AuditFilter{Action: "b"}, page.Request{}).Items)
	from, to := now.Add(time.Minute), now.Add(time.Hour)
	f.Equal([]core.AuditEntry{all[2], all[1]}, log(core.AuditFilter{From: &from}, page.Request{}).Items)
	f.Equal([]core.AuditEntry{all[0]}, log(core.AuditFilter{To: &to}, page.Request{}).Items)
	first := log(core.AuditFilter{}, page.Request{Size: 2, ByCursor: true})
	f.Equal([]core.AuditEntry{all[0]}, log(core.AuditFilter{}, page.Request{Size: 2, Cursor: first.NextCursor}).Items)
}
