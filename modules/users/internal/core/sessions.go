package core

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/id"
)

// The bounds of the cache of actors.
const (
	maxIdentities = 10_000
	// identityLife is the backstop for an event that never came.
	identityLife = time.Minute
	// doubtLife is longer than any transaction lives.
	doubtLife = 5 * time.Minute
)

// identities keeps what is known of users who act, so that a request costs no
// query. What changes a user drops them: right after its commit in the same
// process, and by event in the others.
type identities struct {
	store Store
	clock clock.Clock

	mu      sync.Mutex
	kept    map[int64]*known
	owners  map[string]int64 // hash of an API key to its user, for those in kept
	loading map[int64]*load
	// doubts are changes by a unit of work that is still open, by user and
	// mark. Nothing is kept of a user in doubt: before the commit it would be
	// old after it, and only the event tells when that was.
	doubts        map[int64]map[string]time.Time
	organizations map[int64]organization
	// dropped counts what was dropped of organizations.
	dropped uint64
}

// known is an identity in the form in which it is asked for. It is shared and
// never changed.
type known struct {
	Identity
	actor actor.Actor // without session and key
	keys  map[string]APIKey
	until time.Time
}

type load struct {
	done  chan struct{}
	known *known
	err   error
}

type organization struct {
	users.Organization
	until time.Time
}

func newIdentities(s Store, c clock.Clock) *identities {
	return &identities{
		store: s, clock: c, kept: map[int64]*known{}, owners: map[string]int64{}, loading: map[int64]*load{},
		doubts: map[int64]map[string]time.Time{}, organizations: map[int64]organization{},
	}
}

// of answers a user, or ErrNotFound. Requests that miss at the same time share
// one reading of the store.
func (s *identities) of(ctx context.Context, userID int64) (*known, error) {
	now := s.clock.Now()
	s.mu.Lock()
	if k := s.kept[userID]; k != nil && now.Before(k.until) {
		s.mu.Unlock()
		return k, nil
	}
	if s.inDoubt(userID, now) {
		s.mu.Unlock()
		return s.read(ctx, userID)
	}
	l := s.loading[userID]
	if l != nil {
		s.mu.Unlock()
		select {
		case <-l.done:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		if !errors.Is(l.err, context.Canceled) && !errors.Is(l.err, context.DeadlineExceeded) {
			return l.known, l.err
		}
		return s.read(ctx, userID) // the request that read for all of them has gone
	}
	l = &load{done: make(chan struct{})}
	s.loading[userID] = l
	s.mu.Unlock()

	l.known, l.err = s.read(ctx, userID)
	s.mu.Lock()
	// A user who was dropped during the read may have been read before the change.
	if s.loading[userID] == l {
		delete(s.loading, userID)
		if l.err == nil {
			s.keep(userID, l.known)
		}
	}
	s.mu.Unlock()
	close(l.done)
	return l.known, l.err
}

func (s *identities) read(ctx context.Context, userID int64) (*known, error) {
	stored, err := s.store.Identity(ctx, userID)
	if err != nil {
		return nil, err
	}
	if _, err := s.organization(ctx, stored.User.OrganizationID); err != nil {
		return nil, err
	}
	k := &known{Identity: stored, actor: actorOf(stored.User, stored.Permissions), keys: make(map[string]APIKey, len(stored.Keys)), until: s.clock.Now().Add(identityLife)}
	for _, key := range stored.Keys {
		k.keys[key.Hash] = key
	}
	return k, nil
}

// keep stores under the lock.
func (s *identities) keep(userID int64, k *known) {
	for other := range s.kept {
		if len(s.kept) < maxIdentities {
			break
		}
		s.forget(other) // any one: the order of a map is as good as random
	}
	s.kept[userID] = k
	for hash := range k.keys {
		s.owners[hash] = userID
	}
}

func (s *identities) forget(userID int64) {
	if k := s.kept[userID]; k != nil {
		for hash := range k.keys {
			delete(s.owners, hash)
		}
		delete(s.kept, userID)
	}
	delete(s.loading, userID)
}

// ownerOf answers whose key has the hash, or ErrNoKey. asked tells that the
// store was asked, so that what is kept of the owner may be older than the key.
func (s *identities) ownerOf(ctx context.Context, hash string) (userID int64, asked bool, err error) {
	s.mu.Lock()
	userID, ok := s.owners[hash]
	s.mu.Unlock()
	if ok {
		return userID, false, nil
	}
	userID, err = s.store.KeyOwner(ctx, hash)
	return userID, true, err
}

// drop forgets users, after a change of theirs was committed.
func (s *identities) drop(userIDs ...int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range userIDs {
		s.forget(u)
	}
}

// doubt drops users that an open unit of work changes, and does not cache them
// until settle is called with the mark that it answers.
func (s *identities) doubt(userIDs []int64) (mark string) {
	mark = id.New()
	until := s.clock.Now().Add(doubtLife)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, u := range userIDs {
		s.forget(u)
		if s.doubts[u] == nil {
			s.doubts[u] = map[string]time.Time{}
		}
		s.doubts[u][mark] = until
	}
	return mark
}

// inDoubt also lets go of the doubts of units that were rolled back.
func (s *identities) inDoubt(userID int64, now time.Time) bool {
	for mark, until := range s.doubts[userID] {
		if !now.Before(until) {
			delete(s.doubts[userID], mark)
		}
	}
	if len(s.doubts[userID]) == 0 {
		delete(s.doubts, userID)
		return false
	}
	return true
}

// settle ends a doubt: the unit that had it was committed, here or elsewhere.
func (s *identities) settle(userID int64, mark string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.doubts[userID], mark)
	if len(s.doubts[userID]) == 0 {
		delete(s.doubts, userID)
	}
	s.forget(userID)
}

// organization answers a tenant as it is kept, or reads it.
func (s *identities) organization(ctx context.Context, orgID int64) (users.Organization, error) {
	now := s.clock.Now()
	s.mu.Lock()
	o, ok := s.organizations[orgID]
	dropped := s.dropped
	s.mu.Unlock()
	if ok && now.Before(o.until) {
		return o.Organization, nil
	}
	read, err := s.store.Organization(ctx, orgID)
	if err != nil {
		return read, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.dropped == dropped {
		if len(s.organizations) >= maxIdentities {
			clear(s.organizations)
		}
		s.organizations[orgID] = organization{Organization: read, until: now.Add(identityLife)}
	}
	return read, nil
}

func (s *identities) dropOrganization(orgID int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropped++
	delete(s.organizations, orgID)
}

// userIDs are the users of the permissions, each once.
func userIDs(ps []users.Permission) []int64 {
	ids := make([]int64, len(ps))
	for i, p := range ps {
		ids[i] = p.UserID
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
