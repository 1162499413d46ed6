package idempotency_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	kernel "parley/platform/kernel/idempotency"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
	"parley/platform/sqldb/idempotency"
	"parley/platform/web"
	"parley/platform/webtest"
)

type noEvents struct{}

// Append implements sqldb.Outbox.
func (noEvents) Append(context.Context, []event.Envelope) error { return nil }

// Committed implements sqldb.Outbox.
func (noEvents) Committed() {}

// effect commits a unit of work for the request of a claim.
func (f *fixture) effect(s interface {
	Mark(context.Context, kernel.Claim) error
}, c kernel.Claim, fails error) error {
	ctx, end := kernel.Marked(f.ctx, func(ctx context.Context) error { return s.Mark(ctx, c) })
	defer end()
	return kernel.Group(sqldb.NewUnit(f.db, noEvents{}, f.clock)).Do(ctx, func(context.Context, uow.Tx) error { return fails })
}

func TestAnEffectWhoseAnswerWasLostIsNotRepeated(t *testing.T) {
	each(t, func(f *fixture) {
		f.mustBegin(claim("k", "a"))
		if err := f.effect(f.store, claim("k", "a"), nil); err != nil {
			t.Fatal(err)
		}
		_, err := f.begin(claim("k", "a"))
		f.is(err, kernel.ErrInProgress) // the process lives
		f.clock.Advance(50 * time.Second)
		if err := f.store.Renew(f.ctx); err != nil {
			t.Fatal(err)
		}
		f.clock.Advance(50 * time.Second)
		_, err = f.begin(claim("k", "a"))
		f.is(err, kernel.ErrInProgress)
		f.died = []string{"first"}
		next := f.process("next")
		if err := next.Recover(f.ctx); err != nil {
			t.Fatal(err)
		}
		_, err = next.Begin(f.ctx, claim("k", "a"))
		f.is(err, kernel.ErrLost)
		_, err = next.Begin(f.ctx, claim("k", "b"))
		f.is(err, kernel.ErrKeyReused)
		f.clock.Advance(25 * time.Hour) // from then on the key is free, as any
		if stored, err := next.Begin(f.ctx, claim("k", "a")); stored != nil || err != nil {
			t.Errorf("got %v, %v", stored, err)
		}
	})
}

func TestAMarkGoesWithItsUnit(t *testing.T) {
	each(t, func(f *fixture) {
		broken := errors.New("broken")
		f.mustBegin(claim("k", "a"))
		f.is(f.effect(f.store, claim("k", "a"), broken), broken)
		if err := f.store.Forget(f.ctx, claim("k", "a")); err != nil {
			t.Fatal(err)
		}
		f.mustBegin(claim("k", "a")) // nothing had happened
		if err := f.effect(f.store, claim("k", "a"), nil); err != nil {
			t.Fatal(err)
		}
		if err := f.store.Finish(f.ctx, claim("k", "a"), kernel.Answer{Status: 201, Body: []byte("x")}); err != nil {
			t.Fatal(err)
		}
		if stored, err := f.begin(claim("k", "a")); err != nil || stored == nil || stored.Status != 201 {
			t.Errorf("got %v, %v", stored, err)
		}
		// A request that fails after its effect has had it.
		f.mustBegin(claim("l", "a"))
		if err := f.effect(f.store, claim("l", "a"), nil); err != nil {
			t.Fatal(err)
		}
		if err := f.store.Forget(f.ctx, claim("l", "a")); err != nil {
			t.Fatal(err)
		}
		_, err := f.begin(claim("l", "a"))
		f.is(err, kernel.ErrLost)
		// One that was too slow has not: another one has its key.
		f.mustBegin(claim("m", "a"))
		f.clock.Advance(2 * time.Minute)
		if _, err := f.process("next").Begin(f.ctx, claim("m", "a")); err != nil {
			t.Fatal(err)
		}
		f.is(f.effect(f.store, claim("m", "a"), nil), kernel.ErrInProgress)
	})
}

type fileRequest struct {
	Upload web.Multipart[struct {
		File []byte `form:"file"`
	}]
}

// unmeasured hides the length of a body, as a chunked request does.
type unmeasured struct{ io.Reader }

