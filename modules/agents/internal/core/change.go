package core

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"parley/modules/agents"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
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
	if a.AgentName = strings.TrimSpace(a.AgentName); a.AgentName == "" {
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
		ChunkCount: 32, ReactMaxIterationCount: 50, Audit: audit.New(who.Name(), s.Clock.Now()),
	}
	if err := c.apply(&a); err != nil {
		return Full{}, err
	}
	if err := s.knownModel(c.LLMModel); err != nil {
		return Full{}, err
	}
	lines, err := instructions(c.Instructions)
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
		if err := s.write(ctx, who, a.ID, lines); err != nil {
			return err
		}
		if c.WithAlias {
			if _, err := s.addAlias(ctx, who, a, ""); err != nil {
				return err
			}
		}
		tx.Publish(agents.AgentCreated{AgentID: a.ID, OrganizationID: a.OrganizationID, ProjectID: a.ProjectID})
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
	lines, err := instructions(c.Instructions)
	if err != nil {
		return Full{}, err
	}
	is, err := s.authorize(ctx, who, id, access.Edit, ErrNotAdmin)
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
		a, err := s.change(ctx, tx, who, is, access.Edit, func(a *Agent) (bool, error) {
			if c.Type != nil {
				if a.AgentTypeID, err = s.typeNamed(ctx, who.OrganizationID, c.Type); err != nil {
					return false, err
				}
			}
			if err := c.apply(a); err != nil || c.Instructions == nil {
				return false, err
			}
			return s.rewrite(ctx, who, id, lines)
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
// change leaves the agent as it was and reports that nothing of it is changed
// elsewhere either.
func (s *Service) change(ctx context.Context, tx uow.Tx, who actor.Actor, decided Decided, do access.Action, change func(*Agent) (bool, error)) (Agent, error) {
	s.kept.Changing(ctx, agentKey{who.OrganizationID, decided.ID})
	var was Agent
	changed := false
	a, err := s.Store.UpdateAgent(ctx, who.OrganizationID, decided.ID, func(a *Agent) error {
		if err := s.recheck(ctx, who, decided, *a, do); err != nil {
			return err
		}
		was = *a
		touch := audit.Watch(a)
		more, err := change(a)
		by, now := who.Name(), s.Clock.Now()
		if changed = touch(by, now); more {
			a.Touch(by, now)
			changed = true
		}
		return err
	})
	if err != nil || !changed {
		return a, err
	}
	tx.Publish(agents.AgentUpdated{
		AgentID: a.ID, OrganizationID: a.OrganizationID, ProjectID: a.ProjectID, FromProjectID: was.ProjectID, Access: a.Access, Status: a.Status,
		Narrowed: a.ProjectID != was.ProjectID || (was.Status == Live && a.Status != Live) || access.Level(a.Access).NarrowerThan(access.Level(was.Access)),
	})
	return a, nil
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
		a, err = s.change(ctx, tx, who, is, access.Manage, func(a *Agent) (bool, error) { a.Access = level; return false, nil })
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

// maxInstruction is the length of one instruction, in characters.
const maxInstruction = 4000

func instructions(texts *[]string) ([]Instruction, error) {
	if texts == nil {
		return nil, nil
	}
	lines := make([]Instruction, len(*texts))
	for i, text := range *texts {
		text = strings.TrimSpace(text)
		if n := utf8.RuneCountInString(text); n == 0 || n > maxInstruction {
			return nil, ErrInstruction.WithField(fmt.Sprintf("custom_instructions[%d]", i), fmt.Sprintf("has %d characters", n))
		}
		lines[i].Instruction = text
	}
	return lines, nil
}

// rewrite puts lines in place of an agent's, and reports whether they say
// anything else. Those that say the same keep their ids and authors.
func (s *Service) rewrite(ctx context.Context, who actor.Actor, agentID int64, lines []Instruction) (bool, error) {
	there, err := s.Store.Instructions(ctx, []int64{agentID})
	if err != nil || slices.EqualFunc(there, lines, func(a, b Instruction) bool { return a.Instruction == b.Instruction }) {
		return false, err
	}
	if err := s.Store.DeleteInstructions(ctx, agentID); err != nil {
		return false, err
	}
	return true, s.write(ctx, who, agentID, lines)
}

func (s *Service) write(ctx context.Context, who actor.Actor, agentID int64, lines []Instruction) error {
	now := s.Clock.Now()
	for i := range lines {
		lines[i].AgentID, lines[i].CreatedBy, lines[i].CreatedOn = agentID, who.Name(), now
	}
	return s.Store.AddInstructions(ctx, lines)
}
