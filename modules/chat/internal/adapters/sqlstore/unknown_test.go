package sqlstore_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/modules/chat/internal/adapters/sqlstore"
	"parley/modules/chat/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/page"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// toldRow is an event as a test's outbox stores it.
type toldRow struct {
	Name string
}

// told is an outbox in the database: it has what was committed.
type told struct{ db *sqldb.DB }

func (o told) Append(ctx context.Context, events []event.Envelope) error {
	rows := make([]toldRow, len(events))
	for i, e := range events {
		rows[i].Name = e.Name
	}
	return o.db.InsertLast(ctx, sqldb.Insert{Rows: &rows})
}

func (told) Committed() {}

// paced answers in pieces, each when it is told to.
type paced struct{ piece chan string }

func (paced) Name() string { return "paced" }

func (m paced) Answer(ctx context.Context, _ core.Prompt, emit func(string) error) (core.Completion, error) {
	var c core.Completion
	for {
		select {
		case piece, more := <-m.piece:
			if !more {
				return c, nil
			}
			c.Text += piece
			if err := emit(piece); err != nil {
				return c, err
			}
		case <-ctx.Done():
			return c, ctx.Err()
		}
	}
}

// completed counts the runs whose end was told as stored.
type completed struct{ atomic.Int64 }

func (c *completed) Ended(state core.State, _ string) {
	if state == core.Completed {
		c.Add(1)
	}
}

func (*completed) Called(core.ModelCall) {}

// cut is a chat whose connections to PostgreSQL go through a proxy.
type cut struct {
	*core.Service
	proxy *dbtest.Proxy
	store *sqlstore.Store
	db    *sqldb.DB // past the proxy
	model paced
	ended completed
}

