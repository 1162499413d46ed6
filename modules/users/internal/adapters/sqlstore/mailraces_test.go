package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"parley/modules/users/internal/adapters/sqlstore"
	"parley/modules/users/internal/adapters/token"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/mail"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// silent is a mail server that nobody asks, and a queue that keeps nothing.
type silent struct{}

func (silent) On() bool                                         { return true }
func (silent) Send(context.Context, mail.Message) error         { return nil }
func (silent) Put(context.Context, ...work.Job) error           { return nil }
func (silent) Cancel(context.Context, string, ...string) error  { return nil }
func (silent) Hash(_ context.Context, p string) (string, error) { return "hash:" + p, nil }
func (silent) Matches(_ context.Context, h, p string) (bool, error) {
	return h == "hash:"+p, nil
}

// mailing is people whose service sends mail to nobody.
func mailing(t *testing.T, db *sqldb.DB, unit uow.Unit) people {
	t.Helper()
	p := newPeople(t, db, unit)
	tokens, err := token.New([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	parts := p.Deps
	parts.Mail, parts.Queue, parts.Tokens, parts.Hasher, parts.SignUpDomains = silent{}, silent{}, tokens, silent{}, []string{"example.com"}
	p.Service = core.New(parts)
	return p
}

// given is the token of a mail that is stored for somebody.
func (p people) given(t *testing.T, seed string, m core.Mail) string {
	t.Helper()
	secret := p.Tokens.Derive(seed)[0]
	m.OrganizationID, m.Seed, m.TokenHash = p.org.ID, seed, core.TokenHash(secret)
	m.CreatedOn, m.ExpiresOn = p.Clock.Now(), p.Clock.Now().Add(1<<40)
	if _, err := p.store.AddMail(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	return secret
}

func TestATokenIsUsedOnceHoweverManyUseItAtOnce(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		p := func() people { db, unit := open(t); return mailing(t, db, unit) }()
		jo := p.add(t, 1, false)[0]
		for round := range 5 {
			secret := p.given(t, fmt.Sprint("reset", round), core.Mail{Kind: core.MailReset, UserID: jo.ID, Email: jo.Email})
			winner := onlyOne(t, atOnce(8, func(i int) error {
				_, err := p.ConfirmReset(t.Context(), secret, fmt.Sprint("password ", i), core.Attempt{})
				return err
			}), core.ErrToken)
			c, err := p.store.CredentialByID(t.Context(), jo.ID)
			if err != nil || c.PasswordHash != fmt.Sprint("hash:password ", winner) || c.Epoch != int64(round+2) {
				t.Fatalf("%d won, and %+v is stored, %v", winner, c, err)
			}
		}
		secret := p.given(t, "sign up", core.Mail{Kind: core.MailSignUp, Email: "new@example.com", FullName: "New", PasswordHash: "hash:password"})
		onlyOne(t, atOnce(8, func(int) error {
			_, err := p.VerifyAddress(t.Context(), secret, "password", core.Attempt{})
			return err
		}), core.ErrToken)
	})
}

func TestADeletedUserGetsNoPassword(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		p := func() people { db, unit := open(t); return mailing(t, db, unit) }()
		admin := p.add(t, 1, true)[0]
		for round := range 10 {
			jo := p.add(t, 1, false)[0]
			secret := p.given(t, fmt.Sprint("reset", round), core.Mail{Kind: core.MailReset, UserID: jo.ID, Email: jo.Email})
			outcomes := atOnce(2, func(i int) error {
				if i == 0 {
					_, err := p.DeleteUsers(t.Context(), as(admin), []int64{jo.ID})
					return err
				}
				_, err := p.ConfirmReset(t.Context(), secret, "password", core.Attempt{})
				return err
			})
			if outcomes[0] != nil || outcomes[1] != nil && !errors.Is(outcomes[1], core.ErrToken) {
				t.Fatalf("got %v", outcomes)
			}
			if _, err := p.store.CredentialByID(t.Context(), jo.ID); !errors.Is(err, core.ErrNotFound) {
				t.Fatalf("there are credentials of a deleted user: %v", err)
			}
			if _, err := p.store.MailByToken(t.Context(), core.TokenHash(secret)); !errors.Is(err, core.ErrToken) {
				t.Fatalf("the token is still there: %v", err)
			}
		}
	})
}

func TestManyWhoSignUpAtOnceDoNotWaitForEachOther(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		p := func() people { db, unit := open(t); return mailing(t, db, unit) }()
		old := p.Clock.Now().Add(-1)
		for i := range 20 { // to be pruned by whoever comes first
			if _, err := p.store.AddMail(t.Context(), core.Mail{OrganizationID: p.org.ID, Kind: core.MailPasswordChanged, Email: fmt.Sprint(i), CreatedOn: old, ExpiresOn: old}); err != nil {
				t.Fatal(err)
			}
		}
		for i, err := range atOnce(16, func(i int) error {
			return p.SignUp(t.Context(), core.NewSignUp{Email: fmt.Sprintf("new%d@example.com", i), Password: "password", FullName: "New"}, core.Attempt{})
		}) {
			if err != nil {
				t.Errorf("%d: %v", i, err)
			}
		}
	})
}
