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
