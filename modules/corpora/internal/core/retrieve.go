package core

import (
	"context"
	"fmt"
	"slices"

	"parley/modules/corpora"
	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/kernel/actor"
)

// shownCandidates is how many candidates the record of an answer has.
const shownCandidates = 20

// Retrieve implements corpora.Retriever.
func (s *Service) Retrieve(ctx context.Context, who actor.Actor, scope corpora.Scope, query string, top int) (corpora.Retrieval, error) {
	usable, err := s.Usable(ctx, who, scope)
	if err != nil {
		return corpora.Retrieval{}, err
	}
	return s.search(ctx, usable, query, top)
}

// Usable implements corpora.Retriever.
func (s *Service) Usable(ctx context.Context, who actor.Actor, scope corpora.Scope) ([]int64, error) {
	usable, err := s.usable(ctx, who, scope.AgentID)
	if err != nil {
		return nil, err
	}
	for _, id := range scope.Attached {
		c, err := s.Store.Corpus(ctx, readable(who), id)
		if err != nil {
			return nil, err
		}
		usable = append(usable, c.ID)
	}
	if scope.Only != nil {
		refused := ErrOutsideScope
		for _, id := range scope.Only {
			if !slices.Contains(usable, id) {
				refused = refused.WithField("overrides.corpus_ids", fmt.Sprintf("%d is not one of this agent's corpora for you", id))
			}
		}
		if len(refused.Fields) > 0 {
			return nil, refused
		}
		usable = slices.Clone(scope.Only)
	}
	slices.Sort(usable)
	return slices.Compact(usable), nil
}

// Search answers what a question would be answered from, of one corpus.
func (s *Service) Search(ctx context.Context, who actor.Actor, corpusID int64, query string, limit int) (corpora.Retrieval, error) {
	if _, err := s.Store.Corpus(ctx, readable(who), corpusID); err != nil {
		return corpora.Retrieval{}, err
	}
	return s.search(ctx, []int64{corpusID}, query, limit)
}

// usable are the corpora that the agent may use for the caller now.
func (s *Service) usable(ctx context.Context, who actor.Actor, agentID int64) ([]int64, error) {
	connected, err := s.Store.Connections(ctx, who.OrganizationID, agentID)
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, c := range connected {
		if c.IsEnabled && !c.Corpus.IsDeleted && (c.SharesContent || readable(who).Allows(c.Corpus)) {
			ids = append(ids, c.CorpusID)
		}
	}
	return ids, nil
}

func (s *Service) search(ctx context.Context, ids []int64, query string, top int) (corpora.Retrieval, error) {
	out := corpora.Retrieval{CorpusIDs: ids, Weights: map[string]float64{}}
	found, err := ranking.Search(ctx, s.Store, ranking.Question{Text: query, Corpora: ids, Limit: top})
	if err != nil {
		return out, err
	}
	for _, t := range found.Terms {
		stem := t.Stem
		if t.Match != "" {
			stem = t.Match
		}
		out.Weights[stem] = t.IDF
	}
	out.Considered = len(found.Hits)
	for i, h := range found.Hits {
		if i < found.Kept {
			p := corpora.Passage{ChunkID: h.ID, DocumentID: h.Document, CorpusID: h.Corpus, Title: h.Title, URL: DocumentURL(h.Document), Text: h.Text, Score: h.Score.Total}
			if h.Page > 0 {
				p.Page = &h.Page
			}
			out.Passages = append(out.Passages, p)
		}
		if i < shownCandidates {
			out.Candidates = append(out.Candidates, corpora.Candidate{ChunkID: h.ID, DocumentID: h.Document, Title: h.Title, Score: h.Score.Total, Kept: i < found.Kept, Why: h.Why()})
		}
	}
	return out, nil
}

// DocumentURL is the path of a document's original bytes.
func DocumentURL(id int64) string { return fmt.Sprintf("/api/document/%d/content", id) }

// Readable implements corpora.Retriever.
func (s *Service) Readable(ctx context.Context, who actor.Actor, agentID int64, documentIDs []int64) ([]int64, error) {
	homes, err := s.Store.Existing(ctx, documentIDs)
	if err != nil {
		return nil, err
	}
	usable, err := s.usable(ctx, who, agentID)
	if err != nil {
		return nil, err
	}
	allowed := map[int64]bool{}
	for _, id := range usable {
		allowed[id] = true
	}
	var out []int64
	for document, corpus := range homes {
		may, known := allowed[corpus]
		if !known { // asked once for each corpus that is no longer connected
			_, err := s.Store.Corpus(ctx, readable(who), corpus)
			may = err == nil
			allowed[corpus] = may
		}
		if may {
			out = append(out, document)
		}
	}
	slices.Sort(out)
	return out, nil
}
