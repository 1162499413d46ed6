package idempotency_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"parley/platform/kernel/apperr"
	"parley/platform/kernel/clock"
	kernel "parley/platform/kernel/idempotency"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
	"parley/platform/memory/keys"
	"parley/platform/sqldb"
	"parley/platform/storetest"
	"parley/platform/web"
	"parley/platform/webtest"
)

// suite is what holds of every store of keys.
type suite struct {
	storetest.Assert
	t   *testing.T
	ctx context.Context
	web.Idempotency
	unit uow.Group // that takes marks along
}

// contract runs a test on memory, SQLite and PostgreSQL.
func contract(t *testing.T, test func(s suite)) {
	t.Run("memory", func(t *testing.T) {
		db := memory.New(clock.NewFixed(storetest.Now()))
		test(suite{storetest.New(t), t, t.Context(), keys.New(db), kernel.Group(db)})
	})
	each(t, func(f *fixture) {
		test(suite{storetest.New(f.t), f.t, f.ctx, f.store, kernel.Group(sqldb.NewUnit(f.db, noEvents{}, f.clock))})
	})
}

func (s suite) begin(c kernel.Claim, want error) *kernel.Answer {
	s.t.Helper()
	answer, err := s.Begin(s.ctx, c)
	s.ErrorIs(err, want)
	return answer
}

// free claims a key that must be free.
func (s suite) free(c kernel.Claim) {
	s.t.Helper()
	if a := s.begin(c, nil); a != nil {
		s.t.Errorf("answered with %v", a)
	}
}

func (s suite) effect(c kernel.Claim, fails error) {
	s.t.Helper()
	ctx, end := kernel.Marked(s.ctx, func(ctx context.Context) error { return s.Mark(ctx, c) })
	defer end()
	s.ErrorIs(s.unit.Do(ctx, func(context.Context, uow.Tx) error { return fails }), fails)
}

func TestAKeyIsThatOfOneRequestOfItsUser(t *testing.T) {
	contract(t, func(s suite) {
		mine := claim("k", "a")
		s.free(mine)
		s.begin(mine, kernel.ErrInProgress)
		s.begin(claim("k", "b"), kernel.ErrKeyReused)
		s.free(kernel.Claim{UserID: 8, Key: "k", Fingerprint: "b"})
		s.free(claim("K", "b"))
		s.NoError(s.Finish(s.ctx, mine, kernel.Answer{Status: 201, Body: []byte("x"), Upload: "u"}))
		s.Equal(&kernel.Answer{Status: 201, Body: []byte("x"), Upload: "u"}, s.begin(mine, nil))
		s.begin(claim("k", "b"), kernel.ErrKeyReused)
		s.NoError(s.Forget(s.ctx, mine)) // it is done for good
		s.Equal(201, s.begin(mine, nil).Status)
		large := claim("l", "a")
		s.free(large)
		s.NoError(s.Finish(s.ctx, large, kernel.Answer{Status: 200, Body: make([]byte, kernel.MaxAnswer+1)}))
		s.begin(large, kernel.ErrNotKept)
	})
}

func TestAKeyIsFreeAfterARefusalThatChangedNothing(t *testing.T) {
	contract(t, func(s suite) {
		c := claim("k", "a")
		for range 2 {
			s.free(c)
			s.effect(c, errTaken) // whose mark went with it
			s.NoError(s.Forget(s.ctx, c))
		}
		s.free(claim("k", "b")) // for another request, too
		s.NoError(s.Forget(s.ctx, claim("k", "b")))
		s.free(c)
		s.effect(c, nil)
		s.begin(c, kernel.ErrInProgress)
		s.NoError(s.Forget(s.ctx, c))
		s.begin(c, kernel.ErrLost) // it has had its effect
		s.begin(claim("k", "b"), kernel.ErrKeyReused)
	})
}

func TestARefusedRequestMayBeSentAgainUnderItsKey(t *testing.T) {
	contract(t, func(s suite) {
		var refusal error
		before, made := false, 0
		create := func(ctx context.Context, r noteRequest) (noteView, error) {
			work := func(context.Context, uow.Tx) error { return nil }
			if before { // something happens before it is refused
				return noteView{}, errors.Join(s.unit.Do(ctx, work), refusal)
			}
			err := s.unit.Do(ctx, func(context.Context, uow.Tx) error { return refusal })
			if err == nil {
				made++
			}
			return noteView{ID: int64(made), Text: r.Body.Text}, err
		}
		server, err := web.New(web.Config{
			Routes:        []web.Route{web.POST("/api/note", "Create", create, web.User(), web.Created(), web.Refuses(429))},
			Authenticator: webtest.Actors{"jo": {UserID: 7, OrganizationID: 1}}, Idempotency: s.Idempotency, Log: slog.New(slog.DiscardHandler),
		})
		s.NoError(err)
		send := func(key string) webtest.Answer {
			return webtest.New(s.t, server).As("jo").With("Idempotency-Key", key).Do("POST", "/api/note", note)
		}
		for _, refusal = range []error{
			errTaken, apperr.New(apperr.Unprocessable, "wrong", "Wrong."), apperr.New(apperr.TooMany, "busy", "Busy."), apperr.New(apperr.Unavailable, "away", "Away."),
		} {
			var e *apperr.Error
			errors.As(refusal, &e)
			if got := send("k"); got.Code() != e.Code || got.Header.Get("Idempotency-Replayed") != "" {
				s.t.Errorf("%s: %d %s", e.Code, got.Status, got.Body)
			}
		}
		refusal = nil
		send("k").Want(201)
		if again := send("k").Want(201); again.Header.Get("Idempotency-Replayed") != "true" || made != 1 || !strings.Contains(string(again.Body), `"id":1`) {
			s.t.Errorf("made %d times; %s", made, again.Body)
		}
		before, refusal = true, errTaken
		send("l").Refused(409, "note_taken")
		before, refusal = false, nil
		if again := send("l").Refused(409, "note_taken"); again.Header.Get("Idempotency-Replayed") != "true" || made != 1 {
			s.t.Error("what a request had done before it was refused was done again")
		}
	})
}
