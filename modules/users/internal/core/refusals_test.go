package core_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"parley/modules/users/internal/core"
	"parley/platform/kernel/page"
)

// tried is a refused request.
func tried(user int64, target string) core.AuditEntry {
	return core.AuditEntry{OrganizationID: 1, UserID: user, Action: "put_agent_agent_id", Target: target, FromAddress: "192.0.2.7", Outcome: "refused", Status: 404, Code: "agents.not_found"}
}

func (h *house) check(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// failing is a store that takes no refusals.
type failing struct {
	core.Store
	err error
}

// AddRefusals implements core.AuditStore.
func (f failing) AddRefusals(context.Context, []core.AuditEntry) ([]int64, error) { return nil, f.err }

func TestLikeRefusalsOfAnHourAreOneEntry(t *testing.T) {
	h := newHouse(t)
	log := func() (out []core.AuditEntry) {
		p, err := h.Store.AuditPage(t.Context(), 1, core.AuditFilter{Action: "put_agent_agent_id"}, page.Request{Size: page.MaxSize})
		h.check(err)
		return p.Items
	}
	flush := func() {
		_, err := h.Flush(t.Context())
		h.check(err)
	}
	began := h.clock.Now()
	for range 2_640 {
		h.check(h.Record(t.Context(), tried(7, "PUT /api/agent/1")))
		h.clock.Advance(time.Second)
	}
	flush()
	first := log()
	if len(first) != 1 || first[0].Count != 2_640 || !first[0].At.Equal(began) || !first[0].LastAt.Equal(began.Add(2_639*time.Second)) {
		t.Fatalf("got %+v", first)
	}
	other := tried(7, "PUT /api/agent/1")
	other.FromAddress = "192.0.2.8"
	h.check(h.Record(t.Context(), tried(8, "PUT /api/agent/1"), tried(7, "PUT /api/agent/2"), other))
	flush()
	if got := log(); len(got) != 4 {
		t.Errorf("another user, target and address: %+v", got)
	}
	h.clock.Advance(time.Hour)
	h.check(h.Record(t.Context(), tried(7, "PUT /api/agent/1"), tried(7, "PUT /api/agent/1")))
	flush()
	if got := log(); len(got) != 5 || got[0].Count != 2 {
		t.Errorf("an hour later: %+v", got)
	}
}

// A scan of ids fills neither the log nor the memory.
func TestManyRefusalsOfAUserAreCountedByOperation(t *testing.T) {
	h := newHouse(t)
	for i := range 5_000 {
		h.check(h.Record(t.Context(), tried(7, fmt.Sprint("PUT /api/agent/", i))))
	}
	h.check(h.Record(t.Context(), tried(8, "PUT /api/agent/1")))
	_, err := h.Flush(t.Context())
	h.check(err)
	p, err := h.Store.AuditPage(t.Context(), 1, core.AuditFilter{UserID: 7}, page.Request{Size: page.MaxSize})
	h.check(err)
	total, counted := int64(0), int64(0)
	for _, e := range p.Items {
		total += e.Count
		if e.Target == "PUT /api/agent/*" {
			counted += e.Count
		}
	}
	if len(p.Items) != 201 || total != 5_000 || counted != 4_800 {
		t.Errorf("%d entries of %d refusals, %d of them by operation", len(p.Items), total, counted)
	}
}

func TestARefusalThatCannotBeStoredIsTriedAgain(t *testing.T) {
	h := newHouse(t)
	broken := errors.New("broken")
	whole := h.Store
	h.Store = failing{whole, broken}
	if err := h.Record(t.Context(), tried(7, "PUT /api/agent/1")); !errors.Is(err, broken) {
		t.Fatalf("got %v", err)
	}
	h.Store = whole
	h.check(h.Record(t.Context(), tried(7, "PUT /api/agent/1")))
	p, err := h.Store.AuditPage(t.Context(), 1, core.AuditFilter{UserID: 7}, page.Request{})
	h.check(err)
	if len(p.Items) != 1 || p.Items[0].Count != 1 {
		t.Errorf("got %+v", p.Items)
	}
}
