package core

import (
	"context"
	"errors"
	"strings"

	"parley/modules/agents"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/text"
	"parley/platform/kernel/uow"
)

// Settings is what a request says an agent is to be. Nil leaves a field as it
// is, or at its default in a new agent.
type Settings struct {
	Name                         *string
	ProjectID                    *int64
	Description                  *string
	Type                         *string // the organization's first in a new agent: QnA, unless that was renamed
	PrefixPrompt                 *string
	Instructions                 *[]string // in place of all earlier ones
	Access                       *string   // Only me in a new agent
	Status                       *string   // Live in a new agent
	LLMModel                     *string
	CachingEnabled               *bool // false in a new agent
	SampleQ1, SampleQ2, SampleQ3 *string
	// WithAlias gives the agent the alias that it gets by default, unless it
	// has one.
	WithAlias bool
}

func (c Settings) apply(a *Agent) error {
	set := func(to, from *string) {
		if from != nil {
			*to = *from
		}
	}
	set(&a.AgentName, c.Name)
	if a.AgentName = text.Named(a.AgentName); a.AgentName == "" {
		return ErrBlankName
	}
	set(&a.Domain, c.Description)
	set(&a.PrefixPrompt, c.PrefixPrompt)
	set(&a.Access, c.Access)
	set(&a.Status, c.Status)
	set(&a.LLMModel, c.LLMModel)
	set(&a.SampleQ1, c.SampleQ1)
	set(&a.SampleQ2, c.SampleQ2)
	set(&a.SampleQ3, c.SampleQ3)
	if c.ProjectID != nil {
		a.ProjectID = *c.ProjectID
	}
	if c.CachingEnabled != nil {
		a.CachingEnabled = *c.CachingEnabled
	}
	return nil
}

// mayPut checks that the actor may put an agent into a project.
func (s *Service) mayPut(ctx context.Context, who actor.Actor, project int64) error {
	projectAccess, err := s.Projects.ProjectAccess(ctx, who, project)
	if err != nil {
		return err
	}
	if projectAccess.Role != actor.Admin {
		return ErrNotCreator
	}
	return nil
}

// CreateAgent makes an agent that the caller, an admin of the project, owns.
func (s *Service) CreateAgent(ctx context.Context, who actor.Actor, c Settings) (Full, error) {
	a := Agent{
		OrganizationID: who.OrganizationID, UserID: who.UserID, IsActive: true, Access: OnlyMe, Status: Live,
		ChunkCount: 32, ReactMaxIterationCount: 50, Version: 1, Audit: audit.New(who.Name(), s.Clock.Now()),
	}
	if err := c.apply(&a); err != nil {
		return Full{}, err
	}
	if err := s.knownModel(c.LLMModel); err != nil {
		return Full{}, err
	}
	lines, err := checked("custom_instructions", c.Instructions)
	if err != nil {
		return Full{}, err
	}
	if err := s.mayPut(ctx, who, a.ProjectID); err != nil {
		return Full{}, err
	}
	full := Full{}
	err = s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		if a.AgentTypeID, err = s.typeNamed(ctx, who.OrganizationID, c.Type); err != nil {
			return err
		}
		if a, err = s.Store.AddAgent(ctx, a); err != nil {
			return err
		}
		if _, err := s.write(ctx, who, a.ID, lines); err != nil {
			return err
		}
		if err := s.Store.AddVersions(ctx, []Version{firstVersion(a, lines)}); err != nil {
			return err
		}
		if c.WithAlias {
			if _, err := s.addAlias(ctx, who, a, ""); err != nil {
				return err
			}
		}
		tx.Publish(agents.AgentCreated{AgentID: a.ID, OrganizationID: a.OrganizationID, ProjectID: a.ProjectID, AgentName: a.AgentName})
		full, err = s.Get(ctx, who, a.ID)
		return err
	})
	return full, err
}

// UpdateAgent changes an agent that the caller administers. To another
// project it moves under the same rule as a new one.
func (s *Service) UpdateAgent(ctx context.Context, who actor.Actor, id int64, c Settings) (Full, error) {
	if c.Name != nil && strings.TrimSpace(*c.Name) == "" {
		return Full{}, ErrBlankName
	}
	if err := s.knownModel(c.LLMModel); err != nil {
		return Full{}, err
	}
	lines, err := checked("custom_instructions", c.Instructions)
	if err != nil {
		return Full{}, err
	}
	is, err := s.authorize(ctx, who, id, access.Edit, ErrNotAdmin)
	if errors.Is(err, ErrNotAdmin) && c.ProjectID != nil { // what is not there is told before
		if there := s.mayPut(ctx, who, *c.ProjectID); apperr.KindOf(there) == apperr.NotFound {
			err = there
		}
	}
	if err != nil {
		return Full{}, err
	}
	if c.ProjectID != nil && *c.ProjectID != is.ProjectID {
		if err := s.mayPut(ctx, who, *c.ProjectID); err != nil {
			return Full{}, err
		}
	} else {
		// A request that names the current project does not move the agent,
		// even when another request moves it at the same time.
		c.ProjectID = nil
	}
	full := Full{}
	err = s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		a, err := s.change(ctx, tx, who, is, access.Edit, func(a *Agent) (altered, error) {
			if c.Type != nil {
				if a.AgentTypeID, err = s.typeNamed(ctx, who.OrganizationID, c.Type); err != nil {
					return altered{}, err
				}
			}
			if err := c.apply(a); err != nil || c.Instructions == nil {
				return altered{}, err
			}
			again, err := s.rewrite(ctx, who, id, lines)
			return altered{lines: again}, err
		})
		if err != nil {
			return err
		}
		if c.WithAlias {
			if there, err := s.Store.Aliases(ctx, []int64{id}); err != nil {
				return err
			} else if len(there) == 0 {
				if _, err := s.addAlias(ctx, who, a, ""); err != nil {
					return err
				}
			}
		}
		// By now the caller may have moved it out of their own sight.
		list, err := s.complete(ctx, who, []Decided{{Agent: a, Decision: is.Decision}})
		if err == nil {
			full = list[0]
		}
		return err
	})
	return full, err
}

