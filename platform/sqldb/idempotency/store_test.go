package idempotency_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/clock"
	kernel "parley/platform/kernel/idempotency"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
	"parley/platform/sqldb/idempotency"
	"parley/platform/web"
	"parley/platform/webtest"
)

// fixture is a store and, over it, a server whose one operation counts.
type fixture struct {
	t         *testing.T
	ctx       context.Context
	db        *sqldb.DB
	clock     *clock.Fixed
	store     *idempotency.Store
	died      []string // processes
	made      atomic.Int64
	fails     atomic.Bool
	conflicts atomic.Int64
	api       webtest.Client
}

type noteRequest struct {
	Body struct {
		Text string `json:"text"`
	}
}

type noteView struct {
	ID   int64  `json:"id"`
	Text string `json:"text"`
}

// process is the store of another process on the same database.
func (f *fixture) process(id string) *idempotency.Store {
	return idempotency.New(f.db, f.clock, process{id, f})
}

type process struct {
	id string
	f  *fixture
}

func (p process) ID() string { return p.id }

func (p process) Dead(_ context.Context, ids []string) ([]string, error) {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !slices.Contains(p.f.died, id) }), nil
}

// What create does with a note that it does not take: nothing, or something.
const (
	refuses = iota + 1
	refusesLate
)

var errTaken = apperr.New(apperr.Conflict, "note_taken", "There is such a note.")

func (f *fixture) create(ctx context.Context, r noteRequest) (noteView, error) {
	if f.fails.Load() {
		return noteView{}, errors.New("boom")
	}
	switch unit := kernel.Group(sqldb.NewUnit(f.db, noEvents{}, f.clock)); f.conflicts.Load() {
	case refuses:
		return noteView{}, unit.Do(ctx, func(context.Context, uow.Tx) error { return errTaken })
	case refusesLate:
		return noteView{}, errors.Join(unit.Do(ctx, func(context.Context, uow.Tx) error { return nil }), errTaken)
	}
	return noteView{ID: f.made.Add(1), Text: r.Body.Text}, nil
}

func (f *fixture) panics(context.Context, noteRequest) (noteView, error) { panic("boom") }

func (f *fixture) huge(context.Context, noteRequest) (noteView, error) {
	return noteView{ID: f.made.Add(1), Text: strings.Repeat("x", kernel.MaxAnswer)}, nil
}

type ofRequest struct {
	NoteID int64 `path:"note_id"`
}

func (f *fixture) touch(context.Context, ofRequest) (noteView, error) {
	return noteView{ID: f.made.Add(1)}, nil
}

