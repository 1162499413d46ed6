package core

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"testing"
	"time"

	"parley/modules/users"
	"parley/platform/kernel/clock"
)

// endless is a store in which everybody is, with a key whose hash is their id.
type endless struct{ Store }

func (endless) Identity(_ context.Context, id int64) (Identity, error) {
	return Identity{Keys: []APIKey{{Hash: fmt.Sprint(id)}}}, nil
}

func (endless) KeyOwner(_ context.Context, hash string) (int64, error) {
	return strconv.ParseInt(hash, 10, 64)
}

func (endless) Organization(_ context.Context, id int64) (users.Organization, error) {
	return users.Organization{ID: id}, nil
}

// said takes any token for its own.
type said struct{ Tokens }

func (said) Read(Purpose, string, time.Time) (Session, error) { return Session{}, nil }

func TestWhatIsKeptInMemoryIsBounded(t *testing.T) {
	at := clock.NewFixed(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC))
	kept := newIdentities(endless{}, said{}, at)
	for i := range int64(maxKept + 50) {
		hash := fmt.Sprint(i)
		if _, _, err := kept.byHash(t.Context(), hash); err != nil {
			t.Fatal(err)
		}
		if _, err := kept.organizations.Get(t.Context(), i); err != nil {
			t.Fatal(err)
		}
		if _, err := kept.sessions.Get(t.Context(), hash); err != nil {
			t.Fatal(err)
		}
	}
	if kept.users.Len() != maxKept || kept.owners.Len() != maxKept || kept.organizations.Len() != maxKept || kept.sessions.Len() != maxKept {
		t.Errorf("%d users, %d keys, %d organizations and %d tokens are kept", kept.users.Len(), kept.owners.Len(), kept.organizations.Len(), kept.sessions.Len())
	}

	l := newLoginLimiter(at)
	try := func(i int) {
		t.Helper()
		network := netip.AddrFrom4([4]byte{byte(i >> 16), byte(i >> 8), byte(i), 1})
		if _, err := l.begin(fmt.Sprint(i), Attempt{From: network}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range maxTallies + 50 {
		try(i)
	}
	if len(l.pairs) > maxTallies || len(l.addresses) > maxTallies || len(l.networks) > maxTallies {
		t.Errorf("%d, %d and %d are counted", len(l.pairs), len(l.addresses), len(l.networks))
	}
	at.Advance(time.Hour)
	try(maxTallies + 51)
	if len(l.pairs) != 1 || len(l.addresses) != 1 {
		t.Errorf("%d and %d are left of what is over", len(l.pairs), len(l.addresses))
	}

	w := newWriteBehind()
	for i := range int64(maxWaiting + 50) {
		w.used(APIKey{ID: i}, at.Now())
		w.refused(AuditEntry{})
	}
	if len(w.uses) != maxWaiting || len(w.wrong) != maxWaiting || w.dropped != 50 {
		t.Errorf("%d uses and %d entries wait, %d are lost", len(w.uses), len(w.wrong), w.dropped)
	}
}
