package coretest

import (
	"context"

	"parley/modules/agents"
	"parley/modules/agents/internal/core"
)

// AddAgent stores an agent together with its first version, as the use cases
// do: nobody can run one without.
func AddAgent(ctx context.Context, s core.Store, a core.Agent) (core.Agent, error) {
	a.Version = 1
	a, err := s.AddAgent(ctx, a)
	if err != nil {
		return a, err
	}
	return a, s.AddVersions(ctx, []core.Version{{
		Head:          core.Head{AgentID: a.ID, Version: a.Version, CreatedBy: a.CreatedBy, CreatedOn: a.CreatedOn, Changes: []agents.Change{}},
		Configuration: agents.Configuration{PrefixPrompt: a.PrefixPrompt, Instructions: []string{}}, Connections: []agents.Connection{},
	}})
}
