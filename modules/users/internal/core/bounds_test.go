package core

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"parley/platform/kernel/clock"
)

func TestWhatIsKeptInMemoryIsBounded(t *testing.T) {
	at := clock.NewFixed(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC))
	kept := newIdentities(nil, at)
	for i := range int64(maxIdentities + 50) {
		kept.keep(i, &known{keys: map[string]APIKey{fmt.Sprint(i): {}}})
	}
	if len(kept.kept) != maxIdentities || len(kept.owners) != maxIdentities {
		t.Errorf("%d users and %d keys are kept", len(kept.kept), len(kept.owners))
	}
	if kept.kept[maxIdentities+49] == nil {
		t.Error("the newest is not kept")
	}

	g := newGuard(at)
	try := func(i int) {
		t.Helper()
		network := netip.AddrFrom4([4]byte{byte(i >> 16), byte(i >> 8), byte(i), 1})
		if _, err := g.begin(fmt.Sprint(i), Attempt{From: network}); err != nil {
			t.Fatal(err)
		}
	}
	for i := range maxTallies + 50 {
		try(i)
	}
	if len(g.pairs) > maxTallies || len(g.addresses) > maxTallies || len(g.networks) > maxTallies {
		t.Errorf("%d, %d and %d are counted", len(g.pairs), len(g.addresses), len(g.networks))
	}
	at.Advance(time.Hour)
	try(maxTallies + 51)
	if len(g.pairs) != 1 || len(g.addresses) != 1 {
		t.Errorf("%d and %d are left of what is over", len(g.pairs), len(g.addresses))
	}

	l := newLater()
	for i := range int64(maxLater + 50) {
		l.used(APIKey{ID: i}, at.Now())
		l.refused(AuditEntry{})
	}
	if len(l.uses) != maxLater || len(l.wrong) != maxLater || l.dropped != 50 {
		t.Errorf("%d uses and %d entries wait, %d are lost", len(l.uses), len(l.wrong), l.dropped)
	}
}
