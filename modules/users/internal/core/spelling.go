package core

import (
	"context"
	"errors"

	"parley/modules/users"
	"parley/platform/kernel/address"
	"parley/platform/kernel/mail"
	"parley/platform/kernel/uow"
)

// respellSize is how many users are read at once.
const respellSize = 200

// Twin is a user whose stored address nobody can sign in with: in its one
// spelling it is another user's, or it can't be spelled at all.
type Twin struct {
	UserID, OrganizationID int64
	Reason                 string
}

// Respell stores the addresses from before addresses had one spelling in that
// spelling. It answers those that it can't; they stay as they are, for a person
// to decide about.
func (s *Service) Respell(ctx context.Context) ([]Twin, error) {
	var twins []Twin
	for after := int64(0); ; {
		found, err := s.Store.OddlySpelled(ctx, after, respellSize)
		if err != nil || len(found) == 0 {
			return twins, err
		}
		for _, u := range found {
			after = u.ID
			normal, ok := address.Normal(u.Email)
			switch {
			case !ok || !mail.IsAddress(normal):
				twins = append(twins, Twin{u.ID, u.OrganizationID, "the address has characters that are not seen or not allowed"})
				continue
			case normal == u.Email:
				continue
			}
			switch err := s.respell(ctx, u, normal); {
			case errors.Is(err, ErrEmailTaken):
				twins = append(twins, Twin{u.ID, u.OrganizationID, "another one has the same address in another spelling"})
			case err != nil && !errors.Is(err, ErrNotFound):
				return twins, err
			}
		}
	}
}

// respell is no change of the address: sessions stay, and nobody is told.
func (s *Service) respell(ctx context.Context, was users.User, normal string) error {
	return s.changing(ctx, []int64{was.ID}, func(ctx context.Context, tx uow.Tx) error {
		u, err := s.Store.UpdateUser(ctx, was.OrganizationID, was.ID, func(u *users.User) error {
			if u.Email == was.Email {
				u.Email = normal
			}
			return nil
		})
		if err == nil {
			tx.Publish(userChanged(u))
		}
		return err
	})
}
