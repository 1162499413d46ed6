package auditlog_test

import (
	"context"
	"errors"
	"fmt"
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
func (l *log) Audit(_ context.Context, e auditlog.Entry) error {
	l.entries = append(l.entries, e)
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
