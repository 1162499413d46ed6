package core_test

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"testing"
	"time"

	"parley/modules/users/internal/core"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/page"
)

func from(address string) core.Attempt { return core.Attempt{From: netip.MustParseAddr(address)} }

// guess tries a wrong password.
func (h *house) guess(email, at string) error {
	_, err := h.SignIn(h.ctx, email, "wrong", from(at))
	return err
}

func retryAfter(err error) time.Duration {
	var e *apperr.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.RetryAfter
}

func TestTenWrongPasswordsLockTheAddressForThatNetwork(t *testing.T) {
	h := newHouse(t)
	h.user("jo@example.com", signing)
	// Whether the account is there or not, the answers are the same.
	for _, email := range []string{"jo@example.com", "nobody@example.com"} {
		for n := range 10 {
			if err := h.guess(email, fmt.Sprintf("192.0.2.%d", n)); !errors.Is(err, core.ErrSignIn) {
				t.Fatalf("%s, guess %d: %v", email, n, err)
			}
		}
		if err := h.guess(email, "192.0.2.200"); !errors.Is(err, core.ErrTooMany) || retryAfter(err) != 15*time.Minute {
			t.Errorf("%s: %v after %v", email, err, retryAfter(err))
		}
		if err := h.guess(email, "192.0.3.1"); !errors.Is(err, core.ErrSignIn) {
			t.Errorf("%s from another network: %v", email, err)
		}
	}
	if _, err := h.SignIn(h.ctx, "jo@example.com", "password", from("192.0.2.1")); !errors.Is(err, core.ErrTooMany) {
		t.Errorf("the right password while locked: %v", err)
	}
	if _, err := h.SignIn(h.ctx, "jo@example.com", "password", from("198.51.100.1")); err != nil {
		t.Errorf("the right password from elsewhere: %v", err)
	}
	h.clock.Advance(15 * time.Minute)
	if _, err := h.SignIn(h.ctx, "jo@example.com", "password", from("192.0.2.1")); err != nil {
		t.Errorf("after a while: %v", err)
	}
}

// Else the eleventh guess would tell the right password of a suspended account.
func TestARightPasswordOfASuspendedAccountCountsLikeAWrongOne(t *testing.T) {
	h := newHouse(t)
	u := h.user("jo@example.com", signing)
	if _, err := h.EditUser(h.ctx, as(h.admin), u.ID, core.UserChange{IsActive: to(false)}); err != nil {
		t.Fatal(err)
	}
	sign := func() error {
		_, err := h.SignIn(h.ctx, "jo@example.com", "password", from("192.0.2.1"))
		return err
	}
	for n := range 10 {
		if err := sign(); !errors.Is(err, core.ErrSignIn) {
			t.Fatalf("guess %d: %v", n, err)
		}
	}
	if err := sign(); !errors.Is(err, core.ErrTooMany) || retryAfter(err) != 15*time.Minute {
		t.Errorf("got %v after %v", err, retryAfter(err))
	}
	// And it takes nothing back of the wrong ones at other accounts.
	for n := range 290 {
		if err := h.guess(fmt.Sprintf("u%d@example.com", n), "192.0.2.1"); !errors.Is(err, core.ErrSignIn) {
			t.Fatalf("guess %d elsewhere: %v", n, err)
		}
	}
	if err := h.guess("one.more@example.com", "192.0.2.1"); !errors.Is(err, core.ErrTooMany) {
		t.Errorf("the network: %v", err)
	}
}

// A provider routes a whole /48 to a site, in which whoever has it chooses at will.
func TestASiteOfIPv6IsOneNetwork(t *testing.T) {
	h := newHouse(t)
	for n := range 10 {
		if err := h.guess("jo@example.com", fmt.Sprintf("2001:db8:7:%x::1", n)); !errors.Is(err, core.ErrSignIn) {
			t.Fatalf("guess %d: %v", n, err)
		}
	}
	if err := h.guess("jo@example.com", "2001:db8:7:ffff::1"); !errors.Is(err, core.ErrTooMany) {
		t.Errorf("another network of the site: %v", err)
	}
	if err := h.guess("jo@example.com", "2001:db8:8::1"); !errors.Is(err, core.ErrSignIn) {
		t.Errorf("another site: %v", err)
	}
	for n := range 10 {
		if err := h.guess("ann@example.com", fmt.Sprintf("::ffff:192.0.2.%d", n)); !errors.Is(err, core.ErrSignIn) {
			t.Fatalf("guess %d: %v", n, err)
		}
	}
	if err := h.guess("ann@example.com", "192.0.2.200"); !errors.Is(err, core.ErrTooMany) {
		t.Errorf("the same network in IPv4: %v", err)
	}
}