func each(t *testing.T, test func(f *fixture)) {
	t.Helper()
	dbtest.Each(t, []migrate.Set{idempotency.Migrations()}, func(t *testing.T, db *sqldb.DB) {
		f := &fixture{t: t, ctx: context.Background(), db: db, clock: clock.NewFixed(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC))}
		f.store = f.process("first")
		s, err := web.New(web.Config{
			Routes: []web.Route{
				web.POST("/api/note", "Create", f.create, web.User(), web.Created()),
				web.POST("/api/note/huge", "Create Huge", f.huge, web.User()),
				web.POST("/api/note/panic", "Panic", f.panics, web.User()),
				web.POST("/api/note/{note_id}/touch", "Touch", f.touch, web.On("note", "note_id", web.Edit)),
			},
			Authenticator: webtest.Actors{"jo": {UserID: 7, OrganizationID: 1}, "al": {UserID: 8, OrganizationID: 1}},
			Idempotency:   f.store, Log: slog.New(slog.DiscardHandler),
			Deciders: []access.Decider{{Resource: "note", May: func(_ context.Context, _ actor.Actor, id int64, _ access.Action) error {
				if id == 13 {
					return web.ErrNotFound
				}
				return nil
			}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		f.api = webtest.New(t, s).As("jo")
		test(f)
	})
}

func (f *fixture) with(key string) webtest.Client { return f.api.With("Idempotency-Key", key) }

func claim(key, fingerprint string) kernel.Claim {
	return kernel.Claim{UserID: 7, Key: key, Fingerprint: fingerprint}
}

func (f *fixture) begin(c kernel.Claim) (*kernel.Answer, error) {
	return f.store.Begin(f.ctx, c)
}

func (f *fixture) mustBegin(c kernel.Claim) {
	f.t.Helper()
	if stored, err := f.begin(c); stored != nil || err != nil {
		f.t.Fatalf("the key is not free: %v, %v", stored, err)
	}
}

func (f *fixture) is(err, want error) {
	f.t.Helper()
	if !errors.Is(err, want) {
		f.t.Errorf("got %v, want %v", err, want)
	}
}

const note = `{"text":"é"}`

func TestTheSameRequestIsAnsweredFromTheStore(t *testing.T) {
	each(t, func(f *fixture) {
		first := f.with("k").Do("POST", "/api/note", note).Want(201)
		again := f.with("k").Do("POST", "/api/note/", note).Want(201)
		if string(again.Body) != string(first.Body) || f.made.Load() != 1 {
			t.Errorf("%d made; %s and then %s", f.made.Load(), first.Body, again.Body)
		}
		if first.Header.Get("Idempotency-Replayed") != "" || again.Header.Get("Idempotency-Replayed") != "true" || again.Header.Get("Content-Type") != first.Header.Get("Content-Type") {
			t.Errorf("headers %v and then %v", first.Header, again.Header)
		}
		f.with("k").Do("POST", "/api/note", `{"text":"other"}`).Refused(409, "idempotency_key_reused")
		f.with("k").Do("POST", "/api/note/1/touch", nil).Refused(409, "idempotency_key_reused")
		// A key belongs to its user, and without one nothing is remembered.
		f.with("k").As("al").Do("POST", "/api/note", note).Want(201)
		f.api.Do("POST", "/api/note", note).Want(201)
		if f.made.Load() != 3 {
			t.Errorf("%d made", f.made.Load())
		}
		f.with(strings.Repeat("k", 255)).Do("POST", "/api/note", note).Want(201)
		f.with(strings.Repeat("k", 256)).Do("POST", "/api/note", note).Refused(422, "idempotency_key_too_long")
	})
}

func TestARefusalIsRememberedOnlyWhenItHadAnEffect(t *testing.T) {
	each(t, func(f *fixture) {
		had := &f.conflicts
		f.with("a").Do("POST", "/api/note", `{}`).Refused(400, "malformed_request")
		f.with("a").Do("POST", "/api/note", note).Want(201) // the key was not used up
		had.Store(refuses)
		for range 2 {
			if got := f.with("e").Do("POST", "/api/note", note).Refused(409, "note_taken"); got.Header.Get("Idempotency-Replayed") != "" {
				t.Error("a conflict was remembered")
			}
		}
		had.Store(0)
		made := f.made.Load()
		f.with("e").Do("POST", "/api/note", note).Want(201) // once the conflict is gone
		if got := f.with("e").Do("POST", "/api/note", note).Want(201); got.Header.Get("Idempotency-Replayed") != "true" || f.made.Load() != made+1 {
			t.Errorf("%d were made", f.made.Load()-made)
		}
		had.Store(refusesLate)
		f.with("g").Do("POST", "/api/note", note).Refused(409, "note_taken")
		had.Store(0)
		if got := f.with("g").Do("POST", "/api/note", note).Refused(409, "note_taken"); got.Header.Get("Idempotency-Replayed") != "true" {
			t.Error("what a request had done before it was refused was done again")
		}
		f.with("d").Do("POST", "/api/note/13/touch", nil).Want(200)
		for range 2 {
			if got := f.with("d").Do("POST", "/api/note/13/touch", nil).Refused(404, "not_found"); got.Header.Get("Idempotency-Replayed") != "" {
				t.Error("the answer was given to who lost the right to it")
			}
		}
		f.fails.Store(true)
		f.with("b").Do("POST", "/api/note", note).Want(500)
		f.fails.Store(false)
		f.with("b").Do("POST", "/api/note", note).Want(201)
		f.with("c").Do("POST", "/api/note/panic", note).Want(500)
		f.with("c").Do("POST", "/api/note", note).Want(201)
	})
}

func TestFiftyEqualRequestsAtOnceHaveOneEffect(t *testing.T) {
	each(t, func(f *fixture) {
		var created, refused atomic.Int64
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				switch a := f.with("k").Do("POST", "/api/note", note); {
				case a.Status == 201:
					created.Add(1)
				case a.Status == 409 && a.Code() == "request_in_progress":
					refused.Add(1)
				default:
					t.Errorf("%d %s", a.Status, a.Body)
				}
			})
		}
		wg.Wait()
		if f.made.Load() != 1 || created.Load() < 1 || created.Load()+refused.Load() != 50 {
			t.Errorf("%d made, %d answered, %d refused", f.made.Load(), created.Load(), refused.Load())
		}
		f.with("k").Do("POST", "/api/note", note).Want(201)
	})
}