func newCut(t *testing.T) *cut {
	t.Helper()
	address := dbtest.PostgresURL(t)
	p := dbtest.ProxyTo(t, address)
	direct, through := openAt(t, address), openAt(t, p.URL)
	if err := migrate.New(direct, []migrate.Set{sqlstore.Migrations()}, slog.New(slog.DiscardHandler)).Up(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := direct.ExecContext(t.Context(), "CREATE TABLE told_rows (name TEXT)"); err != nil {
		t.Fatal(err)
	}
	c := &cut{proxy: p, store: sqlstore.New(direct), db: direct, model: paced{make(chan string)}}
	c.Service = core.New(core.Deps{
		Unit: sqldb.NewUnit(through, told{through}, clock.System{}), Store: sqlstore.New(through), Agents: anyAgent{}, Askers: anybody{}, Corpora: noDocuments{},
		Models: core.Models{{Model: c.model}}, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), Owner: "process-a", Meter: &c.ended,
	})
	c.Open(t.Context())
	t.Cleanup(func() {
		if err := c.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return c
}

func openAt(t *testing.T, address string) *sqldb.DB {
	t.Helper()
	db, err := sqldb.Open(t.Context(), sqldb.Config{URL: address, MaxConns: 4})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// once breaks the next commit alone.
func (c *cut) once(how dbtest.Break) {
	first := true
	c.proxy.Breaking(func() dbtest.Break {
		if first {
			first = false
			return how
		}
		return dbtest.Not
	})
}

// say has the model say something.
func (c *cut) say(ctx context.Context, t *testing.T, piece string) {
	t.Helper()
	select {
	case c.model.piece <- piece:
	case <-ctx.Done():
		t.Fatal("the model does not answer")
	}
}

func (c *cut) broken(t *testing.T, want int) {
	t.Helper()
	if n := c.proxy.Broken(); n != want {
		t.Fatalf("%d commits were broken, not %d", n, want)
	}
}

// check looks whether the question, its stream and its end are stored once.
func (c *cut) check(t *testing.T, asked core.Asked, answer string) {
	t.Helper()
	ctx := t.Context()
	threads, err := c.store.ThreadsPage(ctx, asked.UserID, 3, "", page.Request{})
	if err != nil || threads.Count != 1 {
		t.Fatalf("%d threads: %v", threads.Count, err)
	}
	runs, err := c.store.RunsPage(ctx, asked.ThreadID, page.Request{})
	if err != nil || len(runs.Items) != 1 || runs.Items[0].ID != asked.ID || runs.Items[0].State != core.Completed {
		t.Fatalf("%+v: %v", runs.Items, err)
	}
	events, err := c.store.Events(ctx, asked.ID, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for i, e := range events {
		text += e.Delta
		if e.Sequence != int64(i+1) {
			t.Errorf("event %d has the number %d", i+1, e.Sequence)
		}
	}
	if text != answer || !events[len(events)-1].Last() {
		t.Errorf("the stream says %q in %d events", text, len(events))
	}
	if n := c.ended.Load(); n != 1 {
		t.Errorf("%d ends were told as stored", n)
	}
	var names []string
	var ledger int
	err = c.db.NewRaw("SELECT name FROM told_rows").Scan(ctx, &names)
	if err == nil {
		err = c.db.NewRaw("SELECT count(*) FROM chat_ledger").Scan(ctx, &ledger)
	}
	slices.Sort(names)
	if got := strings.Join(names, " "); err != nil || got != "chat.run_completed.v1 chat.thread_created.v1" || ledger != 1 {
		t.Errorf("told: %s; %d rows in the ledger; %v", got, ledger, err)
	}
}

var jo = actor.Actor{UserID: 7, OrganizationID: 1, Email: "jo@example.com"}

func TestWhatAnUnknownCommitStoredIsNotStoredAgain(t *testing.T) {
	for _, how := range []dbtest.Break{dbtest.Lost, dbtest.Untold} {
		for _, which := range []string{"accept", "stream", "end"} {
			t.Run(fmt.Sprintf("%s %d", which, how), func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				c := newCut(t)
				if which == "accept" {
					c.once(how)
				}
				asked, err := c.Ask(ctx, jo, core.Ask{AgentID: 3, UserQuery: "What is green?"})
				if err != nil {
					t.Fatal(err)
				}
				w := c.Follow(jo, asked)
				next := func() core.StreamEvent {
					t.Helper()
					e, err := w.Next(ctx)
					if err != nil {
						t.Fatal(err)
					}
					return e
				}
				for next().Step != core.StepModel {
				}
				if which == "stream" {
					c.once(how)
				}
				c.say(ctx, t, "It ")
				if e := next(); e.Delta != "It " {
					t.Fatalf("%+v", e)
				}
				if which == "end" {
					c.once(how)
				}
				c.say(ctx, t, "is.")
				close(c.model.piece)
				record, err := c.Outcome(ctx, jo, asked)
				if err != nil || record.Answer != "It is." {
					t.Fatalf("%q: %v", record.Answer, err)
				}
				c.broken(t, 1)
				c.check(t, asked, "It is.")
			})
		}
	}
}

// The commit is still under way when its parts come again.
func TestWhatComesAgainWaitsForTheCommitThatNobodyKnowsTheEndOf(t *testing.T) {
	for _, which := range []string{"accept", "stream", "end"} {
		t.Run(which, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			c := newCut(t)
			var asked core.Asked
			done := make(chan error, 1)
			ask := func() (err error) {
				asked, err = c.Ask(ctx, jo, core.Ask{AgentID: 3, UserQuery: "What is green?"})
				return err
			}
			if which == "accept" {
				let := c.hold(ctx, t)
				go func() { done <- ask() }()
				c.waitsTwice(ctx, t)
				select {
				case err := <-done:
					t.Fatalf("it did not wait: %v", err)
				default:
				}
				let()
				select {
				case err := <-done:
					if err != nil {
						t.Fatal(err)
					}
				case <-ctx.Done():
					t.Fatal(ctx.Err())
				}
			} else if err := ask(); err != nil {
				t.Fatal(err)
			}
			w := c.Follow(jo, asked)
			for {
				if e, err := w.Next(ctx); err != nil {
					t.Fatal(err)
				} else if e.Step == core.StepModel {
					break
				}
			}
			let := func() {}
			if which == "stream" {
				let = c.hold(ctx, t)
			}
			c.say(ctx, t, "It is.")
			if which == "stream" {
				c.waitsTwice(ctx, t)
			}
			let()
			if e, err := w.Next(ctx); err != nil || e.Delta != "It is." {
				t.Fatalf("%+v, %v", e, err)
			}
			if which == "end" {
				let = c.hold(ctx, t)
			}
			close(c.model.piece)
			if which == "end" {
				c.waitsTwice(ctx, t)
				let()
			}
			if record, err := c.Outcome(ctx, jo, asked); err != nil || record.Answer != "It is." {
				t.Fatalf("%q, %v", record.Answer, err)
			}
			c.broken(t, 1)
			c.check(t, asked, "It is.")
		})
	}
}

// hold keeps the next commit, which breaks off halfway, from its end until let.
// Rows of streams are stored behind those of runs.
func (c *cut) hold(ctx context.Context, t *testing.T) (let func()) {
	t.Helper()
	other, err := c.db.DB.DB.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Rollback() })
	if _, err := other.ExecContext(ctx, "LOCK TABLE chat_streams IN EXCLUSIVE MODE"); err != nil {
		t.Fatal(err)
	}
	c.once(dbtest.Halfway)
	return func() {
		t.Helper()
		if err := other.Rollback(); err != nil {
			t.Fatal(err)
		}
	}
}

// waitsTwice returns when the commit waits for the lock, and its repetition for
// the commit.
func (c *cut) waitsTwice(ctx context.Context, t *testing.T) {
	t.Helper()
	for waiting := 0; waiting < 2; {
		err := c.db.NewRaw("SELECT count(DISTINCT a.pid) FROM pg_stat_activity AS a JOIN pg_locks AS l ON l.pid = a.pid WHERE a.wait_event_type = 'Lock' AND l.relation = 'chat_runs'::regclass").Scan(ctx, &waiting)
		if err != nil {
			t.Fatal(err)
		}
	}
}
