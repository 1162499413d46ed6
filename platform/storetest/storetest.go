// Package storetest has what the contract suites of stores share: the
// assertions of their fixtures, and the time at which things happen in them.
package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Now is the moment that suites write down, with the microseconds that every
// database keeps.
func Now() time.Time { return time.Date(2026, 5, 1, 12, 0, 0, 345000, time.UTC) }

// Assert is embedded in the fixture of a suite.
type Assert struct{ t testing.TB }

// New returns the assertions of one test.
func New(t testing.TB) Assert { return Assert{t} }

// Equal reports how got differs from want, and whether it is the same.
func (a Assert) Equal(want, got any) bool {
	a.t.Helper()
	diff := cmp.Diff(want, got)
	if diff != "" {
		a.t.Errorf("(- want, + got)\n%s", diff)
	}
	return diff == ""
}

// ErrorIs reports an error that does not wrap want; nil wants none.
func (a Assert) ErrorIs(err, want error) {
	a.t.Helper()
	if !errors.Is(err, want) {
		a.t.Errorf("got %v, want %v", err, want)
	}
}

// NoError ends the test when there is an error.
func (a Assert) NoError(err error) {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
}

// Must answers the value of a call, or ends the test with its error:
//
//	team := storetest.Must[projects.Team](f.t)(f.AddTeam(f.ctx, t))
func Must[V any](t testing.TB) func(V, error) V {
	return func(v V, err error) V {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
