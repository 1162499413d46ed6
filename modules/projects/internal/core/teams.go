package core

import (
	"context"
	"strings"

	"parley/modules/projects"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
	"parley/platform/kernel/text"
	"parley/platform/kernel/uow"
)

// Team answers one team that the caller sees.
func (s *Service) Team(ctx context.Context, who actor.Actor, id int64) (projects.Team, error) {
	t, err := s.TeamAccess(ctx, who, id)
	return t.Team, err
}

// TeamsPage answers the teams that the caller sees, ordered by id.
func (s *Service) TeamsPage(ctx context.Context, who actor.Actor, p page.Request) (page.Of[projects.Team], error) {
	return s.Store.TeamsPage(ctx, access.VisibleTo(who), p)
}

// CreateTeam makes a team of which the caller, an application admin, is admin.
func (s *Service) CreateTeam(ctx context.Context, who actor.Actor, name, description string) (projects.Team, error) {
	name = text.Named(name)
	if name == "" {
		return projects.Team{}, ErrBlankName
	}
	t := projects.Team{OrganizationID: who.OrganizationID, Name: name, Description: description, Audit: audit.New(who.Name(), s.Clock.Now())}
	err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		var err error
		if t, err = s.Store.AddTeam(ctx, t); err != nil {
			return err
		}
		if _, err := s.Permissions.Grant(ctx, who, actor.Team, t.ID, []int64{who.UserID}, actor.Admin); err != nil {
			return err
		}
		tx.Publish(projects.TeamCreated{TeamID: t.ID, OrganizationID: t.OrganizationID, Name: t.Name})
		return nil
	})
	return t, err
}

// Change is what a request changes; nil leaves a field as it is.
type Change struct {
	Name        *string
	Description *string
	Team        **int64 // of a project; a pointer to nil takes it out of its team
}

// blank reports whether the change would empty the name.
func (c Change) blank() bool { return c.Name != nil && strings.TrimSpace(*c.Name) == "" }

// apply changes the two texts that teams and projects have.
func (c Change) apply(name, description *string) {
	if c.Name != nil {
		*name = text.Named(*c.Name)
	}
	if c.Description != nil {
		*description = *c.Description
	}
}

// UpdateTeam changes a team that the caller administers.
func (s *Service) UpdateTeam(ctx context.Context, who actor.Actor, id int64, c Change) (projects.Team, error) {
	if c.blank() {
		return projects.Team{}, ErrBlankName
	}
	if _, err := s.team(ctx, who, id, access.Edit); err != nil {
		return projects.Team{}, err
	}
	var t projects.Team
	err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) (err error) {
		changed := false
		t, err = s.Store.UpdateTeam(ctx, who.OrganizationID, id, func(t *projects.Team) error {
			touch := audit.Watch(t)
			c.apply(&t.Name, &t.Description)
			changed = touch(who.Name(), s.Clock.Now())
			return nil
		})
		if err == nil && changed {
			tx.Publish(teamUpdated(t))
		}
		return err
	})
	return t, err
}

func teamUpdated(t projects.Team) projects.TeamUpdated {
	return projects.TeamUpdated{TeamID: t.ID, OrganizationID: t.OrganizationID, Name: t.Name}
}

// DeleteTeam deletes a team that the caller administers, with all roles on
// it, and answers it as it is then. One that has projects is ErrTeamInUse,
// also when a project joins it at the same moment.
func (s *Service) DeleteTeam(ctx context.Context, who actor.Actor, id int64) (projects.Team, error) {
	if _, err := s.team(ctx, who, id, access.Delete); err != nil {
		return projects.Team{}, err
	}
	var t projects.Team
	err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		var err error
		t, err = s.Store.UpdateTeam(ctx, who.OrganizationID, id, func(t *projects.Team) error {
			t.IsDeleted = true
			t.Touch(who.Name(), s.Clock.Now())
			return nil
		})
		if err != nil {
			return err
		}
		n, err := s.Store.CountProjects(ctx, who.OrganizationID, id)
		if err != nil {
			return err
		}
		if n > 0 {
			return ErrTeamInUse
		}
		if err := s.Permissions.Drop(ctx, who.OrganizationID, actor.Team, []int64{id}); err != nil {
			return err
		}
		tx.Publish(projects.TeamDeleted{TeamID: id, OrganizationID: who.OrganizationID, DeletedBy: who.UserID})
		return nil
	})
	return t, err
}

// maxProjects is how many projects a team may have.
const maxProjects = 1000

// join makes sure, within the unit of ctx, that a project may come to a team:
// it is not deleted before the unit ends, and has room.
func (s *Service) join(ctx context.Context, organizationID, team int64) error {
	if _, err := s.Store.UpdateTeam(ctx, organizationID, team, func(*projects.Team) error { return nil }); err != nil {
		return err
	}
	n, err := s.Store.CountProjects(ctx, organizationID, team)
	if err == nil && n >= maxProjects {
		err = ErrTeamFull
	}
	return err
}
