package core

import (
	"context"
	"slices"
	"sync/atomic"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/cache"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
)

// maxKept bounds each of the four caches.
const maxKept = 10_000

// identities keeps what is known of users who act, so that a request costs no
// query.
type identities struct {
	store         Store
	users         *cache.Cache[int64, *known]
	organizations *cache.Cache[int64, users.Organization]
	// owners are the users of API keys, by the hash of the key. A key has one
	// owner for ever; whether it still opens anything is theirs to say.
	owners *cache.Cache[string, int64]
	// sessions are what access tokens say that were found to be ours. Whether
	// they still hold is asked every time.
	sessions *cache.Cache[string, Session]
	// told hears of users who are not known any more as they were.
	told atomic.Pointer[func(userIDs ...int64)]
}

// changing tells that the unit of ctx changes users.
func (i *identities) changing(ctx context.Context, userIDs ...int64) {
	i.users.Changing(ctx, userIDs...)
	uow.AtEnd(ctx, func() { i.tell(userIDs) })
}

// forget lets go of users whom another process may have changed.
func (i *identities) forget(userIDs ...int64) {
	i.users.Drop(userIDs...)
	i.tell(userIDs)
}

func (i *identities) tell(userIDs []int64) {
	if told := i.told.Load(); told != nil && len(userIDs) > 0 {
		(*told)(userIDs...)
	}
}

// OnChange has told called with users whose credentials or rights have changed
// in this process, or were heard to have changed in another, once it sees the
// change. told must not block.
func (s *Service) OnChange(told func(userIDs ...int64)) { s.identities.told.Store(&told) }

// known is an Identity in the form in which it is asked for. It is shared and
// never changed.
type known struct {
	Credential
	actor actor.Actor // without session and key
	keys  map[string]APIKey
}

func newIdentities(s Store, t Tokens, c clock.Clock) *identities {
	i := &identities{
		store: s, organizations: cache.New(c, maxKept, nil, s.Organization), owners: cache.New(c, maxKept, nil, s.KeyOwner),
		sessions: cache.New(c, maxKept, nil, func(_ context.Context, token string) (Session, error) { return t.Read(Access, token, c.Now()) }),
	}
	i.users = cache.New(c, maxKept, (*known).weight, i.read)
	return i
}

func (i *identities) read(ctx context.Context, userID int64) (*known, error) {
	stored, err := i.store.Identity(ctx, userID)
	if err != nil {
		return nil, err
	}
	k := &known{Credential: stored.Credential, actor: actorOf(stored.User, stored.Permissions), keys: make(map[string]APIKey, len(stored.Keys))}
	for _, key := range stored.Keys {
		k.keys[key.Hash] = key
	}
	return k, nil
}

// weight counts a user who was granted a lot as several.
func (k *known) weight() int { return 1 + (len(k.actor.Grants)+len(k.keys))/20 }

// byHash answers the user whose API key has the hash, with the key, or
// ErrNoKey. Beside that stands whose key it was, if that is known.
func (i *identities) byHash(ctx context.Context, hash string) (APIKey, *known, error) {
	userID, err := i.owners.Get(ctx, hash)
	if err != nil {
		return APIKey{}, nil, err
	}
	k, err := i.users.Get(ctx, userID)
	if err != nil {
		return APIKey{}, nil, err
	}
	key, ok := k.keys[hash]
	if !ok { // another process has just made it, or deleted it
		i.users.Drop(userID)
		if k, err = i.users.Get(ctx, userID); err != nil {
			return APIKey{}, nil, err
		}
		if key, ok = k.keys[hash]; !ok {
			i.owners.Drop(hash)
			return APIKey{}, k, ErrNoKey
		}
	}
	return key, k, nil
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
