package memstore

import (
	"context"
	"errors"
	"slices"

	"parley/modules/corpora/internal/core"
	"parley/platform/kernel/access"
	"parley/platform/kernel/page"
)

// PermissionsPage implements core.Permissions.
func (s *Store) PermissionsPage(ctx context.Context, corpusID int64, p page.Request) (page.Of[core.Permission], error) {
	return s.permissions.Page(ctx, p, false, core.ByID[core.Permission], func(p core.Permission) bool { return p.CorpusID == corpusID })
}

// Grant implements core.Permissions.
func (s *Store) Grant(ctx context.Context, roles []core.Permission) ([]core.Permission, error) {
	out := []core.Permission{}
	for _, r := range roles {
		change := func(p *core.Permission) error {
			if p.Role != r.Role && p.Role != access.CorpusOwner {
				p.Role = r.Role
				p.Touch(r.CreatedBy, r.CreatedOn)
			}
			return nil
		}
		row, err := s.permissions.Update(ctx, change, func(p core.Permission) bool {
			return p.CorpusID == r.CorpusID && p.UserID == r.UserID && p.TeamID == r.TeamID
		})
		if errors.Is(err, core.ErrNotFound) {
			row, err = s.permissions.Add(ctx, r)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	slices.SortFunc(out, func(a, b core.Permission) int { return core.ByID(a).Compare(core.ByID(b)) })
	return out, nil
}

// Revoke implements core.Permissions.
func (s *Store) Revoke(ctx context.Context, corpusID int64, users, teams []int64) ([]core.Permission, error) {
	return s.permissions.Delete(ctx, func(p core.Permission) bool {
		named := p.UserID != 0 && slices.Contains(users, p.UserID) || p.TeamID != 0 && slices.Contains(teams, p.TeamID)
		return p.CorpusID == corpusID && p.Role != access.CorpusOwner && named
	})
}

// DropUser implements core.Permissions.
func (s *Store) DropUser(ctx context.Context, org, userID int64) error {
	_, err := s.permissions.Delete(ctx, func(p core.Permission) bool {
		return p.OrganizationID == org && p.UserID == userID && userID != 0 && p.Role != access.CorpusOwner
	})
	return err
}

// DropTeam implements core.Permissions.
func (s *Store) DropTeam(ctx context.Context, org, teamID int64) error {
	_, err := s.permissions.Delete(ctx, func(p core.Permission) bool { return p.OrganizationID == org && p.TeamID == teamID && teamID != 0 })
	return err
}
