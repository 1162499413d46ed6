package core

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"parley/modules/corpora"
	"parley/modules/users"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
)

// Grantees are users and teams that are given a role, or lose it.
type Grantees struct{ Users, Teams []int64 }

// each drops repetitions.
func (g Grantees) each() Grantees {
	once := func(ids []int64) []int64 { return slices.Compact(slices.Sorted(slices.Values(ids))) }
	return Grantees{Users: once(g.Users), Teams: once(g.Teams)}
}

// Permissions answers the roles on a corpus that the caller administers,
// ordered by id.
func (s *Service) Permissions(ctx context.Context, who actor.Actor, corpusID int64, p page.Request) (page.Of[Permission], error) {
	if _, err := s.administer(ctx, who, corpusID, access.Manage); err != nil {
		return page.Of[Permission]{}, err
	}
	return s.Store.PermissionsPage(ctx, corpusID, p)
}

// administer is authorize for what editors may not do.
func (s *Service) administer(ctx context.Context, who actor.Actor, id int64, do access.Action) (Corpus, error) {
	c, err := s.authorize(ctx, who, id, do)
	if errors.Is(err, ErrNotEditor) {
		err = ErrNotAdmin
	}
	return c, err
}

// Grant gives users and teams a role on a corpus that the caller administers,
// in place of the one they had. Users are of the organization, and teams those
// that the caller sees; otherwise nobody gets it.
func (s *Service) Grant(ctx context.Context, who actor.Actor, corpusID int64, to Grantees, role access.CorpusRole) ([]Permission, error) {
	to = to.each()
	var granted []Permission
	err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		c, err := s.administer(ctx, who, corpusID, access.Manage)
		if apperr.KindOf(err) == apperr.Forbidden { // who is not there comes before a lack of rights
			err = cmp.Or(s.exist(ctx, who, to), err)
		}
		if err != nil {
			return err
		}
		if err := s.exist(ctx, who, to); err != nil {
			return err
		}
		if slices.Contains(to.Users, c.OwnerID) {
			return ErrOwnerFixed
		}
		var roles []Permission
		row := Permission{OrganizationID: c.OrganizationID, CorpusID: c.ID, Role: role, Audit: audit.New(who.Name(), s.Clock.Now())}
		for _, id := range to.Users {
			of := row
			of.UserID = id
			roles = append(roles, of)
		}
		for _, id := range to.Teams {
			of := row
			of.TeamID = id
			roles = append(roles, of)
		}
		if granted, err = s.Store.Grant(ctx, roles); err != nil {
			return err
		}
		tx.Publish(
			corpora.PermissionsChanged{
				CorpusID:       c.ID,
				OrganizationID: c.OrganizationID,
				UserIDs:        to.Users,
				TeamIDs:        to.Teams,
				Role:           role.String(),
				ChangedBy:      who.UserID,
			},
		)
		return nil
	})
	return granted, err
}

// exist answers the error of the first user or team that the caller can't see.
func (s *Service) exist(ctx context.Context, who actor.Actor, g Grantees) error {
	if len(g.Users) > 0 {
		found, err := s.Directory.Users(ctx, who.OrganizationID, g.Users)
		if err != nil {
			return err
		}
		if len(found) != len(g.Users) {
			return users.ErrNotFound
		}
	}
	for _, id := range g.Teams {
		if _, err := s.Projects.TeamAccess(ctx, who, id); err != nil {
			return err
		}
	}
	return nil
}

// Revoke takes the roles of users and teams on a corpus away and answers those
// that there were. The caller administers the corpus.
func (s *Service) Revoke(ctx context.Context, who actor.Actor, corpusID int64, from Grantees) ([]Permission, error) {
	from = from.each()
	var revoked []Permission
	err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		c, err := s.administer(ctx, who, corpusID, access.Manage)
		if err != nil {
			return err
		}
		if slices.Contains(from.Users, c.OwnerID) {
			return ErrOwnerFixed
		}
		if revoked, err = s.Store.Revoke(ctx, c.ID, from.Users, from.Teams); err != nil || len(revoked) == 0 {
			return err
		}
		e := corpora.PermissionsChanged{CorpusID: c.ID, OrganizationID: c.OrganizationID, UserIDs: []int64{}, TeamIDs: []int64{}, ChangedBy: who.UserID}
		for _, p := range revoked {
			if p.UserID != 0 {
				e.UserIDs = append(e.UserIDs, p.UserID)
			} else {
				e.TeamIDs = append(e.TeamIDs, p.TeamID)
			}
		}
		tx.Publish(e)
		return nil
	})
	return revoked, err
}

// DecisionOf answers what a user may do with a corpus, and why. Users who may
// view the corpus may ask about themselves; its admins may ask about anybody.
func (s *Service) DecisionOf(ctx context.Context, who actor.Actor, corpusID, userID int64) (access.CorpusDecision, error) {
	do := access.Manage
	if userID == who.UserID {
		do = access.View
	}
	c, err := s.administer(ctx, who, corpusID, do)
	if err != nil {
		return access.CorpusDecision{}, err
	}
	of, err := s.Actors.Actor(ctx, who.OrganizationID, userID)
	switch {
	case errors.Is(err, users.ErrSuspended):
		why := access.CorpusReason{Rule: access.Suspended, Resource: actor.Organization, ResourceID: who.OrganizationID}
		return access.CorpusDecision{Because: []access.CorpusReason{why}}, nil
	case err != nil:
		return access.CorpusDecision{}, err
	}
	c, err = s.Store.Corpus(ctx, access.CorporaVisibleTo(of), c.ID)
	if errors.Is(err, ErrNotFound) {
		return access.CorpusDecision{}, nil // who has no role does not even see it
	}
	return c.decide(of), err
}

// TeamGone ends the roles of a team that was deleted.
func (s *Service) TeamGone(ctx context.Context, organizationID, teamID int64) error {
	return s.Store.DropTeam(ctx, organizationID, teamID)
}
