package core

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
)

// APIKey is a key by which its user acts, within its scope.
type APIKey struct {
	ID             int64
	OrganizationID int64
	UserID         int64
	Name           string
	// Hash is of the key itself, which is not kept.
	Hash  string
	Hint  string // its end, to tell keys apart
	Scope actor.Scope
	// ExpiresOn is nil for a key without an end.
	ExpiresOn *time.Time
	// LastUsedOn is right to about a minute.
	LastUsedOn *time.Time
	audit.Audit
}

// KeyByID is the order of a list of keys.
func KeyByID(k APIKey) page.Key { return page.Key{ID: k.ID} }

// NewKey is the input for a new API key. UserID 0 is the caller.
type NewKey struct {
	Name      string
	UserID    int64
	Scope     actor.Scope
	ExpiresOn *time.Time
}

const (
	keyPrefix = "parley_" // by which scanners for leaked secrets know it
	keyBytes  = 32
	maxKeys   = 100 // of one user
)

// KeyGroups are the groups of operations that a restricted key can name.
var KeyGroups = []string{
	"agent", "analytics", "audit_log", "chat", "content_grant", "corpus", "document", "evaluation",
	"notification", "organization", "project", "sharepoint", "team", "user", "webhook",
}

// hashOf is what is stored of a key. One round of SHA-256 without a salt is
// enough, because a key is 256 random bits: there is no dictionary to try and
// no two are alike. What makes a password's hash slow would only make every
// request slow.
func hashOf(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:])
}

// CreateKey makes a key and answers it in the only form in which it opens
// anything; nobody can show it again. The caller acts by a session or by a
// key of scope all, which the new one must not outlive.
func (s *Service) CreateKey(ctx context.Context, who actor.Actor, n NewKey) (string, APIKey, error) {
	now := s.Clock.Now()
	name := strings.TrimSpace(n.Name)
	switch {
	case name == "":
		return "", APIKey{}, ErrNoName.WithField("name", "is empty")
	case (n.Scope.Kind == actor.ScopeRestricted) != (len(n.Scope.Groups) > 0):
		return "", APIKey{}, ErrGroups.WithField("groups", "must be sent with a key of scope restricted, and only then")
	}
	for group := range n.Scope.Groups {
		if !slices.Contains(KeyGroups, group) {
			return "", APIKey{}, ErrGroups.WithMessage(fmt.Sprintf("%q is not a group; there are %s.", group, strings.Join(KeyGroups, ", "))).
				WithField("groups."+group, "is not a group")
		}
	}
	if n.ExpiresOn != nil && !n.ExpiresOn.After(now) {
		return "", APIKey{}, ErrExpired
	}
	owner := n.UserID
	if owner == 0 {
		owner = who.UserID
	}
	raw := make([]byte, keyBytes)
	rand.Read(raw)
	secret := keyPrefix + base64.RawURLEncoding.EncodeToString(raw)
	key := APIKey{
		OrganizationID: who.OrganizationID, UserID: owner, Name: name, Hash: hashOf(secret), Hint: secret[len(secret)-4:],
		Scope: n.Scope, ExpiresOn: n.ExpiresOn, Audit: audit.New(who.Name(), now),
	}
	err := s.changing(ctx, []int64{owner}, func(ctx context.Context, tx uow.Tx) error {
		// Two keys created at once must not both be the last one, and none is made
		// for a user who is being deleted.
		who, found, err := s.locked(ctx, who, owner)
		if err != nil {
			return err
		}
		u, there := found[owner]
		if !there {
			return ErrNotFound
		}
		if err := keeps(who, u); err != nil {
			return err
		}
		if key.ExpiresOn, err = s.endOf(ctx, who, n.ExpiresOn); err != nil {
			return err
		}
		have, err := s.Store.KeysPage(ctx, who.OrganizationID, owner, page.Request{Size: 1})
		if err != nil {
			return err
		}
		if have.Count >= maxKeys {
			return ErrManyKeys
		}
		if key, err = s.Store.AddKey(ctx, key); err != nil {
			return err
		}
		tx.Publish(users.AccessChanged{UserID: owner, OrganizationID: who.OrganizationID, What: "api_key"})
		return nil
	})
	if err != nil {
		return "", APIKey{}, err
	}
	return secret, key, nil
}

