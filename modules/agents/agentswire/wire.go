// Package agentswire has the JSON shape of an agent's versions. The API shows
// them in answers of two modules; here is the one place that says how.
package agentswire

import (
	"encoding/json"

	"parley/modules/agents"
	"parley/platform/web"
)

// Summary is a version of an agent as lists show it.
type Summary struct {
	_ struct{} `schema:"AgentVersion"`

	Agent     int64    `json:"agent"`
	Version   int64    `json:"version" doc:"From 1, without gaps."`
	CreatedBy string   `json:"created_by"`
	CreatedOn web.Time `json:"created_on"`
	Changes   []Change `json:"changes" doc:"What is different from the version before; none in the first."`
}

// Change is one difference between a version and the one before.
type Change struct {
	_ struct{} `schema:"AgentVersionChange"`

	Field  string          `json:"field" doc:"A field of the configuration; corpora for a connection."`
	Corpus *int64          `json:"corpus" doc:"Whose connection it is; null for other fields, and for all but the agent's admins."`
	Old    json.RawMessage `json:"old" doc:"The value before, long texts cut; null for all but the agent's admins."`
	New    json.RawMessage `json:"new" doc:"The value since then, likewise."`
	Note   string          `json:"note" doc:"Why a restored version differs here from the one that it restores, for the agent's admins; else empty."`
}

// Version is a version with all that the agent answered with.
type Version struct {
	_ struct{} `schema:"AgentVersionWithConfiguration"`

	Summary
	Configuration *Configuration `json:"configuration" doc:"null for all but the agent's admins."`
}

// Configuration is what an agent answers with.
type Configuration struct {
	_ struct{} `schema:"AgentConfiguration"`

	agents.Configuration
	Corpora []agents.Connection `json:"corpora" doc:"By corpus."`
}

var null = json.RawMessage("null")

// ShowSummary shows a version to somebody who may view the agent. To all but its
// admins it says only which fields changed.
func ShowSummary(v agents.Version, admin bool) Summary {
	out := Summary{Agent: v.AgentID, Version: v.Version, CreatedBy: v.CreatedBy, CreatedOn: web.At(v.CreatedOn), Changes: []Change{}}
	shown := map[string]bool{}
	for _, c := range v.Changes {
		if admin {
			out.Changes = append(out.Changes, showChange(c))
		} else if !shown[c.Field] {
			shown[c.Field] = true
			out.Changes = append(out.Changes, Change{Field: c.Field, Old: null, New: null})
		}
	}
	return out
}

func showChange(c agents.Change) Change {
	out := Change{Field: c.Field, Old: c.Old, New: c.New, Note: c.Note}
	if c.CorpusID != 0 {
		out.Corpus = &c.CorpusID
	}
	return out
}

// ShowVersion shows a version with its configuration.
func ShowVersion(v agents.Version, admin bool) Version {
	out := Version{Summary: ShowSummary(v, admin)}
	if admin {
		out.Configuration = &Configuration{Configuration: v.Configuration, Corpora: append([]agents.Connection{}, v.Connections...)}
		out.Configuration.Instructions = append([]string{}, v.Configuration.Instructions...)
	}
	return out
}