func TestAnotherUploadUnderTheSameKeyIsRefused(t *testing.T) {
	each(t, func(f *fixture) {
		store := func(_ context.Context, r fileRequest) (noteView, error) {
			var read []string
			err := r.Upload.Each(func(p web.Part) error {
				if p.Name == "bad" {
					return web.ErrMalformed
				}
				head := make([]byte, 3) // the rest is left, as by a handler that has seen enough
				n, err := io.ReadFull(p, head)
				read = append(read, string(head[:n]))
				if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
					err = nil
				}
				return err
			})
			if err != nil {
				return noteView{}, err
			}
			return noteView{ID: f.made.Add(1), Text: strings.Join(read, "")}, nil
		}
		s, err := web.New(web.Config{
			Routes:        []web.Route{web.POST("/api/file", "Store", store, web.User())},
			Authenticator: webtest.Actors{"jo": {UserID: 7, OrganizationID: 1}}, Idempotency: f.store, Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		api := webtest.New(t, s).As("jo")
		send := func(key, boundary, field, name, content string, chunked bool) webtest.Answer {
			body := fmt.Sprintf("--%[1]s\r\nContent-Disposition: form-data; name=%[2]q; filename=%[3]q\r\n\r\n%[4]s\r\n--%[1]s--\r\n", boundary, field, name, content)
			var r io.Reader = strings.NewReader(body)
			if chunked {
				r = unmeasured{r}
			}
			return api.With("Idempotency-Key", key).Send("POST", "/api/file", "multipart/form-data; boundary="+boundary, r)
		}
		for i, chunked := range []bool{false, true} {
			key := fmt.Sprint("k", i)
			first := send(key, "xx", "file", "a.txt", "same text", chunked).Want(200)
			again := send(key, "another", "file", "a.txt", "same text", !chunked).Want(200)
			if string(again.Body) != string(first.Body) || again.Header.Get("Idempotency-Replayed") != "true" {
				t.Errorf("%s and then %s", first.Body, again.Body)
			}
			send(key, "xx", "file", "a.txt", "same Text", chunked).Refused(409, "idempotency_key_reused")
			send(key, "xx", "file", "b.txt", "same text", chunked).Refused(409, "idempotency_key_reused")
			send(key, "xx", "fila", "a.txt", "same text", chunked).Refused(409, "idempotency_key_reused")
			if f.made.Load() != int64(i+1) {
				t.Errorf("%d made", f.made.Load())
			}
		}
		// One that is refused before it was read is tried anew.
		send("r", "xx", "bad", "a.txt", "same text", false).Want(400)
		send("r", "xx", "file", "a.txt", "same text", false).Want(200)
	})
}

// A request whose commit was not answered frees its key; what the repeat gets is
// what became of the commit.
func TestAKeyWhoseCommitIsUnknownIsRepeatedOnlyIfItFailed(t *testing.T) {
	for how, want := range map[dbtest.Break]error{dbtest.Lost: nil, dbtest.Untold: kernel.ErrLost} {
		p := dbtest.ProxyTo(t, dbtest.PostgresURL(t))
		db, err := sqldb.Open(t.Context(), sqldb.Config{URL: p.URL, MaxConns: 2})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = db.Close() })
		if err := migrate.New(db, []migrate.Set{idempotency.Migrations()}, slog.New(slog.DiscardHandler)).Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		f := &fixture{t: t, ctx: t.Context(), db: db, clock: clock.NewFixed(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC))}
		f.store = f.process("first")
		f.mustBegin(claim("k", "a"))
		first := true
		p.Breaking(func() dbtest.Break {
			if first {
				first = false
				return how
			}
			return dbtest.Not
		})
		f.is(f.effect(f.store, claim("k", "a"), nil), uow.ErrUnknown)
		if err := f.store.Forget(f.ctx, claim("k", "a")); err != nil {
			t.Fatal(err)
		}
		stored, err := f.begin(claim("k", "a"))
		if stored != nil || !errors.Is(err, want) {
			t.Errorf("%d: %v, %v", how, stored, err)
		}
	}
}

func TestAPartThatWasCommittedBeforeHasItsMarkAlready(t *testing.T) {
	each(t, func(f *fixture) {
		marks := 0
		ctx, end := kernel.Marked(f.ctx, func(context.Context) error { marks++; return nil })
		defer end()
		group := kernel.Group(sqldb.NewUnit(f.db, noEvents{}, f.clock))
		for range 2 { // and takes no other
			err := group.DoAll(f.ctx, []context.Context{ctx}, func(context.Context, []uow.Tx) ([]error, error) { return []error{uow.ErrBefore}, nil })
			if err != nil {
				t.Fatal(err)
			}
			if err := group.Do(ctx, func(context.Context, uow.Tx) error { return nil }); err != nil || marks > 0 {
				t.Errorf("%d marks, %v", marks, err)
			}
		}
	})
}
