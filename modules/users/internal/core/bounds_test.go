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
	for name, n := range map[string]int{
		"pairs": l.pairs.used.Len() + len(l.pairs.entries), "addresses": l.addresses.used.Len() + len(l.addresses.entries),
		"hosts": l.hosts.used.Len() + len(l.hosts.entries), "networks": l.networks.used.Len() + len(l.networks.entries),
	} {
		if n != 2*maxTallies {
			t.Errorf("%d %s are counted", n/2, name)
		}
	}
	at.Advance(time.Hour)
	for i := range maxTallies { // each takes two away that are over
		try(maxTallies + 51 + i)
	}
	if n := l.pairs.used.Len(); n != maxTallies {
		t.Errorf("%d are left of what is over", n)
	}
	for i := range 100 {
		if _, err := l.begin(fmt.Sprint("new", i), Attempt{From: netip.AddrFrom4([4]byte{9, 9, byte(i), 1})}); err != nil {
			t.Fatal(err)
		}
	}
	// What counted last is still there.
	if l.pairs.find(pair{"new0", netip.MustParsePrefix("9.9.0.0/24")}) == nil {
		t.Error("what was used lately is gone")
	}
	for i := range maxTallies + 50 {
		l.saw(fmt.Sprint(i), Attempt{From: netip.AddrFrom4([4]byte{9, 9, 9, 9})})
	}
	if n := l.known.used.Len(); n != maxTallies {
		t.Errorf("%d hosts are known", n)
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
