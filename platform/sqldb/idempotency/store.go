package idempotency

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"parley/platform/kernel/clock"
	"parley/platform/kernel/id"
	"parley/platform/kernel/idempotency"
	"parley/platform/migrate"
	"parley/platform/sqldb"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations are the table that the store needs.
func Migrations() migrate.Set { return migrate.Set{Module: "web", Files: files} }

const lease = time.Minute // twice the deadline of an ordinary request

// marked is the status of a request whose effect is committed, while its answer
// is not stored. When its lease has ended, it never will be.
const marked = 1

// row is one key. Its status is 0 while the request runs, marked, or that of
// its answer; a done one without a body had an answer too large to keep.
type row struct {
	bun.BaseModel  `bun:"table:web_idempotency,alias:i"`
	ID             int64
	UserID         int64
	IdempotencyKey string
	Fingerprint    string
	Claim          string
	Owner          string
	Status         int
	Body           []byte
	Upload         string
	LeasedUntil    time.Time
	CreatedOn      time.Time
}

// Peers knows this process and which others live: sqldb.Presence.
type Peers interface {
	ID() string
	// Dead answers which of the processes do not live any more.
	Dead(ctx context.Context, ids []string) ([]string, error)
}

// Store implements web.Idempotency.
type Store struct {
	db     *sqldb.DB
	clock  clock.Clock
	peers  Peers
	mu     sync.Mutex
	claims map[key]string // the claims of the requests that run here
	// suspects are the owners that looked dead the last time; of TakeOver alone.
	suspects []string
}

type key struct {
	user int64
	key  string
}

// New returns the store over db. Call Recover before the first request.
func New(db *sqldb.DB, c clock.Clock, p Peers) *Store {
	return &Store{db: db, clock: c, peers: p, claims: map[key]string{}}
}

// Begin implements web.Idempotency.
func (s *Store) Begin(ctx context.Context, c idempotency.Claim) (*idempotency.Answer, error) {
	// Another request may remove or claim the row between the statements; after
	// a few attempts another request is certainly working on it.
	for range 4 {
		mine, err := s.insert(ctx, c)
		if err != nil {
			return nil, fmt.Errorf("claiming an idempotency key: %w", err)
		}
		if mine {
			return nil, nil
		}
		var r row
		err = s.db.NewSelect().Model(&r).Where("user_id = ? AND idempotency_key = ?", c.UserID, c.Key).Scan(ctx)
		if errors.Is(err, sql.ErrNoRows) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading an idempotency key: %w", err)
		}
		now := s.clock.Now()
		if !r.outdated(now) {
			return r.earlier(now).To(c)
		}
		if err := s.drop(ctx, "claim = ? AND ("+outdated+")", r.Claim, now, now.Add(-idempotency.KeptFor)); err != nil {
			return nil, err
		}
	}
	return nil, idempotency.ErrInProgress
}

// earlier is what a row says of its request at that time.
func (r row) earlier(now time.Time) idempotency.Earlier {
	e := idempotency.Earlier{Fingerprint: r.Fingerprint}
	switch {
	case r.Status > marked:
		e.State = idempotency.Done
		if r.Body != nil {
			e.Answer = &idempotency.Answer{Status: r.Status, Body: r.Body, Upload: r.Upload}
		}
	case r.Status == marked && r.LeasedUntil.Before(now):
		e.State = idempotency.Lost
	case r.Status == marked:
		e.State = idempotency.Committed
	}
	return e
}

// outdated rows stand in nobody's way: the same in SQL and in Go, over now and
// the start of what is kept.
const outdated = "status = 0 AND leased_until < ? OR status <> 0 AND created_on < ?"

func (r row) outdated(now time.Time) bool {
	if r.Status == 0 {
		return r.LeasedUntil.Before(now)
	}
	return r.CreatedOn.Before(now.Add(-idempotency.KeptFor))
}

func (s *Store) insert(ctx context.Context, c idempotency.Claim) (bool, error) {
	claim, now := id.New(), s.clock.Now()
	result, err := s.db.NewRaw(`INSERT INTO web_idempotency (user_id, idempotency_key, fingerprint, claim, owner, status, leased_until, created_on)
		VALUES (?, ?, ?, ?, ?, 0, ?, ?) ON CONFLICT DO NOTHING`, c.UserID, c.Key, c.Fingerprint, claim, s.peers.ID(), now.Add(lease), now).Exec(ctx)
	if err != nil {
		return false, err
	}
	n, err := result.RowsAffected()
	if n == 1 {
		s.remember(c, claim)
	}
	return n == 1, err
}

// Finish implements web.Idempotency.
func (s *Store) Finish(ctx context.Context, c idempotency.Claim, done idempotency.Answer) error {
	claim := s.claim(c)
	body := done.Body
	if body == nil {
		body = []byte{}
	}
	if len(body) > idempotency.MaxAnswer {
		body = nil
	}
	result, err := s.db.NewRaw("UPDATE web_idempotency SET status = ?, body = ?, upload = ? WHERE claim = ? AND status < 2",
		done.Status, body, done.Upload, claim).Exec(ctx)
	if err != nil {
		return fmt.Errorf("storing the answer under an idempotency key: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return errors.Join(errors.New("the lease of an idempotency key ended before its request"), err)
	}
	s.release(c, claim)
	return nil
}

// Mark implements web.Idempotency.
func (s *Store) Mark(ctx context.Context, c idempotency.Claim) error {
	result, err := s.db.On(ctx).NewRaw("UPDATE web_idempotency SET status = ? WHERE claim = ? AND status < 2", marked, s.claim(c)).Exec(ctx)
	if err != nil {
		return fmt.Errorf("marking an idempotency key: %w", err)
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return errors.Join(idempotency.ErrInProgress, err)
	}
	return nil
}

// Forget implements web.Idempotency.
func (s *Store) Forget(ctx context.Context, c idempotency.Claim) error {
	claim := s.claim(c)
	if err := s.drop(ctx, "claim = ? AND status = 0", claim); err != nil {
		return err
	}
	if err := s.lose(ctx, "claim = ?", claim); err != nil {
		return err
	}
	s.release(c, claim)
	return nil
}

func (s *Store) drop(ctx context.Context, where string, args ...any) error {
	if _, err := s.db.NewRaw("DELETE FROM web_idempotency WHERE "+where, args...).Exec(ctx); err != nil {
		return fmt.Errorf("releasing an idempotency key: %w", err)
	}
	return nil
}

// lose ends the leases of marked requests: nobody will store their answers.
func (s *Store) lose(ctx context.Context, where string, args ...any) error {
	args = append([]any{time.Unix(0, 0).UTC(), marked}, args...)
	if _, err := s.db.NewRaw("UPDATE web_idempotency SET leased_until = ? WHERE status = ? AND "+where, args...).Exec(ctx); err != nil {
		return fmt.Errorf("ending the lease of an idempotency key: %w", err)
	}
	return nil
}

func (s *Store) remember(c idempotency.Claim, claim string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.claims[key{c.UserID, c.Key}] = claim
}

func (s *Store) release(c idempotency.Claim, claim string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.claims[key{c.UserID, c.Key}] == claim {
		delete(s.claims, key{c.UserID, c.Key})
	}
}

func (s *Store) claim(c idempotency.Claim) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.claims[key{c.UserID, c.Key}]
}
