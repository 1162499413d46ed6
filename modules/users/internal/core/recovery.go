package core

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/mail"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
)

// resetKind is the job that looks whether a new password was asked for an
// account that there is.
const resetKind = "users.reset"

// resetRequest is its payload.
type resetRequest struct {
	Email   string `json:"email"`
	From    string `json:"from"`
	Request string `json:"request"`
}

// RequestReset has a token sent with which the user of the address chooses
// another password, if there is such a user. Whether there is, is looked up
// later, so that neither the answer nor its time says anything of it. Each
// request counts like a wrong password would, apart from those.
func (s *Service) RequestReset(ctx context.Context, email string, from Attempt) error {
	if !s.mails() {
		return ErrMailOff
	}
	email = normalEmail(email)
	if !mail.IsAddress(email) {
		return ErrEmail
	}
	if _, err := s.limiter.begin("reset "+email, from); err != nil {
		return err
	}
	asked := resetRequest{Email: email, Request: from.Request}
	if from.From.IsValid() {
		asked.From = from.From.String()
	}
	payload, err := json.Marshal(asked)
	if err != nil {
		return fmt.Errorf("writing down a request for a new password: %w", err)
	}
	return s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		// All strangers together are one tenant: they delay each other alone.
		return s.Queue.Put(ctx, work.Job{Kind: resetKind, Key: hashOf(email), Payload: string(payload)})
	})
}

// answerReset queues the mail with the token. Only who has a password gets
// another one by themselves: the first one is given by an admin, or chosen by
// whom an admin invites.
func (s *Service) answerReset(ctx context.Context, c work.Claim) error {
	var asked resetRequest
	if err := json.Unmarshal([]byte(c.Job().Payload), &asked); err != nil {
		return work.Permanent(fmt.Errorf("reading a request for a new password: %w", err))
	}
	from := Attempt{Request: asked.Request}
	if address, err := netip.ParseAddr(asked.From); err == nil {
		from.From = address
	}
	return s.finish(ctx, c, func(ctx context.Context) error {
		known, err := s.recoverable(ctx, asked.Email)
		if err != nil || known == nil {
			return err
		}
		n, err := s.Store.CountMails(ctx, MailReset, known.Email, s.Clock.Now().Add(-mailLife[MailReset]))
		if err != nil || n >= maxMails {
			return err
		}
		if err := s.queueMail(ctx, Mail{OrganizationID: known.OrganizationID, UserID: known.ID, Kind: MailReset, Email: known.Email}); err != nil {
			return err
		}
		return s.Store.AddAudit(ctx, s.entry(requestingReset, *known, from, ""))
	})
}

// dropReset ends a request that failed too often. A dead job would be in the way
// of those that follow; the log has why it failed.
func (s *Service) dropReset(ctx context.Context, c work.Claim, _ error) error {
	return s.finish(ctx, c, func(context.Context) error { return nil })
}

// recoverable answers the active user with a password who has the address,
// and keeps them as they are until the unit of ctx ends; nil for nobody.
func (s *Service) recoverable(ctx context.Context, email string) (*users.User, error) {
	c, err := s.Store.CredentialByEmail(ctx, email)
	if err == nil {
		if err := s.Store.LockOrganization(ctx, c.User.OrganizationID); err != nil {
			return nil, err
		}
		c, err = s.Store.CredentialByID(ctx, c.User.ID)
	}
	switch {
	case errors.Is(err, ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case !c.User.IsActive || c.PasswordHash == "" || normalEmail(c.User.Email) != email:
		return nil, nil
	}
	return &c.User, nil
}

// ConfirmReset gives the user of a token from a mail, of a reset or an
// invitation, the password they chose, and ends all their sessions and tokens.
// ErrToken answers a token that was never given, has expired, was used, or
// whose user has changed since.
func (s *Service) ConfirmReset(ctx context.Context, token, fresh string, from Attempt) (users.User, error) {
	if err := checkPassword("new_password", fresh); err != nil {
		return users.User{}, err
	}
	guess, err := s.limiter.begin("token "+hashOf(token), from)
	if err != nil {
		return users.User{}, err
	}
	m, err := s.open(ctx, token, MailReset, MailInvitation)
	if err != nil {
		return users.User{}, err
	}
	guess.right()
	// Only for a token that is valid: hashing is expensive.
	hash, err := s.hash(ctx, fresh)
	if err != nil {
		return users.User{}, err
	}
	var u users.User
	err = s.changing(ctx, []int64{m.UserID}, func(ctx context.Context, tx uow.Tx) error {
		if err := s.Store.LockOrganization(ctx, m.OrganizationID); err != nil {
			return err
		}
		// Again, now that nobody else can use or end it.
		if m, err = s.open(ctx, token, MailReset, MailInvitation); err != nil {
			return err
		}
		if u, err = s.Store.User(ctx, m.OrganizationID, m.UserID); err != nil {
			return err
		}
		if !u.IsActive || u.Email != m.Email {
			return ErrToken
		}
		if err := s.Store.SetPassword(ctx, u.ID, hash); err != nil {
			return err
		}
		tx.Publish(users.AccessChanged{UserID: u.ID, OrganizationID: u.OrganizationID, What: "session"})
		if err := s.Store.EndSessions(ctx, u.ID, ""); err != nil {
			return err
		}
		if err := s.Store.AddAudit(ctx, s.entry(confirmingReset, u, from, "")); err != nil {
			return err
		}
		if m.Kind == MailInvitation {
			return s.Store.DeleteMailsOf(ctx, u.ID) // who chooses a first password need not be told
		}
		return s.passwordChanged(ctx, u)
	})
	if errors.Is(err, ErrNotFound) {
		err = ErrToken
	}
	if err == nil {
		// A user who forgot a password has guessed before.
		s.limiter.clear(u.Email, from)
	}
	return u, err
}

// Invite sends a user who has no password yet a token with which they choose
// one; an earlier one stays valid.
func (s *Service) Invite(ctx context.Context, who actor.Actor, id int64) (users.User, error) {
	var u users.User
	err := s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		who, found, err := s.locked(ctx, who, id)
		if err != nil {
			return err
		}
		var there bool
		if u, there = found[id]; !there {
			return ErrNotFound
		}
		if id == who.UserID {
			return ErrOwnFlags.WithMessage("You can't invite yourself; ask another admin.")
		}
		if err := change(who, u, u.Level()); err != nil {
			return err
		}
		c, err := s.Store.CredentialByID(ctx, id)
		switch {
		case err != nil:
			return err
		case !s.mails():
			return ErrMailOff
		case u.Email == "" || !u.IsActive || c.PasswordHash != "":
			return ErrNoInvitation
		}
		n, err := s.Store.CountMails(ctx, MailInvitation, u.Email, s.Clock.Now().Add(-mailLife[MailReset]))
		switch {
		case err != nil:
			return err
		case n >= maxMails:
			return ErrManyMails.After(mailLife[MailReset])
		}
		return s.invite(ctx, u)
	})
	return u, err
}

func (s *Service) invite(ctx context.Context, u users.User) error {
	return s.queueMail(ctx, Mail{OrganizationID: u.OrganizationID, UserID: u.ID, Kind: MailInvitation, Email: u.Email})
}
