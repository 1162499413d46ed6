package core

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"parley/modules/users"
	"parley/platform/kernel/mail"
	"parley/platform/kernel/work"
)

// mailKind is the job that sends one mail about an account.
const mailKind = "users.mail"

func mailJob(m Mail) work.Job {
	return work.Job{Kind: mailKind, Tenant: m.OrganizationID, Key: strconv.FormatInt(m.ID, 10)}
}

// sendMail sends the mail of a job, unless it has become void: it expired or
// was used, or its user was deleted, suspended, or has another address.
func (s *Service) sendMail(ctx context.Context, c work.Claim) error {
	id, err := strconv.ParseInt(c.Job().Key, 10, 64)
	if err != nil {
		return work.Permanent(fmt.Errorf("reading the key of a mail: %w", err))
	}
	m, err := s.Store.Mail(ctx, id)
	switch {
	case errors.Is(err, ErrToken):
		return nil
	case err != nil:
		return err
	}
	void, err := s.void(ctx, m)
	if err != nil {
		return err
	}
	if !void {
		message, err := s.message(ctx, m)
		if err != nil {
			return err
		}
		if err := s.Mail.Send(ctx, message); err != nil {
			return err
		}
		if m.Kind.hasToken() {
			return nil // until the token is used
		}
	}
	return s.finish(ctx, c, func(ctx context.Context) error { return s.Store.DeleteMail(ctx, m.ID) })
}

func (s *Service) void(ctx context.Context, m Mail) (bool, error) {
	if !s.Clock.Now().Before(m.ExpiresOn) {
		return true, nil
	}
	if m.UserID == 0 {
		return false, nil
	}
	u, err := s.Store.User(ctx, m.OrganizationID, m.UserID)
	switch {
	case errors.Is(err, ErrNotFound):
		return true, nil
	case err != nil:
		return false, err
	}
	return !u.IsActive || m.Kind != MailAddressChanged && u.Email != m.Email, nil
}

// message is what a mail says. Nothing in it was written by whom the mail is
// not from: a sign-up must not be a way to send one's own words to strangers.
func (s *Service) message(ctx context.Context, m Mail) (mail.Message, error) {
	out := mail.Message{ID: "account-" + hashOf(m.Seed)[:24], To: m.Email, Reason: "You get this mail because of your account; it can't be unsubscribed from."}
	token := ""
	if m.Kind.hasToken() {
		for _, t := range s.Tokens.Derive(m.Seed) {
			if hashOf(t) == m.TokenHash {
				token = t
			}
		}
		if token == "" {
			return out, work.Permanent(errors.New("the secret key was changed since the mail was asked for; it has to be asked for again"))
		}
	}
	organization, err := s.Store.Organization(ctx, m.OrganizationID)
	if err != nil {
		return out, err
	}
	// Behind a #, which browsers send to no server and tell no other page.
	link := func(label, what string) {
		out.Link, out.Code = &mail.Link{Label: label, Path: "/account#" + what + "=" + token}, token
	}
	switch m.Kind {
	case MailInvitation:
		out.Subject = "Your account at " + organization.OrgName
		out.Paragraphs = []string{fmt.Sprintf("An admin of %s has made an account for you, with this address as its name. Choose a password to sign in.",
			organization.OrgName)}
		link("Choose a password", "invitation")
		out.After = []string{"The link works once, for 7 days. Who did not expect this mail can leave it alone."}
	case MailReset:
		out.Subject = "Choose a new password"
		out.Paragraphs = []string{"Somebody, most likely you, has asked for a new password for the account with this address."}
		link("Choose a new password", "reset")
		out.After = []string{"The link works once, for an hour, and ends all sessions of the account. " +
			"If you did not ask for it, leave this mail alone: your password stays as it is."}
	case MailSignUp:
		err = s.signUpMessage(ctx, m, &out, func() { link("Confirm the address", "signup") })
	case MailPasswordChanged:
		out.Subject = "Your password was changed"
		out.Paragraphs = []string{fmt.Sprintf("The password of your account at %s was changed.", organization.OrgName),
			"If that was not you, ask for a new password at once, and tell an admin."}
	case MailAddressChanged:
		out.Subject = "The e-mail address of your account was changed"
		out.Paragraphs = []string{fmt.Sprintf("An admin has given your account at %s another e-mail address. This one opens it no more.", organization.OrgName),
			"If you did not expect that, tell an admin."}
	default:
		return out, work.Permanent(fmt.Errorf("%q is no kind of mail", m.Kind))
	}
	return out, err
}

// signUpMessage tells the owner of an address that has an account already just
// that: the answer of the server tells nothing to the one who signs up.
func (s *Service) signUpMessage(ctx context.Context, m Mail, out *mail.Message, link func()) error {
	_, err := s.Store.CredentialByEmail(ctx, m.Email)
	switch {
	case err == nil:
		out.Subject = "You have an account already"
		out.Paragraphs = []string{"Somebody, most likely you, has tried to sign up with this address. " +
			"There is an account with it already: sign in, or ask for a new password."}
		out.After = []string{"If that was not you, leave this mail alone. Nothing was changed."}
		return nil
	case !errors.Is(err, ErrNotFound):
		return err
	}
	out.Subject = "Confirm your e-mail address"
	out.Paragraphs = []string{"Somebody, most likely you, has signed up with this address. Confirm that it is yours with the password that was chosen."}
	link()
	out.After = []string{"The link works once, for a day. If you did not sign up, leave this mail alone: there will be no account."}
	return nil
}

// passwordChanged ends what an account's tokens open, and tells its owner.
func (s *Service) passwordChanged(ctx context.Context, u users.User) error {
	if err := s.Store.DeleteMailsOf(ctx, u.ID); err != nil {
		return err
	}
	return s.tell(ctx, MailPasswordChanged, u, u.Email)
}
