package coretest

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"parley/modules/agents"
	"parley/modules/chat"
	"parley/platform/kernel/actor"
)

// Agents are agents of organization 1, with the users who administer each and
// those who may only view it.
type Agents struct {
	agents.Catalog

	Admins  map[int64][]int64
	Viewers map[int64][]int64
}

// Administers implements agents.Catalog.
func (a Agents) Administers(_ context.Context, who actor.Actor, agentID int64) (bool, error) {
	switch {
	case who.OrganizationID == org && slices.Contains(a.Admins[agentID], who.UserID):
		return true, nil
	case who.OrganizationID == org && slices.Contains(a.Viewers[agentID], who.UserID):
		return false, nil
	}
	return false, agents.ErrNotFound
}

// Documents are documents that only some users may not read.
type Documents struct {
	Hidden map[int64][]int64 // users by document
	// Asked counts the calls.
	Asked int
}

// Readable implements core.Documents.
func (d *Documents) Readable(_ context.Context, who actor.Actor, _ int64, ids []int64) ([]int64, error) {
	d.Asked++
	return slices.DeleteFunc(slices.Clone(ids), func(id int64) bool { return slices.Contains(d.Hidden[id], who.UserID) }), nil
}

// Chat is chat as far as tests ask it: an agent that says what it is told to, as
// often as it is asked, and remembers the questions by their keys.
type Chat struct {
	// Say answers a question; nil echoes it.
	Say func(ctx context.Context, q chat.Question) (chat.Outcome, error)
	// Verdict answers a judge's prompt.
	Verdict func(c chat.JudgeCall) (chat.Verdict, error)
	Judges  []string
	// Answers are answered questions by id.
	Answers map[int64]chat.AnsweredQuestion
	// Refuse answers OpenThread.
	Refuse error

	mu      sync.Mutex
	keys    map[string]chat.Outcome
	asked   []chat.Question
	threads int64
}

// OpenThread implements chat.Runner.
func (c *Chat) OpenThread(context.Context, chat.TestThread) (int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.threads++
	return 100 + c.threads, c.Refuse
}

// Run implements chat.Runner.
func (c *Chat) Run(ctx context.Context, q chat.Question) (chat.Outcome, error) {
	c.mu.Lock()
	out, known := c.keys[q.Key]
	c.mu.Unlock()
	if known {
		return out, nil
	}
	out = chat.Outcome{State: chat.StateCompleted, Answer: q.Text}
	if c.Say != nil {
		var err error
		if out, err = c.Say(ctx, q); err != nil {
			return out, err
		}
	}
	if err := ctx.Err(); err != nil {
		return out, context.Cause(ctx)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, q)
	out.AgentResponseID, out.RunID = int64(len(c.asked)), fmt.Sprint(len(c.asked))
	if c.keys == nil {
		c.keys = map[string]chat.Outcome{}
	}
	c.keys[q.Key] = out
	return out, nil
}

// Asked are the questions that the agent answered or failed to, by their texts
// and in order. One that was cancelled before is asked again.
func (c *Chat) Asked() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := []string{}
	for _, q := range c.asked {
		out = append(out, q.Text)
	}
	slices.Sort(out)
	return out
}

// Models implements chat.Judge.
func (c *Chat) Models() []string { return c.Judges }

// Judge implements chat.Judge.
func (c *Chat) Judge(_ context.Context, call chat.JudgeCall) (chat.Verdict, error) {
	return c.Verdict(call)
}

// Answered implements chat.Answered.
func (c *Chat) Answered(_ context.Context, _ actor.Actor, _ int64, ids []int64) (found []chat.AnsweredQuestion, missing []int64, err error) {
	for _, id := range ids {
		if a, ok := c.Answers[id]; ok {
			found = append(found, a)
		} else {
			missing = append(missing, id)
		}
	}
	return found, missing, nil
}