func TestARightPasswordBeginsAnew(t *testing.T) {
	h := newHouse(t)
	h.user("jo@example.com", signing)
	for range 5 {
		for range 9 {
			if err := h.guess("jo@example.com", "2001:db8::1"); !errors.Is(err, core.ErrSignIn) {
				t.Fatal(err)
			}
		}
		if _, err := h.SignIn(h.ctx, " Jo@example.com", "password", from("2001:db8::2")); err != nil {
			t.Fatal(err)
		}
		h.clock.Advance(5 * time.Minute)
	}
}

func TestManyNetworksAtOneAddressAreSlowedAndItsOwnerGetsIn(t *testing.T) {
	h := newHouse(t)
	h.user("jo@example.com", signing)
	network := func(n int) string { return fmt.Sprintf("10.%d.%d.1", n/250, n%250) }
	for n := range 200 {
		if err := h.guess("jo@example.com", network(n)); !errors.Is(err, core.ErrSignIn) {
			t.Fatalf("the first guess of network %d: %v", n, err)
		}
	}
	if err := h.guess("jo@example.com", network(199)); !errors.Is(err, core.ErrTooMany) || retryAfter(err) != time.Minute {
		t.Errorf("the second guess of a network: %v after %v", err, retryAfter(err))
	}
	if _, err := h.SignIn(h.ctx, "jo@example.com", "password", from("203.0.113.5")); err != nil {
		t.Errorf("the owner: %v", err)
	}
	h.clock.Advance(24 * time.Hour)
	for range 9 {
		if err := h.guess("jo@example.com", network(199)); !errors.Is(err, core.ErrSignIn) {
			t.Fatalf("a day later: %v", err)
		}
	}
}

func TestANetworkThatTriesManyAddressesIsSlowed(t *testing.T) {
	h := newHouse(t)
	for n := range 300 {
		if err := h.guess(fmt.Sprintf("u%d@example.com", n), "192.0.2.1"); !errors.Is(err, core.ErrSignIn) {
			t.Fatalf("guess %d: %v", n, err)
		}
	}
	if err := h.guess("one.more@example.com", "192.0.2.1"); !errors.Is(err, core.ErrTooMany) {
		t.Errorf("got %v", err)
	}
	h.clock.Advance(3 * time.Second)
	if err := h.guess("one.more@example.com", "192.0.2.1"); !errors.Is(err, core.ErrSignIn) {
		t.Errorf("three seconds later: %v", err)
	}
}

func TestAHundredGuessesAtOnceAreNoMoreThanTen(t *testing.T) {
	h := newHouse(t)
	var wg sync.WaitGroup
	errs := make([]error, 100)
	for i := range errs {
		wg.Go(func() { errs[i] = h.guess("jo@example.com", "192.0.2.1") })
	}
	wg.Wait()
	checked := 0
	for _, err := range errs {
		if errors.Is(err, core.ErrSignIn) {
			checked++
		}
	}
	if checked != 10 {
		t.Errorf("%d were checked", checked)
	}
}

func TestSignInsAreInTheAuditLog(t *testing.T) {
	h := newHouse(t)
	if err := h.guess(h.admin.Email, "192.0.2.1"); !errors.Is(err, core.ErrSignIn) {
		t.Fatal(err)
	}
	if err := h.guess("nobody@example.com", "192.0.2.1"); !errors.Is(err, core.ErrSignIn) {
		t.Fatal(err)
	}
	if _, err := h.Flush(h.ctx); err != nil {
		t.Fatal(err)
	}
	h.clock.Advance(time.Second)
	if _, err := h.SignIn(h.ctx, h.admin.Email, "password", core.Attempt{From: netip.MustParseAddr("2001:db8::1"), Request: "r-1"}); err != nil {
		t.Fatal(err)
	}
	log, err := h.AuditLog(h.ctx, as(h.admin), core.AuditFilter{}, page.Request{})
	if err != nil || len(log.Items) != 2 {
		t.Fatalf("%+v, %v", log.Items, err)
	}
	if e := log.Items[0]; e.Outcome != "done" || e.FromAddress != "2001:db8::1" || e.RequestID != "r-1" || e.UserID != h.admin.ID {
		t.Errorf("the sign-in is %+v", e)
	}
	if e := log.Items[1]; e.Outcome != "refused" || e.Code != "users.wrong_credentials" || e.FromAddress != "192.0.2.1" {
		t.Errorf("the guess is %+v", e)
	}
}

func TestEachAttemptToSignInIsToldOnce(t *testing.T) {
	h := newHouse(t)
	h.user("jo@example.com", signing)
	told := map[core.SignInOutcome]int{}
	h.SignedIn = func(o core.SignInOutcome) { told[o]++ }
	if _, err := h.SignIn(h.ctx, "jo@example.com", "password", from("192.0.2.1")); err != nil {
		t.Fatal(err)
	}
	for range 12 {
		if err := h.guess("jo@example.com", "192.0.2.1"); err == nil {
			t.Fatal("a wrong password signed in")
		}
	}
	if told[core.SignInRight] != 1 || told[core.SignInWrong] != 10 || told[core.SignInLimited] != 2 || len(told) != 3 {
		t.Errorf("told %v", told)
	}
}
