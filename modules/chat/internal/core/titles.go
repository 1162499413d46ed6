package core

import (
	"context"
	"encoding/json"
	"fmt"

	"parley/modules/corpora"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
)

// readable answers which of the documents the reader may read at this moment,
// or use through the agent, which they must be allowed to run for that.
func (s *Service) readable(ctx context.Context, reader actor.Actor, agentID int64, documents []int64) (map[int64]bool, error) {
	if _, err := s.Agents.Run(ctx, reader, agentID); err != nil {
		if kind := apperr.KindOf(err); kind != apperr.NotFound && kind != apperr.Forbidden {
			return nil, fmt.Errorf("asking whether user %d may run agent %d: %w", reader.UserID, agentID, err)
		}
		agentID = 0 // no agent shares anything with them
	}
	found, err := s.Corpora.Readable(ctx, reader, agentID, documents)
	may := make(map[int64]bool, len(found))
	for _, id := range found {
		may[id] = true
	}
	return may, err
}

// hideTitles empties the titles of the candidates in thoughts whose documents
// the reader may not read now. Their passages are not in the supporting content
// either.
func (s *Service) hideTitles(ctx context.Context, reader actor.Actor, agentID int64, thoughts []Thought) error {
	for i, t := range thoughts {
		var detail map[string]json.RawMessage
		if t.Step != StepRetrieval || json.Unmarshal(t.Detail, &detail) != nil {
			continue
		}
		var candidates []corpora.Candidate
		if err := json.Unmarshal(detail["candidates"], &candidates); err != nil || len(candidates) == 0 {
			continue
		}
		documents := make([]int64, len(candidates))
		for i, c := range candidates {
			documents[i] = c.DocumentID
		}
		may, err := s.readable(ctx, reader, agentID, documents)
		if err != nil {
			return err
		}
		for i, c := range candidates {
			if !may[c.DocumentID] {
				candidates[i].Title = ""
			}
		}
		if detail["candidates"], err = json.Marshal(candidates); err != nil {
			return fmt.Errorf("encoding the candidates of a retrieval: %w", err)
		}
		if thoughts[i].Detail, err = json.Marshal(detail); err != nil {
			return fmt.Errorf("encoding a retrieval: %w", err)
		}
	}
	return nil
}
