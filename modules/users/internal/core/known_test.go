package core_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"parley/modules/users/internal/core"
)

// slow has a host guess until it is slowed.
func (h *house) slow(host string) {
	h.t.Helper()
	for n := range 300 {
		if err := h.guess(fmt.Sprintf("u%d@example.com", n), host); !errors.Is(err, core.ErrSignIn) {
			h.t.Fatalf("guess %d: %v", n, err)
		}
	}
	if err := h.guess("one.more@example.com", host); !errors.Is(err, core.ErrTooMany) {
		h.t.Fatalf("the host is not slowed: %v", err)
	}
}

func (h *house) signs(email, host string) error {
	_, err := h.SignIn(h.ctx, email, "password", from(host))
	return err
}

func TestAHostThatGuessesDoesNotSlowItsNeighbours(t *testing.T) {
	h := newHouse(t)
	h.user("jo@example.com", signing)
	h.slow("192.0.2.1")
	if err := h.signs("jo@example.com", "192.0.2.2"); err != nil {
		t.Errorf("a neighbour's right password: %v", err)
	}
	for n := 3; n < 6; n++ {
		h.slow(fmt.Sprintf("192.0.2.%d", n))
	}
	// Four of them are a network that guesses; who is known there gets in.
	if err := h.guess("ann@example.com", "192.0.2.9"); !errors.Is(err, core.ErrTooMany) {
		t.Errorf("somebody new: %v", err)
	}
	if err := h.signs("jo@example.com", "192.0.2.2"); err != nil {
		t.Errorf("who is known: %v", err)
	}
}

func TestWhoIsKnownAtAHostIsNotLockedByOthers(t *testing.T) {
	h := newHouse(t)
	h.user("jo@example.com", signing)
	if err := h.signs("jo@example.com", "192.0.2.2"); err != nil {
		t.Fatal(err)
	}
	for range 10 { // a neighbour locks the address for the network
		if err := h.guess("jo@example.com", "192.0.2.1"); !errors.Is(err, core.ErrSignIn) {
			t.Fatal(err)
		}
	}
	if err := h.guess("jo@example.com", "192.0.2.1"); !errors.Is(err, core.ErrTooMany) {
		t.Errorf("the neighbour: %v", err)
	}
	for n := range 60 { // and many networks slow it for all
		_ = h.guess("jo@example.com", fmt.Sprintf("10.0.%d.1", n))
	}
	for range 3 {
		if err := h.signs("jo@example.com", "192.0.2.2"); err != nil {
			t.Errorf("who is known: %v", err)
		}
	}
	// A known host has ten guesses as well, and is not known for ever.
	for range 10 {
		if err := h.guess("jo@example.com", "192.0.2.2"); !errors.Is(err, core.ErrSignIn) {
			t.Fatal(err)
		}
	}
	if err := h.signs("jo@example.com", "192.0.2.2"); !errors.Is(err, core.ErrTooMany) {
		t.Errorf("after ten wrong ones: %v", err)
	}
	h.clock.Advance(31 * 24 * time.Hour)
	for range 10 {
		if err := h.guess("jo@example.com", "192.0.2.1"); !errors.Is(err, core.ErrSignIn) {
			t.Fatal(err)
		}
	}
	if err := h.signs("jo@example.com", "192.0.2.2"); !errors.Is(err, core.ErrTooMany) {
		t.Errorf("a month later: %v", err)
	}
}