func TestAnAnswerTooLargeToKeepIsNotMadeAgain(t *testing.T) {
	each(t, func(f *fixture) {
		f.with("k").Do("POST", "/api/note/huge", note).Want(200)
		f.with("k").Do("POST", "/api/note/huge", note).Refused(409, "answer_not_kept")
		if f.made.Load() != 1 {
			t.Errorf("%d made", f.made.Load())
		}
	})
}

func TestAReplayAsksForTheRightsAgain(t *testing.T) {
	each(t, func(f *fixture) {
		f.with("k").Do("POST", "/api/note/13/touch", nil).Want(200)
		f.with("k").Do("POST", "/api/note/13/touch", nil).Refused(404, "not_found")
	})
}

func TestARunningRequestHoldsItsKey(t *testing.T) {
	each(t, func(f *fixture) {
		f.mustBegin(claim("k", "a"))
		_, err := f.begin(claim("k", "a"))
		f.is(err, kernel.ErrInProgress)
		_, err = f.begin(claim("k", "b"))
		f.is(err, kernel.ErrKeyReused)
		// However long it runs, as long as its process lives.
		for range 10 {
			f.clock.Advance(50 * time.Second)
			if err := f.store.Renew(f.ctx); err != nil {
				t.Fatal(err)
			}
		}
		_, err = f.begin(claim("k", "a"))
		f.is(err, kernel.ErrInProgress)
		if err := f.store.Finish(f.ctx, claim("k", "a"), kernel.Answer{Status: 200}); err != nil {
			t.Fatal(err)
		}
		if stored, err := f.begin(claim("k", "a")); err != nil || stored == nil || stored.Status != 200 || len(stored.Body) != 0 {
			t.Errorf("got %v, %v", stored, err)
		}
		if err := f.store.Forget(f.ctx, claim("none", "a")); err != nil {
			t.Error(err)
		}
	})
}

func TestTheClaimOfADeadProcessIsFreeAfterItsLease(t *testing.T) {
	each(t, func(f *fixture) {
		f.mustBegin(claim("k", "a"))
		next := f.process("next")
		if err := next.Renew(f.ctx); err != nil { // holds nothing
			t.Fatal(err)
		}
		_, err := next.Begin(f.ctx, claim("k", "b"))
		f.is(err, kernel.ErrKeyReused)
		f.clock.Advance(61 * time.Second)
		if stored, err := next.Begin(f.ctx, claim("k", "b")); stored != nil || err != nil {
			t.Fatalf("got %v, %v", stored, err)
		}
		// The dead was only slow: it can no longer say how the request ended.
		if err := f.store.Finish(f.ctx, claim("k", "a"), kernel.Answer{Status: 201}); err == nil {
			t.Error("a lost claim was finished")
		}
		if err := f.store.Forget(f.ctx, claim("k", "a")); err != nil {
			t.Error(err)
		}
		_, err = f.begin(claim("k", "b"))
		f.is(err, kernel.ErrInProgress)
	})
}

