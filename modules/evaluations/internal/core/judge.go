package core

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"parley/modules/chat"
)

// call is the query that a judge is asked about.
type call struct {
	test  Test
	key   string
	asked *atomic.Int64
}

type callKey struct{}

func withCall(ctx context.Context, c call) context.Context {
	c.asked = &atomic.Int64{}
	return context.WithValue(ctx, callKey{}, c)
}

// judge asks the model of a test, as the one who made it. It implements
// metrics.Asker.
type judge struct{ s *Service }

var errNoCall = errors.New("a judge was asked about no query")

// Ask implements metrics.Asker.
func (j judge) Ask(ctx context.Context, system, user string) (string, error) {
	c, ok := ctx.Value(callKey{}).(call)
	if !ok {
		return "", errNoCall
	}
	v, err := j.s.Judge.Judge(ctx, chat.JudgeCall{
		OrganizationID: c.test.OrganizationID, UserID: c.test.UserID, AgentID: c.test.AgentID, ThreadID: c.test.ThreadID, Model: c.test.JudgeModel,
		System: system, Prompt: user, Key: fmt.Sprintf("%s/judge/%d", c.key, c.asked.Add(1)),
	})
	switch {
	case err != nil:
		return "", err
	case v.State != chat.StateCompleted:
		return "", errors.New(v.FailureDetails)
	}
	return v.Text, nil
}
