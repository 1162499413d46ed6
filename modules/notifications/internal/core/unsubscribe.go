package core

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"parley/modules/users"
	"parley/platform/kernel/uow"
)

// UnsubscribePath is where the link of a mail leads: a page for who opens it,
// and for a POST the end of such mails (RFC 8058).
const UnsubscribePath = "/api/notification/unsubscribe"

// unsubscribeToken is what the link of a mail says, sealed: whose mail it was
// and which kinds were in it. It does not expire, as mails don't.
type unsubscribeToken struct {
	OrganizationID int64    `json:"o"`
	UserID         int64    `json:"u"`
	Kinds          []string `json:"k"`
}

// unsubscribeLink is the path of the link in a mail with notifications.
func (s *Service) unsubscribeLink(org, userID int64, ns []Notification) (string, error) {
	t := unsubscribeToken{OrganizationID: org, UserID: userID}
	for _, n := range ns {
		t.Kinds = append(t.Kinds, chosenKind(n.Kind))
	}
	slices.Sort(t.Kinds)
	t.Kinds = slices.Compact(t.Kinds)
	plain, err := json.Marshal(t)
	if err != nil {
		return "", fmt.Errorf("writing the link of a mail: %w", err)
	}
	sealed, err := s.Sealer.Seal(plain)
	if err != nil {
		return "", fmt.Errorf("sealing the link of a mail: %w", err)
	}
	return UnsubscribePath + "?" + url.Values{"token": {base64.RawURLEncoding.EncodeToString(sealed)}}.Encode(), nil
}

// Unsubscribe ends the mails of the kinds that were in the mail with the token,
// for its user, and answers the kinds. The token is the proof. Again, and for a
// user who is gone, it changes nothing.
func (s *Service) Unsubscribe(ctx context.Context, token string) ([]string, error) {
	var t unsubscribeToken
	sealed, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil {
		return nil, ErrUnsubscribe
	}
	plain, err := s.Sealer.Open(sealed)
	if err != nil || json.Unmarshal(plain, &t) != nil {
		return nil, ErrUnsubscribe
	}
	chosen, err := s.Store.Preferences(ctx, []int64{t.UserID})
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(t.Kinds, func(k string) bool { return chosen[t.UserID].Chosen(k) != MailOff }) {
		return t.Kinds, nil
	}
	err = s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		// Who is deleted after the look has what is stored here removed, since
		// that waits for the lock.
		if err := s.Store.Lock(ctx, t.OrganizationID, t.UserID); err != nil {
			return err
		}
		found, err := s.Users.Users(ctx, t.OrganizationID, []int64{t.UserID})
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(found, func(u users.User) bool { return u.ID == t.UserID }) {
			return users.ErrNotFound
		}
		_, err = s.Store.UpdatePreference(ctx, t.OrganizationID, t.UserID, func(p *Preference) error {
			if p.Mail == nil {
				p.Mail = map[string]Mail{}
			}
			for _, k := range t.Kinds {
				p.Mail[k] = MailOff
			}
			return nil
		})
		return err
	})
	if err != nil && !errors.Is(err, users.ErrNotFound) {
		return nil, err
	}
	return t.Kinds, nil
}
