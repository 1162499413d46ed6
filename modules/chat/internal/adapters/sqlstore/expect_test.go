package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"parley/modules/chat/internal/adapters/sqlstore"
	"parley/modules/chat/internal/core"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

var aThread = core.Thread{OrganizationID: 1, AgentID: 3, UserID: 7, Title: "What?"}

// questions is a batch that expects that its questions are stored.
func questions(at time.Time, run string, threads ...core.Thread) core.Batch {
	b := core.Batch{Now: at, Expecting: true}
	for i, t := range threads {
		b.Accepts = append(b.Accepts, asking(fmt.Sprint(run, i), t))
	}
	return b
}

func TestABatchThatExpectsNoRefusalIsOneMessage(t *testing.T) {
	l := newLocking(t.Context(), t)
	messages := 0
	dbtest.Hook(l.db, func(_ context.Context, query string) any {
		if query != "BEGIN" { // goes with the next
			messages++
		}
		return nil
	}, func(any) {})
	at := time.Now()
	for i := range 3 { // the first looks at the columns of tables
		if err := l.store.Stock(t.Context(), 2, at); err != nil {
			t.Fatal(err)
		}
		messages = 0
		b := questions(at, fmt.Sprint("one", i), aThread, l.made[0].Thread)
		if i == 0 {
			run := l.made[1].Run
			b.Ends = []core.End{{Run: run.ID, Owner: run.Owner, AgentID: run.AgentID, Outcome: core.Outcome{State: core.Completed, Answer: "So."}, Sequence: 1}}
		}
		if done, err := l.write(b); err != nil || !done.Expected || done.Accepts[1].Thread.Title != "What?" {
			t.Fatalf("%+v, %v", done, err)
		}
	}
	if messages != 1 {
		t.Errorf("%d messages", messages)
	}
}

func TestABatchThatIsNotAsExpectedStoresNothing(t *testing.T) {
	dbtest.Each(t, []migrate.Set{sqlstore.Migrations()}, func(t *testing.T, db *sqldb.DB) {
		l := newAlone(t.Context(), t, db)
		at := time.Now()
		gone, renamed, key := l.made[0].Thread, l.made[0].Thread, "key"
		gone.Deletions++
		renamed.Title = "That"
		taken := asking("taken", aThread)
		taken.Run.IdempotencyKey = &key
		if _, err := l.write(core.Batch{Now: at, Accepts: []core.Accept{taken}}); err != nil {
			t.Fatal(err)
		}
		taken.Run.RunID = "again"
		end := core.End{Run: l.made[0].Run.ID, Owner: "process-b", Outcome: core.Outcome{State: core.Completed}, Sequence: 1}
		var many []core.End // so that they go as arrays
		for range 20 {
			many = append(many, end)
		}
		for name, b := range map[string]core.Batch{
			"an answer of a thread was deleted":  questions(at, "a", aThread, gone),
			"a thread has another title":         questions(at, "b", aThread, renamed),
			"a key is taken":                     {Accepts: []core.Accept{asking("c", aThread), taken}},
			"a run ended elsewhere":              {Accepts: []core.Accept{asking("d", aThread)}, Ends: []core.End{end}},
			"many runs ended elsewhere":          {Accepts: []core.Accept{asking("e", aThread)}, Ends: many},
			"a run that goes on ended elsewhere": {Accepts: []core.Accept{asking("f", aThread)}, Advances: []core.Advance{{Run: end.Run, Owner: end.Owner, Sequence: 1}}},
		} {
			t.Run(name, func(t *testing.T) {
				b.Now, b.Expecting = at, true
				if err := l.store.Stock(t.Context(), len(b.Accepts), at); err != nil {
					t.Fatal(err)
				}
				before := l.count("chat_runs")
				done, err := l.write(b)
				if err == nil || !done.Expected || errors.Is(err, core.ErrNoLongerOurs) {
					t.Errorf("expected %v, %v", done.Expected, err)
				}
				if after := l.count("chat_runs"); after != before {
					t.Errorf("%d runs, then %d", before, after)
				}
			})
		}
	})
}

// Of two processes that store questions to one thread, the later gives the higher
// id, though it took its own before.
func TestIDsOfAThreadAreInTheOrderOfItsQuestions(t *testing.T) {
	l := newLocking(t.Context(), t)
	at := time.Now()
	other := sqlstore.New(l.db)
	if err := other.Stock(t.Context(), 1, at); err != nil {
		t.Fatal(err)
	}
	first, err := l.write(questions(at, "first", l.made[0].Thread))
	if err != nil {
		t.Fatal(err)
	}
	l.store = other
	b := questions(at, "second", l.made[0].Thread)
	if _, err := l.write(b); err == nil {
		t.Error("it is stored with an id that was taken before")
	}
	b.Expecting = false
	second, err := l.write(b)
	if err != nil || second.Accepts[0].Run.ID <= first.Accepts[0].Run.ID {
		t.Errorf("%+v after %+v: %v", second.Accepts, first.Accepts, err)
	}
}

func TestIDsAreKeptForAMomentWhenManyQuestionsCome(t *testing.T) {
	l := newLocking(t.Context(), t)
	at := time.Now().Add(time.Hour)
	var last int64
	ask := func(after time.Duration) (expected bool) {
		t.Helper()
		at = at.Add(after)
		done, err := l.write(questions(at, at.String(), aThread))
		if err != nil || done.Accepts[0].Run.ID <= last {
			t.Fatalf("%+v after %d: %v", done, last, err)
		}
		last = done.Accepts[0].Run.ID
		return done.Expected
	}
	for i := range 10 {
		if ask(30*time.Millisecond) && i < 5 {
			t.Error("ids were kept for few questions")
		}
	}
	for range 10 {
		ask(2 * time.Millisecond)
	}
	kept := 0
	for range 100 {
		if ask(2 * time.Millisecond) {
			kept++
		}
	}
	if kept < 90 {
		t.Errorf("%d of 100 questions had ids that were kept", kept)
	}
	if ask(101 * time.Millisecond) {
		t.Error("an id was kept for longer than a moment")
	}
}

func TestIDsAreTakenWhileAQuestionIsPrepared(t *testing.T) {
	l := newLocking(t.Context(), t)
	var last int64
	for i := range 3 {
		at := time.Now().Add(time.Duration(i) * time.Hour)
		for range 2 {
			l.store.Coming(t.Context(), at)
		}
		for until := time.Now().Add(30 * time.Second); l.store.Stocked(at) < 2; time.Sleep(time.Millisecond) {
			if time.Now().After(until) {
				t.Fatal("no ids are taken")
			}
		}
		done, err := l.write(questions(at, fmt.Sprint("coming", i), aThread, aThread))
		if err != nil || !done.Expected || done.Accepts[0].Run.ID <= last || done.Accepts[1].Run.ID != done.Accepts[0].Run.ID+1 {
			t.Fatalf("%+v after %d: %v", done, last, err)
		}
		last = done.Accepts[1].Run.ID
		if n := l.store.Stocked(at); n != 0 {
			t.Errorf("%d ids are left", n)
		}
	}
}
