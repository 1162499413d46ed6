package core

import (
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/mail"
	"parley/platform/kernel/uow"
)

// NewSignUp is what somebody signs up with.
type NewSignUp struct{ Email, Password, FullName string }

// SignUp sends a mail to an address of an organization that takes sign-ups.
// Nobody exists before the address is verified. The answer, and the work it
// takes, is the same when there is an account with the address; its owner is
// told by mail.
func (s *Service) SignUp(ctx context.Context, n NewSignUp, from Attempt) error {
	email, name := normalEmail(n.Email), strings.TrimSpace(n.FullName)
	switch {
	case len(s.SignUpDomains) == 0 || !s.mails():
		return ErrSignUpOff
	case !mail.IsAddress(email):
		return ErrEmail
	case name == "":
		return ErrNoName.WithField("full_name", "is empty")
	case utf8.RuneCountInString(name) > 300:
		return ErrNoName.WithMessage("A name must have at most 300 characters.").WithField("full_name", "is too long")
	}
	if err := checkPassword("password", n.Password); err != nil {
		return err
	}
	organization, err := s.signUpTo(ctx, email)
	if err != nil {
		return err
	}
	if _, err := s.limiter.begin("sign up "+email, from); err != nil {
		return err
	}
	hash, err := s.hash(ctx, n.Password)
	if err != nil {
		return err
	}
	return s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		sent, err := s.Store.CountMails(ctx, MailSignUp, email, s.Clock.Now().Add(-mailLife[MailReset]))
		if err != nil || sent >= maxMails {
			return err
		}
		return s.queueMail(ctx, Mail{OrganizationID: organization.ID, Kind: MailSignUp, Email: email, FullName: name, PasswordHash: hash})
	})
}

// signUpTo answers the organization that people with the address join: the one
// whose domain is the address's, if the operator has opened it.
func (s *Service) signUpTo(ctx context.Context, email string) (users.Organization, error) {
	domain := email[strings.LastIndex(email, "@")+1:]
	if !slices.ContainsFunc(s.SignUpDomains, func(d string) bool { return strings.EqualFold(d, domain) }) {
		return users.Organization{}, ErrSignUpDomain
	}
	o, err := s.Store.OrganizationByDomain(ctx, domain)
	if errors.Is(err, ErrNoOrg) || err == nil && o.IsDeleted {
		return o, ErrSignUpDomain
	}
	return o, err
}

// VerifyAddress makes the user of a sign-up, who proves with the token that
// they read the address's mail, and with the password that it was they who
// signed up: else somebody could sign up a stranger, have them confirm it, and
// know the password of their account.
func (s *Service) VerifyAddress(ctx context.Context, token, password string, from Attempt) (users.User, error) {
	guess, err := s.limiter.begin("token "+hashOf(token), from)
	if err != nil {
		return users.User{}, err
	}
	m, err := s.open(ctx, token, MailSignUp)
	if err != nil {
		return users.User{}, err
	}
	switch err := s.prove(ctx, guess, m.PasswordHash, password); {
	case errors.Is(err, ErrSignIn):
		return users.User{}, ErrWrongChosen
	case err != nil:
		return users.User{}, err
	}
	guess.right()
	organization, err := s.signUpTo(ctx, m.Email)
	if err != nil {
		return users.User{}, err
	}
	first, last := split(m.FullName)
	u := users.User{
		OrganizationID: organization.ID, Email: m.Email, IsActive: true, DateJoined: s.Clock.Now(),
		FirstName: normalName(&first), LastName: normalName(&last),
	}
	err = s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		if err := s.Store.LockOrganization(ctx, organization.ID); err != nil {
			return err
		}
		if _, err := s.open(ctx, token, MailSignUp); err != nil {
			return err
		}
		if u, err = s.Store.AddUser(ctx, u); err != nil {
			return err
		}
		if err := s.Store.SetPassword(ctx, u.ID, m.PasswordHash); err != nil {
			return err
		}
		tx.Publish(userCreated(u))
		if err := s.Store.AddAudit(ctx, s.entry(verifyingAddress, u, from, "")); err != nil {
			return err
		}
		return s.Store.DeleteMailsTo(ctx, MailSignUp, m.Email)
	})
	return u, err
}

// split takes the last word of a name for the last name; a single word is the
// first. Each has at most 150 characters.
func split(name string) (first, last string) {
	words := strings.Fields(name)
	if n := len(words) - 1; n > 0 {
		first, last = strings.Join(words[:n], " "), words[n]
	} else {
		first = strings.Join(words, " ")
	}
	return cut(first), cut(last)
}

func cut(s string) string {
	if r := []rune(s); len(r) > 150 {
		return string(r[:150])
	}
	return s
}

// invites reports whether creating a user sends an invitation: a key that may
// make no credentials must not have them sent to an address of its choice.
func invites(who actor.Actor, n NewUser) bool {
	return n.Password == "" && n.Email != "" && who.Scope.Unrestricted()
}
