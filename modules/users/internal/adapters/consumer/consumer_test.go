package consumer_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"parley/modules/users"
	"parley/modules/users/internal/adapters/consumer"
	"parley/modules/users/internal/adapters/history"
	"parley/modules/users/internal/adapters/sqlstore"
	"parley/modules/users/internal/adapters/token"
	"parley/modules/users/internal/core"
	"parley/platform/bus"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/id"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// plain is a hasher that takes no time.
type plain struct{}

func (plain) Hash(_ context.Context, p string) (string, error)     { return "hash:" + p, nil }
func (plain) Matches(_ context.Context, h, p string) (bool, error) { return h == "hash:"+p, nil }

// process is the module in one of several processes on a database.
type process struct {
	*core.Service
	unit uow.Unit
	// look has it look for events at once. On SQLite nothing tells it of what
	// another process has committed, and it looks every two seconds.
	look func()
}

func newProcess(t *testing.T, db *sqldb.DB) process {
	t.Helper()
	outbox := bus.NewOutbox(db)
	unit := sqldb.NewUnit(db, outbox, clock.System{})
	tokens, err := token.New([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	s := core.New(core.Deps{Unit: unit, Store: sqlstore.New(db), Hasher: plain{}, Tokens: tokens, History: history.New(outbox), Clock: clock.System{}})
	b, err := bus.New(bus.Config{DB: db, Unit: unit, Outbox: outbox, Consumers: consumer.Consumers(s), Clock: clock.System{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 20*time.Second)
		defer cancel()
		if err := b.Stop(ctx); err != nil {
			t.Errorf("stopping: %v", err)
		}
	})
	return process{s, unit, outbox.Committed}
}

// soon calls check until it answers nil.
func soon(t *testing.T, check func() error) {
	t.Helper()
	var err error
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); {
		if err = check(); err == nil {
			return
		}
		select {
		case <-t.Context().Done():
		case <-time.After(2 * time.Millisecond):
		}
	}
	t.Errorf("too late: %v", err)
}

// Two processes share a database: what one changes is over in the other when
// the event comes, although it keeps who acts in memory.
func TestWhatOneProcessChangesEndsInTheOther(t *testing.T) {
	dbtest.Each(t, []migrate.Set{bus.Migrations(), sqlstore.Migrations()}, func(t *testing.T, db *sqldb.DB) {
		here, there := newProcess(t, db), newProcess(t, db)
		ctx := t.Context()
		org, admin, err := here.CreateOrganization(ctx, "Tech", "admin@example.com", "password")
		if err != nil {
			t.Fatal(err)
		}
		by := actor.Actor{UserID: admin.ID, OrganizationID: org.ID, Email: admin.Email, Level: actor.GlobalAdmin}
		u, err := here.CreateUser(ctx, by, core.NewUser{Email: "jo@example.com", Password: "password"})
		if err != nil {
			t.Fatal(err)
		}
		pair, err := here.SignIn(ctx, "jo@example.com", "password", core.Attempt{})
		if err != nil {
			t.Fatal(err)
		}
		secret, key, err := here.CreateKey(ctx, actor.Actor{UserID: u.ID, OrganizationID: org.ID, Email: u.Email}, core.NewKey{Name: "k", Scope: actor.Scope{Kind: actor.ScopeAll}})
		if err != nil {
			t.Fatal(err)
		}
		until := func(what string, ok func(who actor.Actor, byToken, byKey error) bool) {
			t.Helper()
			there.look()
			soon(t, func() error {
				who, byToken := there.Authenticate(ctx, pair.Access, "")
				_, byKey := there.Authenticate(ctx, "", secret)
				if !ok(who, byToken, byKey) {
					return errors.New(what)
				}
				return nil
			})
		}
		change := func(c core.UserChange) {
			t.Helper()
			if _, err := here.EditUser(ctx, by, u.ID, c); err != nil {
				t.Fatal(err)
			}
		}
		yes, no := true, false
		until("both open", func(_ actor.Actor, byToken, byKey error) bool { return byToken == nil && byKey == nil })
		change(core.UserChange{IsStaff: &yes})
		until("an application admin", func(who actor.Actor, _, _ error) bool { return who.Level == actor.ApplicationAdmin })
		err = here.unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error { // as another module does
			_, err := here.Grant(ctx, by, actor.Team, 7, []int64{u.ID}, actor.Admin)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		until("a team admin", func(who actor.Actor, _, _ error) bool { return who.Holds(actor.Team, 7) == actor.Admin })
		if _, err := here.DeleteKey(ctx, actor.Actor{UserID: u.ID, OrganizationID: org.ID}, key.ID); err != nil {
			t.Fatal(err)
		}
		until("no key", func(_ actor.Actor, byToken, byKey error) bool {
			return byToken == nil && errors.Is(byKey, core.ErrCredentials)
		})
		change(core.UserChange{IsActive: &no})
		until("suspended", func(_ actor.Actor, byToken, _ error) bool { return errors.Is(byToken, core.ErrCredentials) })

		name := "Renamed"
		if _, err := there.Organization(ctx, org.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := here.EditOrganization(ctx, by, org.ID, &name); err != nil {
			t.Fatal(err)
		}
		there.look()
		soon(t, func() error {
			if o, err := there.Organization(ctx, org.ID); err != nil || o.OrgName != name {
				return errors.New("still " + o.OrgName)
			}
			return nil
		})
	})
}

// past is the payloads of all events of users that are kept, in lower case: a
// consumer that is new begins with the oldest.
func past(t *testing.T, db *sqldb.DB, unit uow.Unit) string {
	t.Helper()
	var all strings.Builder
	see := func(e event.Envelope) error { all.Write(bytes.ToLower(e.Payload)); return nil }
	name := "users.probe" + strings.ReplaceAll(id.New(), "-", "")
	b, err := bus.New(bus.Config{DB: db, Unit: unit, Outbox: bus.NewOutbox(db), Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), Consumers: []bus.Consumer{{Name: name, Handlers: []bus.Handler{
		bus.On(func(_ context.Context, _ uow.Tx, _ users.UserCreated, e event.Envelope) error { return see(e) }),
		bus.On(func(_ context.Context, _ uow.Tx, _ users.UserChanged, e event.Envelope) error { return see(e) }),
		bus.On(func(_ context.Context, _ uow.Tx, _ users.EmailChanged, e event.Envelope) error { return see(e) }),
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(b.Start(t.Context()), b.Drain(t.Context()), b.Stop(t.Context())); err != nil {
		t.Fatal(err)
	}
	return all.String()
}

// The addresses in the events of a user go with the user.
func TestDeletingAUserBlanksTheirEvents(t *testing.T) {
	dbtest.Each(t, []migrate.Set{bus.Migrations(), sqlstore.Migrations()}, func(t *testing.T, db *sqldb.DB) {
		p := newProcess(t, db)
		ctx := t.Context()
		org, admin, err := p.CreateOrganization(ctx, "Tech", "admin@example.com", "password")
		if err != nil {
			t.Fatal(err)
		}
		by := actor.Actor{UserID: admin.ID, OrganizationID: org.ID, Email: admin.Email, Level: actor.GlobalAdmin}
		name := "Zebulon"
		u, err := p.CreateUser(ctx, by, core.NewUser{Email: "zebulon.old@example.com", FirstName: &name})
		if err != nil {
			t.Fatal(err)
		}
		fresh := "zebulon.new@example.com"
		if _, err := p.EditUser(ctx, by, u.ID, core.UserChange{Email: &fresh, LastName: core.Name{Sent: true, Value: &name}}); err != nil {
			t.Fatal(err)
		}
		named := func() int { return strings.Count(past(t, db, p.unit), "zebulon") }
		if n := named(); n < 3 {
			t.Errorf("events name the user %d times before", n)
		}
		if _, err := p.DeleteUsers(ctx, by, []int64{u.ID}); err != nil {
			t.Fatal(err)
		}
		if n := named(); n != 0 {
			t.Errorf("events name the user %d times after", n)
		}
	})
}