// change changes one agent and tells of it, within the unit of tx, unless
// change leaves the agent as it was and answers that nothing of it is changed
// elsewhere either. When the agent answers with something else then, that is its
// next version.
func (s *Service) change(
	ctx context.Context, tx uow.Tx, who actor.Actor, decided Decided, do access.Action, change func(*Agent) (altered, error),
) (Agent, error) {
	s.kept.Changing(ctx, agentKey{who.OrganizationID, decided.ID})
	var was Agent
	var more altered
	var made *Version
	changed := false
	a, err := s.Store.UpdateAgent(ctx, who.OrganizationID, decided.ID, func(a *Agent) error {
		if err := s.recheck(ctx, who, decided, *a, do); err != nil {
			return err
		}
		was = *a
		touch := audit.Watch(a)
		var err error
		if more, err = change(a); err != nil {
			return err
		}
		by, now := who.Name(), s.Clock.Now()
		if changed = touch(by, now); more.lines != nil {
			a.Touch(by, now)
			changed = true
		}
		made, err = s.nextVersion(ctx, who, was, a, more)
		return err
	})
	if err != nil {
		return a, err
	}
	if changed {
		tx.Publish(updated(was, a))
	}
	if was.Access == OnlyMe && a.Access != OnlyMe {
		team, err := s.Projects.TeamOf(ctx, a.OrganizationID, a.ProjectID)
		if err != nil {
			return a, err
		}
		tx.Publish(agents.AgentShared{AgentID: a.ID, OrganizationID: a.OrganizationID, ProjectID: a.ProjectID, TeamID: team, Access: a.Access, SharedBy: who.UserID})
	}
	if made != nil {
		err = s.storeVersions(ctx, tx, who, more.restoredFrom, *made)
	}
	return a, err
}

func updated(was, a Agent) agents.AgentUpdated {
	return agents.AgentUpdated{
		AgentID: a.ID, OrganizationID: a.OrganizationID, ProjectID: a.ProjectID, FromProjectID: was.ProjectID, Access: a.Access, Status: a.Status,
		Narrowed:  a.ProjectID != was.ProjectID || (was.Status == Live && a.Status != Live) || access.Level(a.Access).NarrowerThan(access.Level(was.Access)),
		AgentName: a.AgentName,
	}
}

// SetAccess changes which users may view an agent that the caller manages. It holds
// from the next request on.
func (s *Service) SetAccess(ctx context.Context, who actor.Actor, id int64, level string) (Agent, error) {
	is, err := s.authorize(ctx, who, id, access.Manage, ErrNotAdmin)
	if err != nil {
		return Agent{}, err
	}
	var a Agent
	err = s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) (err error) {
		a, err = s.change(ctx, tx, who, is, access.Manage, func(a *Agent) (altered, error) { a.Access = level; return altered{}, nil })
		return err
	})
	return a, err
}

// DeleteAgent deletes an agent that the caller administers, with all that
// hangs on it, and answers it as it is then. Threads stay their owners'.
func (s *Service) DeleteAgent(ctx context.Context, who actor.Actor, id int64) (Full, error) {
	full, err := s.full(ctx, who, id, access.Delete, ErrNotAdmin)
	if err != nil {
		return Full{}, err
	}
	err = s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		s.kept.Changing(ctx, agentKey{who.OrganizationID, id})
		full.Agent, err = s.Store.UpdateAgent(ctx, who.OrganizationID, id, func(a *Agent) error {
			if err := s.recheck(ctx, who, full.Decided, *a, access.Delete); err != nil {
				return err
			}
			a.IsDeleted = true
			a.Touch(who.Name(), s.Clock.Now())
			return nil
		})
		if err != nil {
			return err
		}
		return s.cleanupDeleted(ctx, tx, who.OrganizationID, full.ProjectID, []int64{id}, who.UserID)
	})
	return full, err
}

// DeleteAgentsOf deletes the agents of a project that was deleted. It runs in
// the unit of tx.
func (s *Service) DeleteAgentsOf(ctx context.Context, tx uow.Tx, organizationID, project, by int64) error {
	ids, err := s.Store.DeleteAgentsOf(ctx, organizationID, project, audit.System, s.Clock.Now())
	if err != nil || len(ids) == 0 {
		return err
	}
	return s.cleanupDeleted(ctx, tx, organizationID, project, ids, by)
}

// cleanupDeleted removes what belongs to agents that were just marked deleted.
func (s *Service) cleanupDeleted(ctx context.Context, tx uow.Tx, organizationID, project int64, ids []int64, by int64) error {
	if err := s.Store.ForgetAgents(ctx, ids); err != nil {
		return err
	}
	holders := make([]string, len(ids))
	for i, id := range ids {
		s.kept.Changing(ctx, agentKey{organizationID, id})
		holders[i] = agents.Key(id)
		tx.Publish(agents.AgentDeleted{AgentID: id, OrganizationID: organizationID, ProjectID: project, DeletedBy: by})
	}
	if err := s.Addresses.Release(ctx, holders); err != nil {
		return err
	}
	return s.Permissions.Drop(ctx, organizationID, actor.Agent, ids)
}
