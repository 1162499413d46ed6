package auditlog_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/platform/auditlog"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
)

type changed struct{ id int }

// EventName implements event.Event.
func (changed) EventName() string { return "things.thing_changed.v1" }

// AggregateKey implements event.Event.
func (c changed) AggregateKey() string { return fmt.Sprintf("thing/%d", c.id) }

// log is an audit log that keeps what it was told.
type log struct {
	entries []auditlog.Entry
	fail    error
}

// Audit implements auditlog.Auditor.
func (l *log) Audit(_ context.Context, entries ...auditlog.Entry) error {
	l.entries = append(l.entries, entries...)
	return l.fail
}

func changing(ids ...int) func(context.Context, uow.Tx) error {
	return func(_ context.Context, tx uow.Tx) error {
		for _, id := range ids {
			tx.Publish(changed{id})
		}
		return nil
	}
}

func TestTheFirstUnitThatCommitsTakesTheEntryAlong(t *testing.T) {
	l, unit := &log{}, auditlog.Unit(memory.New(clock.System{}))
	ctx, pending := auditlog.Begin(t.Context(), l, auditlog.Entry{Action: "edit"})
	broken := errors.New("broken")
	if err := unit.Do(ctx, func(context.Context, uow.Tx) error { return broken }); !errors.Is(err, broken) || pending.Written() {
		t.Fatalf("a unit that failed: %v, written: %t", err, pending.Written())
	}
	for _, ids := range [][]int{{1, 2, 1}, {3}} {
		if err := unit.Do(ctx, changing(ids...)); err != nil {
			t.Fatal(err)
		}
	}
	if len(l.entries) != 1 || l.entries[0].Action != "edit" || !pending.Written() {
		t.Fatalf("entries %+v, written: %t", l.entries, pending.Written())
	}
	if diff := cmp.Diff([]string{"thing/1", "thing/2"}, l.entries[0].Subjects); diff != "" {
		t.Error(diff)
	}
}

func TestAnEntryThatCannotBeWrittenTakesItsUnitBack(t *testing.T) {
	db := memory.New(clock.System{})
	l := &log{fail: errors.New("the disk is full")}
	ctx, pending := auditlog.Begin(t.Context(), l, auditlog.Entry{})
	if err := auditlog.Unit(db).Do(ctx, changing(1)); !errors.Is(err, l.fail) {
		t.Errorf("got %v", err)
	}
	if facts := db.Published(); len(facts) > 0 || pending.Written() {
		t.Errorf("published %v, written: %t", facts, pending.Written())
	}
}

func TestTheSubjectsOfAnEntryAreBounded(t *testing.T) {
	l, unit := &log{}, auditlog.Unit(memory.New(clock.System{}))
	ctx, _ := auditlog.Begin(t.Context(), l, auditlog.Entry{})
	ids := make([]int, 1200)
	for i := range ids {
		ids[i] = i
	}
	if err := unit.Do(ctx, changing(ids...)); err != nil {
		t.Fatal(err)
	}
	if n := len(l.entries[0].Subjects); n != 1000 {
		t.Errorf("%d subjects", n)
	}
}

func TestAUnitThatNoRequestRunsLeavesNoEntry(t *testing.T) {
	if err := auditlog.Unit(memory.New(clock.System{})).Do(t.Context(), changing(1)); err != nil {
		t.Error(err)
	}
}

func TestCallersWhoShareACommitKeepTheirEntriesApart(t *testing.T) {
	l, db := &log{}, memory.New(clock.System{})
	refusal := errors.New("taken")
	var callers []context.Context
	var pending []*auditlog.Pending
	for _, action := range []string{"first", "second", "third"} {
		ctx, p := auditlog.Begin(t.Context(), l, auditlog.Entry{Action: action})
		callers, pending = append(callers, ctx), append(pending, p)
	}
	share := func(fail error) error {
		return auditlog.Group(db).DoAll(t.Context(), append(callers, t.Context()), func(_ context.Context, txs []uow.Tx) ([]error, error) {
			txs[0].Publish(changed{1})
			txs[2].Publish(changed{3}, changed{4})
			txs[3].Publish(changed{5}) // of nobody
			return []error{nil, refusal, nil, nil}, fail
		})
	}
	broken := errors.New("broken")
	if err := share(broken); !errors.Is(err, broken) || pending[0].Written() || len(db.Published()) > 0 {
		t.Fatalf("a commit that failed: %v, written: %t, published %v", err, pending[0].Written(), db.Published())
	}
	if err := share(nil); err != nil {
		t.Fatal(err)
	}
	want := []auditlog.Entry{{Action: "first", Subjects: []string{"thing/1"}}, {Action: "third", Subjects: []string{"thing/3", "thing/4"}}}
	if diff := cmp.Diff(want, l.entries, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	for i, is := range []bool{true, false, true} {
		if pending[i].Written() != is {
			t.Errorf("entry %d is written: %t", i, !is)
		}
	}
}

func TestAPartThatWasCommittedBeforeHasItsEntryAlready(t *testing.T) {
	l, db := &log{}, memory.New(clock.System{})
	before, was := auditlog.Begin(t.Context(), l, auditlog.Entry{Action: "before"})
	now, is := auditlog.Begin(t.Context(), l, auditlog.Entry{Action: "now"})
	err := auditlog.Group(db).DoAll(t.Context(), []context.Context{before, now}, func(context.Context, []uow.Tx) ([]error, error) {
		return []error{uow.ErrBefore, nil}, nil
	})
	if err != nil || !was.Written() || !is.Written() || len(l.entries) != 1 || l.entries[0].Action != "now" {
		t.Errorf("%v, entries %+v, written %t and %t", err, l.entries, was.Written(), is.Written())
	}
}