// endOf is when a new key ends. One that is made with another key must not
// outlive it.
func (s *Service) endOf(ctx context.Context, who actor.Actor, asked *time.Time) (*time.Time, error) {
	if who.KeyID == 0 {
		return asked, nil
	}
	with, err := s.Store.Key(ctx, who.OrganizationID, who.KeyID)
	switch {
	case errors.Is(err, ErrNoKey): // it was revoked since
		return nil, ErrCredentials
	case err != nil:
		return nil, err
	case with.ExpiresOn == nil:
		return asked, nil
	case asked == nil:
		return with.ExpiresOn, nil
	case asked.After(*with.ExpiresOn):
		return nil, ErrOutlives
	}
	return asked, nil
}

// Keys answers a user's keys, ordered by id; userID 0 is the caller.
func (s *Service) Keys(ctx context.Context, who actor.Actor, userID int64, p page.Request) (page.Of[APIKey], error) {
	if userID == 0 {
		userID = who.UserID
	}
	owner, err := s.Store.User(ctx, who.OrganizationID, userID)
	if err != nil {
		return page.Of[APIKey]{}, err
	}
	if err := keeps(who, owner); err != nil {
		return page.Of[APIKey]{}, err
	}
	return s.Store.KeysPage(ctx, who.OrganizationID, userID, p)
}

// DeleteKey revokes a key and answers it as it was.
func (s *Service) DeleteKey(ctx context.Context, who actor.Actor, keyID int64) (APIKey, error) {
	key, err := s.Store.Key(ctx, who.OrganizationID, keyID)
	if err != nil {
		return APIKey{}, err
	}
	err = s.changing(ctx, []int64{key.UserID}, func(ctx context.Context, tx uow.Tx) error {
		who, found, err := s.locked(ctx, who, key.UserID)
		if err != nil {
			return err
		}
		if u, there := found[key.UserID]; !there || keeps(who, u) != nil {
			return ErrNoKey // other people's keys are not there
		}
		tx.Publish(users.AccessChanged{UserID: key.UserID, OrganizationID: key.OrganizationID, What: "api_key"})
		return s.Store.DeleteKey(ctx, who.OrganizationID, keyID)
	})
	if err != nil {
		return APIKey{}, err
	}
	return key, nil
}

// keeps answers nil when who makes and revokes the keys of a user: their own,
// or those of a service user of a level that they manage.
func keeps(who actor.Actor, u users.User) error {
	if u.ID == who.UserID {
		return nil
	}
	if err := manageKeys(who, u); err != nil {
		return err
	}
	if u.Email != "" {
		return ErrNotService
	}
	return nil
}

// manageKeys answers nil when who manages a user of that kind at all. Service
// users have no other way to get a key, so that the global admins among them
// are no exception.
func manageKeys(who actor.Actor, u users.User) (err error) {
	if err = manage(who, u.Level()); err == nil && u.Email != "" {
		err = apart(who, u)
	}
	return err
}

// byKey answers a key that opens something now and its user. Beside
// ErrCredentials stands whose key it was, if that is known.
func (s *Service) byKey(ctx context.Context, secret string) (APIKey, *known, error) {
	if !strings.HasPrefix(secret, keyPrefix) || len(secret) > 100 {
		return APIKey{}, nil, ErrCredentials
	}
	key, k, err := s.identities.byHash(ctx, hashOf(secret))
	switch {
	case errors.Is(err, ErrNoKey), errors.Is(err, ErrNotFound):
		return APIKey{}, k, ErrCredentials
	case err != nil:
		return APIKey{}, nil, err
	case !k.User.IsActive, key.ExpiresOn != nil && !key.ExpiresOn.After(s.Clock.Now()):
		return APIKey{}, k, ErrCredentials
	}
	return key, k, nil
}
