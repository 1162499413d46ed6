package core_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/users"
	"parley/modules/users/internal/adapters/memstore"
	"parley/modules/users/internal/adapters/token"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/memory"
)

// plain is a hasher that takes no time.
type plain struct{}

func (plain) Hash(_ context.Context, p string) (string, error)     { return "hash:" + p, nil }
func (plain) Matches(_ context.Context, h, p string) (bool, error) { return h == "hash:"+p, nil }

// history notes whose past was blanked.
type history struct{ keys []string }

func (h *history) BlankPersonal(_ context.Context, keys []string) error {
	h.keys = append(h.keys, keys...)
	return nil
}

type house struct {
	t       *testing.T
	ctx     context.Context
	db      *memory.DB
	clock   *clock.Fixed
	history *history
	*core.Service
	org   users.Organization
	admin users.User
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{t: t, ctx: context.Background(), clock: clock.NewFixed(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)), history: &history{}}
	h.db = memory.New(h.clock)
	tokens, err := token.New([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	h.Service = core.New(core.Deps{Unit: h.db, Store: memstore.New(h.db), Hasher: plain{}, Tokens: tokens, History: h.history, Clock: h.clock})
	if h.org, h.admin, err = h.CreateOrganization(h.ctx, "Tech", "Admin@Example.com", "password"); err != nil {
		t.Fatal(err)
	}
	return h
}

func as(u users.User) actor.Actor {
	return actor.Actor{UserID: u.ID, OrganizationID: u.OrganizationID, Email: u.Email, Level: u.Level()}
}

func (h *house) user(email string, change ...func(*core.NewUser)) users.User {
	h.t.Helper()
	n := core.NewUser{Email: email}
	for _, c := range change {
		c(&n)
	}
	u, err := h.CreateUser(h.ctx, as(h.admin), n)
	if err != nil {
		h.t.Fatal(err)
	}
	return u
}

func global(n *core.NewUser)      { n.IsSuperuser = true }
func application(n *core.NewUser) { n.IsStaff = to(true) }
func signing(n *core.NewUser)     { n.Password = "password" }

func (h *house) published(name string) int {
	return len(slices.DeleteFunc(h.db.Published(), func(e event.Event) bool { return e.EventName() != name }))
}

func TestSigningInOpensASessionForAWeek(t *testing.T) {
	h := newHouse(t)
	pair, err := h.SignIn(h.ctx, " ADMIN@example.com ", "password", core.Attempt{})
	if err != nil {
		t.Fatal(err)
	}
	who, err := h.Authenticate(h.ctx, pair.Access, "")
	if err != nil || who.UserID != h.admin.ID || who.Level != actor.GlobalAdmin {
		t.Fatalf("acts as %+v, %v", who, err)
	}
	h.clock.Advance(7*24*time.Hour + time.Second)
	if _, err := h.Authenticate(h.ctx, pair.Access, ""); !errors.Is(err, core.ErrCredentials) {
		t.Errorf("after a week: %v", err)
	}
}

func TestEachTokenServesItsOwnPurpose(t *testing.T) {
	h := newHouse(t)
	pair, err := h.SignIn(h.ctx, h.admin.Email, "password", core.Attempt{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Authenticate(h.ctx, pair.Refresh, ""); !errors.Is(err, core.ErrCredentials) {
		t.Errorf("a refresh token opened the platform: %v", err)
	}
	if _, err := h.Refresh(h.ctx, pair.Access, core.Attempt{}); !errors.Is(err, core.ErrCredentials) {
		t.Errorf("an access token was refreshed: %v", err)
	}
	again, err := h.Refresh(h.ctx, pair.Refresh, core.Attempt{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.Authenticate(h.ctx, again.Access, ""); err != nil {
		t.Errorf("the new token: %v", err)
	}
	for _, forged := range []string{"", "x.y.z", pair.Access + "x", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0."} {
		if _, err := h.Authenticate(h.ctx, forged, ""); !errors.Is(err, core.ErrCredentials) {
			t.Errorf("%q: %v", forged, err)
		}
	}
}

func TestSigningInTellsNothingAboutAccounts(t *testing.T) {
	h := newHouse(t)
	h.user("silent@example.com")
	for email, password := range map[string]string{"nobody@example.com": "password", h.admin.Email: "wrong", "silent@example.com": "", "": ""} {
		if _, err := h.SignIn(h.ctx, email, password, core.Attempt{}); !errors.Is(err, core.ErrSignIn) {
			t.Errorf("%q: %v", email, err)
		}
	}
}

func TestNobodyMakesMoreThanTheyAre(t *testing.T) {
	h := newHouse(t)
	staff := as(h.user("staff@example.com", application))
	ordinary := as(h.user("ordinary@example.com"))
	cases := map[string]struct {
		who    actor.Actor
		change func(*core.NewUser)
		want   error
	}{
		"an application admin makes an application admin": {staff, application, nil},
		"an application admin makes no global admin":      {staff, global, core.ErrOutranked},
		"a user makes nobody":                             {ordinary, func(*core.NewUser) {}, core.ErrNotAdmin},
		"a global admin makes a global admin":             {as(h.admin), global, nil},
	}
	for name, c := range cases {
		n := core.NewUser{Email: strings.ReplaceAll(name, " ", "-") + "@example.com"}
		c.change(&n)
		if _, err := h.CreateUser(h.ctx, c.who, n); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestBadAddressesAndPasswordsAreRefused(t *testing.T) {
	h := newHouse(t)
	cases := []struct {
		email, password string
		want            error
	}{
		{"not an address", "", core.ErrEmail},
		{"Jo <jo@example.com>", "", core.ErrEmail},
		{"jo@example.com", "short", core.ErrPassword},
		{"jo@example.com", strings.Repeat("x", 257), core.ErrPassword},
		{"", "password", core.ErrService},
		{"ADMIN@example.com", "", core.ErrEmailTaken},
	}
	for _, c := range cases {
		if _, err := h.CreateUser(h.ctx, as(h.admin), core.NewUser{Email: c.email, Password: c.password}); !errors.Is(err, c.want) {
			t.Errorf("%q %q: %v", c.email, c.password, err)
		}
	}
	if n := h.published("users.user_created.v1"); n != 1 { // the first admin
		t.Errorf("%d users were announced", n)
	}
}

func TestDeletingUsersAnswersThemInTheOrderAskedAndTellsOfEach(t *testing.T) {
	h := newHouse(t)
	a, b := h.user("a@example.com", signing), h.user("b@example.com", global)
	pair, err := h.SignIn(h.ctx, "a@example.com", "password", core.Attempt{})
	if err != nil {
		t.Fatal(err)
	}
	got, err := h.DeleteUsers(h.ctx, as(h.admin), []int64{b.ID, 99, a.ID, b.ID, 98})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(core.Deleted{Users: []users.User{b, a}, NotFound: []int64{99, 98}}, got); diff != "" {
		t.Error(diff)
	}
	if _, err := h.Authenticate(h.ctx, pair.Access, ""); !errors.Is(err, core.ErrCredentials) {
		t.Errorf("the credentials live on: %v", err)
	}
	want := []event.Event{
		users.UserDeleted{UserID: b.ID, OrganizationID: h.org.ID, DeletedBy: h.admin.ID},
		users.UserDeleted{UserID: a.ID, OrganizationID: h.org.ID, DeletedBy: h.admin.ID},
	}
	facts := h.db.Published()
	if diff := cmp.Diff(want, facts[len(facts)-2:]); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{users.Key(b.ID), users.Key(a.ID)}, h.history.keys); diff != "" {
		t.Error("blanked", diff)
	}
}

func TestADeletionThatMustNotBeDeletesNobody(t *testing.T) {
	h := newHouse(t)
	ordinary := h.user("ordinary@example.com")
	staff := h.user("staff@example.com", application)
	second := h.user("second@example.com", global)
	cases := map[string]struct {
		who  users.User
		ids  []int64
		want error
	}{
		"one's own account":                   {h.admin, []int64{ordinary.ID, h.admin.ID}, core.ErrOwnAccount},
		"a global admin by a lesser one":      {staff, []int64{ordinary.ID, second.ID}, core.ErrOutranked},
		"anybody by an ordinary user":         {ordinary, []int64{staff.ID}, core.ErrNotAdmin},
		"nobody that exists":                  {h.admin, []int64{98, 99}, core.ErrNotFound},
		"a server's own cleaning of the last": {users.User{OrganizationID: h.org.ID, IsSuperuser: true}, []int64{h.admin.ID, second.ID}, core.ErrLastAdmin},
	}
	for name, c := range cases {
		if _, err := h.DeleteUsers(h.ctx, as(c.who), c.ids); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := h.published("users.user_deleted.v1"); n != 0 {
		t.Errorf("%d deletions were announced", n)
	}
	if _, err := h.User(h.ctx, as(h.admin), ordinary.ID); err != nil {
		t.Errorf("the ordinary user: %v", err)
	}
}

func TestAnotherOrganizationsUsersAreNotThere(t *testing.T) {
	h := newHouse(t)
	_, other, err := h.CreateOrganization(h.ctx, "Other", "boss@other.org", "password")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.DeleteUsers(h.ctx, as(other), []int64{h.admin.ID}); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("deleting: %v", err)
	}
	if _, err := h.User(h.ctx, as(other), h.admin.ID); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("reading: %v", err)
	}
	if _, err := h.Grant(h.ctx, as(other), actor.Team, 1, []int64{other.ID, h.admin.ID}, actor.Member); !errors.Is(err, core.ErrUnknownUsers) {
		t.Errorf("granting: %v", err)
	}
	if rows, err := h.On(h.ctx, other.OrganizationID, actor.Team, []int64{1}, []int64{other.ID, h.admin.ID}); err != nil || len(rows) != 0 {
		t.Errorf("the grant half happened: %v, %v", rows, err)
	}
}

func TestTheRolesOnAResourceAreThoseOfSomeUsers(t *testing.T) {
	h := newHouse(t)
	one, two := h.user("a@example.com", signing).ID, h.user("b@example.com", signing).ID
	if _, err := h.Grant(h.ctx, as(h.admin), actor.Team, 7, []int64{one, two}, actor.Member); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ only, want []int64 }{{[]int64{two, one}, []int64{one, two}}, {nil, nil}, {[]int64{two, 4711}, []int64{two}}, {[]int64{}, nil}} {
		rows, err := h.On(h.ctx, h.org.ID, actor.Team, []int64{7}, c.only)
		var got []int64
		for _, row := range rows {
			got = append(got, row.UserID)
		}
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("only %v: %v, %v", c.only, got, err)
		}
	}
}

func TestWhatWasGrantedTravelsWithTheActor(t *testing.T) {
	h := newHouse(t)
	u := h.user("a@example.com", signing)
	if _, err := h.Grant(h.ctx, as(h.admin), actor.Team, 7, []int64{u.ID, u.ID}, actor.Admin); err != nil {
		t.Fatal(err)
	}
	again, err := h.Grant(h.ctx, as(h.admin), actor.Team, 7, []int64{u.ID}, actor.Member)
	if err != nil || len(again) != 1 || again[0].Role != "admin" {
		t.Errorf("granting again answered %+v, %v", again, err)
	}
	pair, err := h.SignIn(h.ctx, "a@example.com", "password", core.Attempt{})
	if err != nil {
		t.Fatal(err)
	}
	who, err := h.Authenticate(h.ctx, pair.Access, "")
	if err != nil || who.Holds(actor.Team, 7) != actor.Admin || who.Holds(actor.Team, 8) != actor.NoRole {
		t.Errorf("holds %+v, %v", who.Grants, err)
	}
	if _, err := h.Revoke(h.ctx, as(h.admin), actor.Team, 7, []int64{u.ID}); err != nil {
		t.Fatal(err)
	}
	if who, err = h.Authenticate(h.ctx, pair.Access, ""); err != nil || len(who.Grants) != 0 {
		t.Errorf("after revoking: %+v, %v", who.Grants, err)
	}
}
