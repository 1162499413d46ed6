package core

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode"

	"parley/modules/users"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/id"
	"parley/platform/kernel/uow"
)

const (
	// mostSent is how many notifications one sender sends to one receiver
	// within sentWithin.
	mostSent   = 20
	sentWithin = time.Hour
)

// Message is what one user sends another.
type Message struct {
	Title string // "" says who sent it
	Text  string
	Kind  string // "" for KindMessage
	Link  *string
}

// checked answers the message as it is stored, or what is wrong with it.
func (m Message) checked(who actor.Actor) (Message, error) {
	if m.Kind == "" {
		m.Kind = KindMessage
	}
	if m.Kind != KindMessage && slices.Contains(Kinds, m.Kind) {
		return m, ErrReserved.WithField("kind", "is a kind of the server")
	}
	m.Text = strings.TrimSpace(strings.ReplaceAll(m.Text, "\r\n", "\n"))
	if m.Text == "" || strings.ContainsFunc(m.Text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
		return m, ErrText.WithField("message", "is empty or has control characters")
	}
	title := strings.TrimSpace(m.Title)
	if m.Title != "" && title == "" || strings.ContainsFunc(title, unicode.IsControl) {
		return m, ErrText.WithField("title", "is empty or has control characters")
	}
	if m.Title = title; m.Title == "" {
		name := strings.TrimSpace(who.FullName)
		if name == "" {
			name = who.Name()
		}
		m.Title = "Message from " + name
	}
	if m.Link != nil && !isPath(*m.Link) {
		return m, ErrLink.WithField("link", "is not a path of this server")
	}
	return m, nil
}

// isPath reports whether a link stays on this server, however a browser reads
// it: a path in printable ASCII without backslashes, and without segments that
// are empty, dots, or encoded so that they could turn into either.
func isPath(link string) bool {
	if strings.ContainsFunc(link, func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune("\\\"<>^`{|}", r) }) {
		return false
	}
	u, err := url.Parse(link)
	if err != nil || u.IsAbs() || u.Host != "" || u.Opaque != "" || u.User != nil || !strings.HasPrefix(link, "/") {
		return false
	}
	path := strings.ToLower(u.EscapedPath())
	if strings.Contains(path, "%2f") || strings.Contains(path, "%5c") || strings.ContainsFunc(u.Path, unicode.IsControl) {
		return false
	}
	if u.Path == "/" {
		return true
	}
	for _, segment := range strings.Split(strings.TrimSuffix(u.Path, "/"), "/")[1:] {
		if segment == "" || segment == "." || segment == ".." {
			return false
		}
	}
	return true
}

// Send puts a message into the inbox of a user of the caller's organization.
// The caller is an admin of the organization, or of a team, project or agent
// that the user belongs to; the decider about users says so.
func (s *Service) Send(ctx context.Context, who actor.Actor, userID int64, m Message) (Notification, error) {
	m, err := m.checked(who)
	if err != nil {
		return Notification{}, err
	}
	if err := s.deciders.Ask(ctx, actor.Account, who, userID, access.Run); err != nil {
		if apperr.KindOf(err) == apperr.Forbidden {
			err = ErrNotSender
		}
		return Notification{}, err
	}
	var out Notification
	err = s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		if err := s.Store.Lock(ctx, who.OrganizationID, userID); err != nil {
			return err
		}
		now := s.Clock.Now()
		if err := s.mayGoOn(ctx, who, userID, now); err != nil {
			return err
		}
		stored, err := s.tell(ctx, tx, Notification{
			OrganizationID: who.OrganizationID, UserID: userID, Title: m.Title, Message: m.Text, Kind: m.Kind, Link: m.Link,
			CreatedBy: who.Name(), CreatedOn: now, Cause: "sent/" + id.New(), SenderID: who.UserID,
		})
		if err == nil && len(stored) == 0 {
			return s.whyNot(ctx, who, userID)
		}
		if err == nil {
			out = stored[0]
		}
		return err
	})
	return out, err
}

// mayGoOn holds a sender to the limit; the receiver's inbox is locked.
func (s *Service) mayGoOn(ctx context.Context, who actor.Actor, userID int64, now time.Time) error {
	at, there, err := s.Store.Sent(ctx, userID, who.UserID, mostSent)
	if err != nil || !there {
		return err
	}
	if wait := at.Add(sentWithin).Sub(now); wait > 0 {
		return ErrTooMany.After(wait)
	}
	return nil
}

// whyNot is why a message did not get into an inbox.
func (s *Service) whyNot(ctx context.Context, who actor.Actor, userID int64) error {
	found, err := s.Users.Users(ctx, who.OrganizationID, []int64{userID})
	switch {
	case err != nil:
		return err
	case len(found) == 0: // deleted this moment
		return users.ErrNotFound
	}
	return ErrMuted
}

// gone reports that a resource is not there for who asks.
func gone(err error) bool {
	kind := apperr.KindOf(err)
	return err != nil && (kind == apperr.NotFound || kind == apperr.Forbidden || errors.Is(err, users.ErrSuspended))
}
