package core

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/uow"
)

const (
	maxInstruction  = 4000 // the length of one, in characters
	maxInstructions = 50   // of one agent
)

// AddInstructions gives an agent that the caller administers more instructions,
// behind those that it has, and answers them. They are part of the prompt from
// the next run on.
func (s *Service) AddInstructions(ctx context.Context, who actor.Actor, agentID int64, texts []string) ([]Instruction, error) {
	lines, err := checked("instructions", &texts)
	if err != nil {
		return nil, err
	}
	is, err := s.authorize(ctx, who, agentID, access.Edit, ErrNotAdmin)
	if err != nil {
		return nil, err
	}
	var added []Instruction
	err = s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		_, err := s.change(ctx, tx, who, is, access.Edit, func(*Agent) (altered, error) {
			there, err := s.Store.Instructions(ctx, []int64{agentID})
			if err != nil {
				return altered{}, err
			}
			if len(there)+len(lines) > maxInstructions {
				return altered{}, ErrInstructions.WithField("instructions", fmt.Sprintf("the agent has %d already", len(there)))
			}
			added, err = s.write(ctx, who, agentID, lines)
			return altered{lines: wrote(there, slices.Concat(there, added))}, err
		})
		return err
	})
	return added, err
}

// checked are the instructions of a request, which stand in the field.
func checked(field string, texts *[]string) ([]Instruction, error) {
	if texts == nil {
		return nil, nil
	}
	lines := make([]Instruction, len(*texts))
	for i, text := range *texts {
		text = strings.TrimSpace(text)
		if n := utf8.RuneCountInString(text); n == 0 || n > maxInstruction {
			return nil, ErrInstruction.WithField(fmt.Sprintf("%s[%d]", field, i), fmt.Sprintf("has %d characters", n))
		}
		lines[i].Instruction = text
	}
	return lines, nil
}

func wrote(before, after []Instruction) *rewritten { return &rewritten{texts(before), texts(after)} }

// rewrite puts lines in place of an agent's; nil when they say nothing else.
// Those that say the same keep their ids and authors.
func (s *Service) rewrite(ctx context.Context, who actor.Actor, agentID int64, lines []Instruction) (*rewritten, error) {
	there, err := s.Store.Instructions(ctx, []int64{agentID})
	if err != nil || slices.Equal(texts(there), texts(lines)) {
		return nil, err
	}
	if err := s.Store.DeleteInstructions(ctx, agentID); err != nil {
		return nil, err
	}
	_, err = s.write(ctx, who, agentID, lines)
	return wrote(there, lines), err
}

func (s *Service) write(ctx context.Context, who actor.Actor, agentID int64, lines []Instruction) ([]Instruction, error) {
	now := s.Clock.Now()
	for i := range lines {
		lines[i].AgentID, lines[i].CreatedBy, lines[i].CreatedOn = agentID, who.Name(), now
	}
	return s.Store.AddInstructions(ctx, lines)
}
