package password_test

import (
	"context"
	"errors"
	"testing"

	"parley/modules/users/internal/adapters/password"
)

func TestAHashMatchesItsPasswordAlone(t *testing.T) {
	h := password.New()
	hash, err := h.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		hash, password string
		want           bool
	}{{hash, "correct horse", true}, {hash, "Correct horse", false}, {hash, "", false}, {"", "", false}, {"", "correct horse", false}} {
		if ok, err := h.Matches(t.Context(), c.hash, c.password); err != nil || ok != c.want {
			t.Errorf("%q with %q: %v, %v", c.password, c.hash, ok, err)
		}
	}
}

func TestWhoeverWaitsNoLongerLeavesTheQueue(t *testing.T) {
	h := password.New()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	refused := 0
	for range 300 { // more than the queue is long
		if _, err := h.Matches(gone, "", "x"); errors.Is(err, context.Canceled) {
			refused++
		}
		if refused == 3 {
			break
		}
	}
	if ok, err := h.Matches(t.Context(), "", "x"); ok || err != nil {
		t.Errorf("afterwards: %v, %v", ok, err)
	}
}
