package coretest

import (
	"time"

	"parley/modules/users/internal/core"
	"parley/platform/kernel/uow"
	"parley/platform/storetest"
)

// entries are audit entries of the fixture's organization, one an hour.
func (f fixture) entries(actions ...string) []core.AuditEntry {
	out := make([]core.AuditEntry, len(actions))
	for i, a := range actions {
		out[i] = core.AuditEntry{OrganizationID: f.org.ID, UserID: 1, At: now.Add(time.Duration(i) * time.Hour), Action: a, Target: "GET /x", Outcome: "refused", Status: 403, Count: 1}
	}
	return out
}

func (f fixture) number(limit int) (fresh, last int64) {
	f.t.Helper()
	fresh, last, err := f.NumberAudit(f.ctx, limit)
	f.NoError(err)
	return fresh, last
}

// feed are the actions behind a position.
func (f fixture) feed(org, after, top int64, limit int) []string {
	f.t.Helper()
	out := []string{}
	for _, e := range storetest.Must[[]core.AuditEntry](f.t)(f.AuditFeed(f.ctx, org, core.AuditFilter{}, after, top, limit)) {
		out = append(out, e.Action)
	}
	return out
}

func auditFeed(f fixture, _ uow.Unit) {
	for range 2 { // an empty log
		fresh, last := f.number(10)
		f.Equal([]int64{0, 0}, []int64{fresh, last})
	}
	f.NoError(f.AddAudit(f.ctx, f.entries("a", "b", "c")...))
	f.Equal([]string{}, f.feed(f.org.ID, 0, 10, 10)) // not numbered yet
	fresh, last := f.number(2)
	f.Equal([]int64{2, 2}, []int64{fresh, last})
	fresh, last = f.number(2)
	f.Equal([]int64{1, 3}, []int64{fresh, last})
	f.Equal([]string{"a", "b", "c"}, f.feed(f.org.ID, 0, last, 10))
	f.Equal([]string{"b"}, f.feed(f.org.ID, 1, last, 1))
	f.Equal([]string{"b"}, f.feed(f.org.ID, 1, 2, 10))
	f.Equal([]string{}, f.feed(f.org.ID+1, 0, last, 10))
	filtered, err := f.AuditFeed(f.ctx, f.org.ID, core.AuditFilter{Action: "c"}, -1, last, 10)
	f.NoError(err)
	want := f.entries("a", "b", "c")[2]
	want.ID, want.Position = 3, 3
	f.Equal([]core.AuditEntry{want}, filtered)
}

// An entry that is counted further comes again, at the end.
func countedRefusals(f fixture, _ uow.Unit) {
	ids := storetest.Must[[]int64](f.t)(f.AddRefusals(f.ctx, f.entries("a", "b", "c")))
	f.Equal([]int64{1, 2, 3}, ids)
	_, last := f.number(10)
	on := now.Add(24 * time.Hour)
	f.NoError(f.CountRefusals(f.ctx, nil))
	f.NoError(f.CountRefusals(f.ctx, []core.RefusalCount{{ID: ids[2], More: 1, LastAt: on}, {ID: ids[0], More: 41, LastAt: on}, {ID: 999, More: 1, LastAt: on}}))
	f.Equal([]string{"b"}, f.feed(f.org.ID, 0, last, 10))
	_, top := f.number(10)
	f.Equal([]string{"a", "c"}, f.feed(f.org.ID, last, top, 10))
	again := storetest.Must[[]core.AuditEntry](f.t)(f.AuditFeed(f.ctx, f.org.ID, core.AuditFilter{}, last, top, 1))[0]
	f.Equal([]any{ids[0], int64(42), on}, []any{again.ID, again.Count, *again.LastAt})
}

func prunedAudit(f fixture, _ uow.Unit) {
	f.NoError(f.AddAudit(f.ctx, f.entries("a", "b", "c", "d")...))
	for _, want := range []int64{1, 1, 0} {
		n, err := f.PruneAudit(f.ctx, now.Add(2*time.Hour), 1)
		f.NoError(err)
		f.Equal(want, n)
	}
	_, last := f.number(10)
	f.Equal([]string{"c", "d"}, f.feed(f.org.ID, 0, last, 10))
}
