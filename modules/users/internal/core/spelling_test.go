package core_test

import (
	"errors"
	"testing"

	"parley/modules/users"
	"parley/modules/users/internal/core"
)

func TestAnAddressIsOneHoweverItIsWritten(t *testing.T) {
	h := newHouse(t)
	h.user("Jo@Bücher.example", signing)
	for _, spelled := range []string{"jo@xn--bcher-kva.example", "ｊｏ＠bücher．example", "JO@bu\u0308cher.example", "jo@BÜCHER.EXAMPLE"} {
		if err := h.signs(spelled, "192.0.2.1"); err != nil {
			t.Errorf("signing in as %q: %v", spelled, err)
		}
		if _, err := h.CreateUser(h.ctx, as(h.admin), core.NewUser{Email: spelled, Password: "password"}); !errors.Is(err, core.ErrEmailTaken) {
			t.Errorf("a second %q: %v", spelled, err)
		}
		if err := h.Claim(h.ctx, spelled, "agent/1"); !errors.Is(err, core.ErrEmailTaken) {
			t.Errorf("an agent claims %q: %v", spelled, err)
		}
	}
	for _, unseen := range []string{"j\u200bo@example.com", "jo@exam\u00adple.com", "jo\u202e@example.com"} {
		if _, err := h.CreateUser(h.ctx, as(h.admin), core.NewUser{Email: unseen, Password: "password"}); !errors.Is(err, core.ErrEmail) {
			t.Errorf("%q: %v", unseen, err)
		}
	}
	// Nor has it more guesses by being written in another way.
	for n := range 10 {
		spelled := []string{"ann@bücher.example", "ann@xn--bcher-kva.example", "ａｎｎ@bücher.example"}[n%3]
		if err := h.guess(spelled, "192.0.2.1"); !errors.Is(err, core.ErrSignIn) {
			t.Fatal(err)
		}
	}
	if err := h.guess("Ann@BÜCHER.example", "192.0.2.1"); !errors.Is(err, core.ErrTooMany) {
		t.Errorf("the eleventh guess: %v", err)
	}
}

func TestAddressesOfAnOlderVersionGetTheirSpellingOrAreReported(t *testing.T) {
	h := newHouse(t)
	stored := func(email string) users.User {
		u, err := h.Store.AddUser(h.ctx, users.User{OrganizationID: h.admin.OrganizationID, Email: email, IsActive: true, DateJoined: h.clock.Now()})
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	lone := stored("jo@xn--bcher-kva.example")
	first, twin := stored("ann@bücher.example"), stored("ann@xn--bcher-kva.example")
	unseen := stored("j\u200bo@example.com")
	for range 2 { // the second time there is nothing left to do
		twins, err := h.Respell(h.ctx)
		if err != nil || len(twins) != 2 || twins[0].UserID != twin.ID || twins[1].UserID != unseen.ID {
			t.Fatalf("%+v, %v", twins, err)
		}
	}
	for id, want := range map[int64]string{lone.ID: "jo@bücher.example", first.ID: "ann@bücher.example", twin.ID: "ann@xn--bcher-kva.example", unseen.ID: "j\u200bo@example.com"} {
		if u, err := h.Store.User(h.ctx, h.admin.OrganizationID, id); err != nil || u.Email != want {
			t.Errorf("user %d has %q, want %q: %v", id, u.Email, want, err)
		}
	}
}
