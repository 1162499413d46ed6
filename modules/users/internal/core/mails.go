package core

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"time"

	"parley/modules/users"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
)

// MailKind is what a mail about an account is for.
type MailKind string

// The kinds of mails. The first three have a token, which opens what they say.
const (
	MailInvitation      MailKind = "invitation"       // choose a first password
	MailReset           MailKind = "reset"            // choose another password
	MailSignUp          MailKind = "sign_up"          // prove that the address is yours
	MailPasswordChanged MailKind = "password_changed" // to notice a thief
	MailAddressChanged  MailKind = "address_changed"  // to the old address
)

// How long tokens are valid, and how long a mail without one is tried.
var mailLife = map[MailKind]time.Duration{
	MailInvitation: 7 * 24 * time.Hour, MailReset: time.Hour, MailSignUp: 24 * time.Hour,
	MailPasswordChanged: 24 * time.Hour, MailAddressChanged: 24 * time.Hour,
}

// maxMails is how many mails of a kind go to one address within an hour.
const maxMails = 3

// Mail is a mail about an account that waits to be sent, or whose token waits
// to be used. It goes with its user, when its token was used, and when it has
// expired.
type Mail struct {
	ID             int64
	OrganizationID int64
	UserID         int64 // 0: of a sign-up, who is nobody yet
	Kind           MailKind
	Email          string // who gets it
	// FullName and PasswordHash are what somebody signs up with.
	FullName, PasswordHash string
	// TokenHash is of the token, which is not kept: it is made of Seed and the
	// server's secret key when the mail is sent, so that a reader of the
	// database, or of an old copy of it, has none. "" without a token.
	TokenHash string
	Seed      string
	CreatedOn time.Time
	ExpiresOn time.Time
}

// TokenHash is what is stored of the token of a mail.
func TokenHash(token string) string { return hashOf(token) }

// hasToken reports whether mails of the kind open anything.
func (k MailKind) hasToken() bool {
	return k == MailInvitation || k == MailReset || k == MailSignUp
}

// MailStore keeps mails about accounts. DeleteUsers removes those of users.
type MailStore interface {
	// AddMail answers it with its id.
	AddMail(ctx context.Context, m Mail) (Mail, error)
	// Mail answers ErrToken when there is none.
	Mail(ctx context.Context, id int64) (Mail, error)
	// MailByToken answers ErrToken when no token has the hash.
	MailByToken(ctx context.Context, hash string) (Mail, error)
	// CountMails counts those of a kind to an address that were made since.
	CountMails(ctx context.Context, kind MailKind, email string, since time.Time) (int64, error)
	// DeleteMail removes one; none is no error.
	DeleteMail(ctx context.Context, id int64) error
	// DeleteMailsOf removes those of a user.
	DeleteMailsOf(ctx context.Context, userID int64) error
	// DeleteMailsTo removes those of a kind to an address.
	DeleteMailsTo(ctx context.Context, kind MailKind, email string) error
	// PruneMails removes up to 500 that expired before that time.
	PruneMails(ctx context.Context, before time.Time) error
}

// mails reports whether this server sends any.
func (s *Service) mails() bool { return s.Mail != nil && s.Mail.On() }

// queueMail stores a mail and puts the job that sends it, in the unit of ctx.
// Without a mail server, and to nobody, it does nothing.
func (s *Service) queueMail(ctx context.Context, m Mail) error {
	if !s.mails() || m.Email == "" {
		return nil
	}
	now := s.Clock.Now()
	raw := make([]byte, 32)
	rand.Read(raw)
	m.Seed = base64.RawURLEncoding.EncodeToString(raw)
	m.CreatedOn, m.ExpiresOn = now, now.Add(mailLife[m.Kind])
	if m.Kind.hasToken() {
		m.TokenHash = hashOf(s.Tokens.Derive(m.Seed)[0])
	}
	if err := s.Store.PruneMails(ctx, now); err != nil {
		return err
	}
	m, err := s.Store.AddMail(ctx, m)
	if err != nil {
		return err
	}
	return s.Queue.Put(ctx, mailJob(m))
}

// tell queues a mail without a token about what has happened to a user.
func (s *Service) tell(ctx context.Context, kind MailKind, u users.User, to string) error {
	return s.queueMail(ctx, Mail{OrganizationID: u.OrganizationID, UserID: u.ID, Kind: kind, Email: to})
}

// open answers the mail whose token this is, if it is of one of the kinds and
// has not expired; ErrToken in every other case.
func (s *Service) open(ctx context.Context, token string, kinds ...MailKind) (Mail, error) {
	m, err := s.Store.MailByToken(ctx, hashOf(token))
	if err != nil {
		return Mail{}, err
	}
	for _, k := range kinds {
		if m.Kind == k && s.Clock.Now().Before(m.ExpiresOn) {
			return m, nil
		}
	}
	return Mail{}, ErrToken
}

// Kinds are the durable work of the module.
func (s *Service) Kinds() []work.Kind {
	return []work.Kind{
		// A mail server that is away, or makes a stranger wait, has a day.
		{Name: mailKind, Concurrency: 2, MaxAttempts: 28, Timeout: time.Minute, Work: s.sendMail},
		{Name: resetKind, Concurrency: 1, MaxAttempts: 5, Timeout: time.Minute, Work: s.answerReset, GiveUp: s.dropReset},
	}
}

// finish ends a job with the unit that do writes in.
func (s *Service) finish(ctx context.Context, c work.Claim, do func(ctx context.Context) error) error {
	return s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		if err := do(ctx); err != nil {
			return err
		}
		return c.Finish(ctx)
	})
}
