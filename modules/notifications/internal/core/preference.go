package core

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"parley/platform/kernel/actor"
	"parley/platform/kernel/uow"
)

// Mail is when a user gets notifications of a kind by e-mail.
type Mail string

// When mail is sent.
const (
	MailOff    Mail = "off"
	MailAtOnce Mail = "at_once"
	MailDigest Mail = "digest" // together with others
)

// Preference is what a user has chosen.
type Preference struct {
	UserID         int64
	OrganizationID int64
	// Muted are the kinds that the user is not told of at all, ascending.
	Muted []string
	// Mail is when they want a kind by e-mail; a kind that it does not have is
	// sent as mailUnlessChosen says.
	Mail map[string]Mail
}

// stays are the kinds that nobody can mute: whose content is opened is told.
var stays = []string{KindContentOpened}

// chosenKind is the kind that preferences have for a notification's.
func chosenKind(kind string) string {
	if slices.Contains(Kinds, kind) {
		return kind
	}
	return KindMessage
}

// Mutes reports whether the user is not told of a kind.
func (p Preference) Mutes(kind string) bool { return slices.Contains(p.Muted, chosenKind(kind)) }

// MailOf answers when the user wants a kind by e-mail.
func (p Preference) MailOf(kind string) Mail {
	if p.Mutes(kind) {
		return MailOff
	}
	return p.Chosen(kind)
}

// Chosen is MailOf as if nothing were muted.
func (p Preference) Chosen(kind string) Mail {
	if m := p.Mail[chosenKind(kind)]; m != "" {
		return m
	}
	return cmp.Or(mailUnlessChosen[chosenKind(kind)], MailOff)
}

// mailUnlessChosen is when kinds are sent to users who have chosen nothing. The
// others are off: mail that nobody asked for is for what must not wait until
// somebody looks into an inbox.
var mailUnlessChosen = map[string]Mail{KindContentOpened: MailAtOnce, KindWebhookDisabled: MailAtOnce, KindBudget: MailAtOnce}

// Preference answers what the actor has chosen.
func (s *Service) Preference(ctx context.Context, who actor.Actor) (Preference, error) {
	found, err := s.Store.Preferences(ctx, []int64{who.UserID})
	return found[who.UserID], err
}

// Prefer changes what the actor has chosen: muted replaces the muted kinds
// unless it is nil, and the kinds that mail has are sent as it says.
func (s *Service) Prefer(ctx context.Context, who actor.Actor, muted *[]string, mail map[string]Mail) (Preference, error) {
	if muted != nil {
		for i, kind := range *muted {
			field := fmt.Sprintf("muted[%d]", i)
			switch {
			case !slices.Contains(Kinds, kind):
				return Preference{}, ErrKind.WithField(field, "is none of "+strings.Join(Kinds, ", "))
			case slices.Contains(stays, kind):
				return Preference{}, ErrStays.WithField(field, "can't be muted")
			}
		}
	}
	for kind, when := range mail {
		switch {
		case !slices.Contains(Kinds, kind):
			return Preference{}, ErrKind.WithField("mail."+kind, "is none of "+strings.Join(Kinds, ", "))
		case !slices.Contains([]Mail{MailOff, MailAtOnce, MailDigest}, when):
			return Preference{}, ErrMail.WithField("mail."+kind, "is none of off, at_once, digest")
		}
	}
	var out Preference
	err := s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) (err error) {
		out, err = s.Store.UpdatePreference(ctx, who.OrganizationID, who.UserID, func(p *Preference) error {
			if muted != nil {
				p.Muted = slices.Compact(slices.Sorted(slices.Values(*muted)))
			}
			for kind, when := range mail {
				if p.Mail == nil {
					p.Mail = map[string]Mail{}
				}
				p.Mail[kind] = when
			}
			return nil
		})
		return err
	})
	return out, err
}