func TestAStartGivesTheClaimsOfTheDeadFree(t *testing.T) {
	each(t, func(f *fixture) {
		f.mustBegin(claim("running", "a"))
		f.mustBegin(claim("done", "a"))
		if err := f.store.Finish(f.ctx, claim("done", "a"), kernel.Answer{Status: 201, Body: []byte("x")}); err != nil {
			t.Fatal(err)
		}
		living := f.process("living")
		if _, err := living.Begin(f.ctx, claim("living", "a")); err != nil {
			t.Fatal(err)
		}
		f.died = []string{"first"}
		next := f.process("next")
		if err := next.Recover(f.ctx); err != nil {
			t.Fatal(err)
		}
		if stored, err := next.Begin(f.ctx, claim("done", "a")); err != nil || stored == nil {
			t.Errorf("a finished request was forgotten: %v, %v", stored, err)
		}
		_, err := next.Begin(f.ctx, claim("living", "a"))
		f.is(err, kernel.ErrInProgress)
		if stored, err := next.Begin(f.ctx, claim("running", "a")); stored != nil || err != nil {
			t.Errorf("the dead still holds its key: %v, %v", stored, err)
		}
	})
}

func TestAProcessThatIsMissedTwiceLosesItsClaims(t *testing.T) {
	each(t, func(f *fixture) {
		f.mustBegin(claim("k", "a"))
		next := f.process("next")
		look := func(died ...string) {
			t.Helper()
			f.died = died
			if err := next.TakeOver(f.ctx); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 { // it is back each time
			look("first")
			look()
		}
		_, err := next.Begin(f.ctx, claim("k", "a"))
		f.is(err, kernel.ErrInProgress)
		look("first")
		look("first")
		if stored, err := next.Begin(f.ctx, claim("k", "a")); stored != nil || err != nil {
			t.Errorf("the dead still holds its key: %v, %v", stored, err)
		}
		look("first", "next") // its own claims are no question
		_, err = f.begin(claim("k", "a"))
		f.is(err, kernel.ErrInProgress)
	})
}

// A version that did not name its processes may still run beside this one, but
// on SQLite.
func TestAClaimWithoutAProcessKeepsToItsLease(t *testing.T) {
	each(t, func(f *fixture) {
		old := f.process("")
		if _, err := old.Begin(f.ctx, claim("k", "a")); err != nil {
			t.Fatal(err)
		}
		f.died = []string{""}
		if err := f.store.Recover(f.ctx); err != nil {
			t.Fatal(err)
		}
		_, err := f.begin(claim("k", "a"))
		if f.db.Postgres() {
			f.is(err, kernel.ErrInProgress)
		} else if err != nil {
			t.Error(err)
		}
	})
}

func TestKeysAreKeptForADay(t *testing.T) {
	each(t, func(f *fixture) {
		for i := range 520 {
			c := claim(fmt.Sprint("k", i), "a")
			f.mustBegin(c)
			if err := f.store.Finish(f.ctx, c, kernel.Answer{Status: 200, Body: []byte("{}")}); err != nil {
				t.Fatal(err)
			}
		}
		f.clock.Advance(24 * time.Hour)
		if stored, err := f.begin(claim("k0", "a")); stored == nil || err != nil {
			t.Errorf("forgotten too early: %v, %v", stored, err)
		}
		f.mustBegin(claim("young", "a"))
		f.clock.Advance(time.Second)
		// An old key is free even before it is pruned.
		f.mustBegin(claim("k0", "b"))
		if n, err := f.store.Prune(f.ctx); n != 519 || err != nil {
			t.Errorf("pruned %d, %v", n, err)
		}
		_, err := f.begin(claim("young", "a"))
		f.is(err, kernel.ErrInProgress)
		if n, err := f.store.Prune(f.ctx); n != 0 || err != nil {
			t.Errorf("pruned %d more, %v", n, err)
		}
	})
}
