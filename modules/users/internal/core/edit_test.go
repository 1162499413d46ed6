package core_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/modules/users"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/event"
)

func to[T any](v T) *T { return &v }

func named(s string) core.Name { return core.Name{Sent: true, Value: &s} }

// last are the newest events.
func (h *house) last(n int) []event.Event {
	facts := h.db.Published()
	return facts[len(facts)-n:]
}

func TestWhoChangesWhatOfWhom(t *testing.T) {
	h := newHouse(t)
	ordinary, staff, second := h.user("ordinary@example.com"), h.user("staff@example.com", application), h.user("second@example.com", global)
	service := h.user("")
	_, other, err := h.CreateOrganization(h.ctx, "Other", "boss@other.org", "password")
	if err != nil {
		t.Fatal(err)
	}
	names := core.UserChange{FirstName: named("Jo")}
	cases := map[string]struct {
		who, whom users.User
		change    core.UserChange
		want      error
	}{
		"one's own names":                                    {ordinary, ordinary, names, nil},
		"one's own suspension":                               {second, second, core.UserChange{IsActive: to(false)}, core.ErrOwnFlags},
		"one's own promotion":                                {staff, staff, core.UserChange{IsSuperuser: to(true)}, core.ErrOwnFlags},
		"one's own address":                                  {second, second, core.UserChange{Email: to("x@example.com")}, core.ErrOwnFlags},
		"one's own flags as they are":                        {ordinary, ordinary, core.UserChange{FirstName: named("Jo"), IsActive: to(true), IsStaff: to(false), Email: to("Ordinary@example.com")}, nil},
		"another's names by an ordinary user":                {ordinary, staff, names, core.ErrNotAdmin},
		"another's names by an admin":                        {staff, ordinary, names, nil},
		"a promotion to what one is":                         {staff, ordinary, core.UserChange{IsStaff: to(true)}, nil},
		"a promotion to more than one is":                    {staff, ordinary, core.UserChange{IsSuperuser: to(true)}, core.ErrOutranked},
		"a global admin's names by a lesser one":             {staff, second, names, core.ErrOutranked},
		"a global admin's demotion by another":               {h.admin, second, core.UserChange{IsSuperuser: to(false)}, core.ErrPeer},
		"a global admin's suspension by another":             {h.admin, second, core.UserChange{IsActive: to(false)}, core.ErrPeer},
		"a global admin's names by another":                  {h.admin, second, names, core.ErrPeer},
		"a global service user's names by a global admin":    {h.admin, h.user("", global), names, core.ErrPeer},
		"a global admin's demotion by the server":            {users.User{OrganizationID: h.org.ID, IsSuperuser: true}, second, core.UserChange{IsSuperuser: to(false)}, nil},
		"a promotion to global admin by one":                 {h.admin, staff, core.UserChange{IsSuperuser: to(true)}, nil},
		"another organization's user":                        {other, ordinary, names, core.ErrNotFound},
		"a global admin who is no staff":                     {h.admin, staff, core.UserChange{IsSuperuser: to(true), IsStaff: to(false)}, core.ErrNotStaff},
		"a service user with an address":                     {h.admin, service, core.UserChange{Email: to("robot@example.com")}, core.ErrStays},
		"a person without":                                   {h.admin, ordinary, core.UserChange{Email: to("")}, core.ErrStays},
		"an address that is none":                            {h.admin, ordinary, core.UserChange{Email: to("nobody")}, core.ErrEmail},
		"an address that is taken":                           {h.admin, ordinary, core.UserChange{Email: to("ADMIN@example.com")}, core.ErrEmailTaken},
		"the only global admin's demotion, as by the server": {users.User{OrganizationID: other.OrganizationID, IsSuperuser: true}, other, core.UserChange{IsSuperuser: to(false)}, core.ErrLastAdmin},
		"the only global admin's suspension":                 {users.User{OrganizationID: other.OrganizationID, IsSuperuser: true}, other, core.UserChange{IsActive: to(false)}, core.ErrLastAdmin},
	}
	for name, c := range cases {
		before, _ := h.Store.User(h.ctx, c.whom.OrganizationID, c.whom.ID)
		_, err := h.EditUser(h.ctx, as(c.who), c.whom.ID, c.change)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
		after, _ := h.Store.User(h.ctx, c.whom.OrganizationID, c.whom.ID)
		if diff := cmp.Diff(before, after); err != nil && diff != "" {
			t.Errorf("%s changed\n%s", name, diff)
		}
		if _, err := h.Store.UpdateUser(h.ctx, before.OrganizationID, before.ID, func(u *users.User) error { *u = before; return nil }); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNamesStayChangeAndGo(t *testing.T) {
	h := newHouse(t)
	u := h.user("jo@example.com")
	edit := func(c core.UserChange) users.User {
		t.Helper()
		got, err := h.EditUser(h.ctx, as(h.admin), u.ID, c)
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	edit(core.UserChange{FirstName: named("Jo"), LastName: named("Lund")})
	got := edit(core.UserChange{LastName: core.Name{Sent: true}})
	if got.FirstName == nil || *got.FirstName != "Jo" || got.LastName != nil {
		t.Errorf("got %+v", got)
	}
	want := []event.Event{users.UserChanged{UserID: u.ID, OrganizationID: h.org.ID, Email: "jo@example.com", FirstName: "Jo", IsActive: true}}
	if diff := cmp.Diff(want, h.last(1)); diff != "" {
		t.Error(diff)
	}
}

func TestSuspendingEndsSessionsForGood(t *testing.T) {
	h := newHouse(t)
	u := h.user("jo@example.com", signing)
	pair, err := h.SignIn(h.ctx, "jo@example.com", "password", core.Attempt{})
	if err != nil {
		t.Fatal(err)
	}
	opens := func() error {
		_, err := h.Authenticate(h.ctx, pair.Access, "")
		return err
	}
	if err := opens(); err != nil {
		t.Fatal(err)
	}
	for _, active := range []bool{false, true} {
		if _, err := h.EditUser(h.ctx, as(h.admin), u.ID, core.UserChange{IsActive: &active}); err != nil {
			t.Fatal(err)
		}
		if err := opens(); !errors.Is(err, core.ErrCredentials) {
			t.Errorf("active is %v and the session is %v", active, err)
		}
		if _, err := h.Refresh(h.ctx, pair.Refresh, core.Attempt{}); !errors.Is(err, core.ErrCredentials) {
			t.Errorf("active is %v and refreshing is %v", active, err)
		}
	}
	if _, err := h.SignIn(h.ctx, "jo@example.com", "password", core.Attempt{}); err != nil {
		t.Errorf("signing in again: %v", err)
	}
}

func TestAChangedAddressEndsSessionsAndTellsTheOldOne(t *testing.T) {
	h := newHouse(t)
	u := h.user("jo@example.com", signing)
	pair, err := h.SignIn(h.ctx, "jo@example.com", "password", core.Attempt{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.EditUser(h.ctx, as(h.admin), u.ID, core.UserChange{Email: to(" Jo.Lund@Example.com ")}); err != nil {
		t.Fatal(err)
	}
	want := []event.Event{
		users.UserChanged{UserID: u.ID, OrganizationID: h.org.ID, Email: "jo.lund@example.com", IsActive: true},
		users.EmailChanged{UserID: u.ID, OrganizationID: h.org.ID, Email: "jo.lund@example.com", OldEmail: "jo@example.com", ChangedBy: h.admin.ID},
		users.AccessChanged{UserID: u.ID, OrganizationID: h.org.ID, What: "session"},
	}
	if diff := cmp.Diff(want, h.last(3)); diff != "" {
		t.Error(diff)
	}
	if _, err := h.Authenticate(h.ctx, pair.Access, ""); !errors.Is(err, core.ErrCredentials) {
		t.Errorf("the session: %v", err)
	}
	if _, err := h.SignIn(h.ctx, "jo.lund@example.com", "password", core.Attempt{}); err != nil {
		t.Errorf("with the new address: %v", err)
	}
}

func TestAFlagTakesEffectOnTheNextRequest(t *testing.T) {
	h := newHouse(t)
	u := h.user("jo@example.com", signing)
	pair, err := h.SignIn(h.ctx, "jo@example.com", "password", core.Attempt{})
	if err != nil {
		t.Fatal(err)
	}
	for _, staff := range []bool{true, false} {
		if _, err := h.Authenticate(h.ctx, pair.Access, ""); err != nil { // it is kept now
			t.Fatal(err)
		}
		if _, err := h.EditUser(h.ctx, as(h.admin), u.ID, core.UserChange{IsStaff: &staff}); err != nil {
			t.Fatal(err)
		}
		who, err := h.Authenticate(h.ctx, pair.Access, "")
		if err != nil || (who.Level == actor.ApplicationAdmin) != staff {
			t.Errorf("staff is %v and the level %v, %v", staff, who.Level, err)
		}
	}
}

func TestChangingThePasswordKeepsThisSessionAlone(t *testing.T) {
	h := newHouse(t)
	h.user("jo@example.com", signing)
	sign := func(password string) core.Pair {
		t.Helper()
		pair, err := h.SignIn(h.ctx, "jo@example.com", password, core.Attempt{})
		if err != nil {
			t.Fatal(err)
		}
		return pair
	}
	mine, other := sign("password"), sign("password")
	who, err := h.Authenticate(h.ctx, mine.Access, "")
	if err != nil {
		t.Fatal(err)
	}
	for password, want := range map[string]error{"wrong": core.ErrWrongOld} {
		if _, err := h.ChangePassword(h.ctx, who, password, "new password", core.Attempt{}); !errors.Is(err, want) {
			t.Errorf("with %q: %v", password, err)
		}
	}
	for _, fresh := range []string{"", "short"} {
		if _, err := h.ChangePassword(h.ctx, who, "password", fresh, core.Attempt{}); !errors.Is(err, core.ErrPassword) {
			t.Errorf("to %q: %v", fresh, err)
		}
	}
	if _, err := h.ChangePassword(h.ctx, who, "password", "new password", core.Attempt{}); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Authenticate(h.ctx, other.Access, ""); !errors.Is(err, core.ErrCredentials) {
		t.Errorf("the other session: %v", err)
	}
	if _, err := h.Authenticate(h.ctx, mine.Access, ""); err != nil {
		t.Errorf("this session: %v", err)
	}
	again, err := h.Refresh(h.ctx, mine.Refresh, core.Attempt{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Authenticate(h.ctx, again.Access, ""); err != nil {
		t.Errorf("this session, refreshed: %v", err)
	}
	if _, err := h.SignIn(h.ctx, "jo@example.com", "password", core.Attempt{}); !errors.Is(err, core.ErrSignIn) {
		t.Errorf("the old password: %v", err)
	}
	sign("new password")
}

// Whoever was suspended before sessions had epochs that end then.
func TestASuspendedUsersSessionIsVoidWhateverItsEpoch(t *testing.T) {
	h := newHouse(t)
	u := h.user("jo@example.com", signing)
	pair, err := h.SignIn(h.ctx, "jo@example.com", "password", core.Attempt{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Store.UpdateUser(h.ctx, h.org.ID, u.ID, func(u *users.User) error { u.IsActive = false; return nil }); err != nil {
		t.Fatal(err)
	}
	if who, err := h.Authenticate(h.ctx, pair.Access, ""); !errors.Is(err, core.ErrCredentials) || who.UserID != u.ID {
		t.Errorf("acts as %+v, %v", who, err)
	}
}
