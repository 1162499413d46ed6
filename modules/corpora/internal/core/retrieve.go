package core

import (
	"context"
	"maps"
	"slices"
	"strconv"

	"parley/modules/corpora"
	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
)

// shownCandidates is how many candidates the record of an answer has.
const shownCandidates = 20

// Retrieve implements corpora.Retriever.
func (s *Service) Retrieve(ctx context.Context, who actor.Actor, scope corpora.Scope, query string, top int) (corpora.Retrieval, error) {
	usable, err := s.usable(ctx, who, scope)
	if err != nil {
		return corpora.Retrieval{}, err
	}
	return s.search(ctx, usable, query, top, scope.Outside)
}

// Usable implements corpora.Retriever.
func (s *Service) Usable(ctx context.Context, who actor.Actor, scope corpora.Scope) ([]int64, error) {
	usable, err := s.usable(ctx, who, scope)
	return ids(usable), err
}

// usable are the corpora of a scope that may be searched now.
func (s *Service) usable(ctx context.Context, who actor.Actor, scope corpora.Scope) ([]ranking.Corpus, error) {
	usable, err := s.Store.Searchable(ctx, access.CorporaVisibleTo(who), scope.AgentID, scope.Attached)
	if err != nil {
		return nil, err
	}
	if scope.Only == nil {
		return usable, nil
	}
	var outside corpora.OutsideScope
	for _, id := range scope.Only {
		if !contains(usable, id) {
			outside.CorpusIDs = append(outside.CorpusIDs, id)
		}
	}
	if len(outside.CorpusIDs) > 0 {
		return nil, outside
	}
	return slices.DeleteFunc(usable, func(c ranking.Corpus) bool { return !slices.Contains(scope.Only, c.ID) }), nil
}

func contains(corpora []ranking.Corpus, id int64) bool {
	return slices.ContainsFunc(corpora, func(c ranking.Corpus) bool { return c.ID == id })
}

func ids(corpora []ranking.Corpus) []int64 {
	if len(corpora) == 0 {
		return nil
	}
	out := make([]int64, len(corpora))
	for i, c := range corpora {
		out[i] = c.ID
	}
	return out
}

// Search answers what a question would be answered from, of one corpus.
func (s *Service) Search(ctx context.Context, who actor.Actor, corpusID int64, query string, limit int) (corpora.Retrieval, error) {
	found, err := s.Store.Searchable(ctx, access.CorporaVisibleTo(who), 0, []int64{corpusID})
	if err != nil {
		return corpora.Retrieval{}, err
	}
	if len(found) == 0 {
		return corpora.Retrieval{}, ErrNotFound
	}
	return s.search(ctx, found, query, limit, nil)
}

func (s *Service) search(ctx context.Context, in []ranking.Corpus, query string, top int, outside func() func()) (corpora.Retrieval, error) {
	out := corpora.Retrieval{CorpusIDs: ids(in), Versions: make(map[int64]int64, len(in))}
	for _, c := range in {
		out.Versions[c.ID] = c.Version
	}
	found, err := s.ranking.Search(ctx, ranking.Question{Text: query, Corpora: in, Limit: top, Meaning: s.embedder.meaning(ctx, query, outside)})
	if err != nil {
		return out, err
	}
	out.Weights = corpora.Weights{Searched: found.Passages, Frequencies: make(map[string]int, len(found.Terms))}
	for i := range found.Terms {
		t := &found.Terms[i]
		stem := t.Stem
		if t.Match != "" {
			stem = t.Match
		}
		out.Weights.Frequencies[stem] = t.DF
	}
	out.Considered = len(found.Hits)
	shown := min(len(found.Hits), shownCandidates)
	out.Passages, out.Candidates = slices.Grow(out.Passages, found.Kept), slices.Grow(out.Candidates, shown)
	for i, h := range found.Hits[:max(found.Kept, shown)] {
		if i < found.Kept {
			var url string
			if i > 0 && h.Document == found.Hits[i-1].Document {
				url = out.Passages[i-1].URL
			} else {
				url = DocumentURL(h.Document)
			}
			p := corpora.Passage{
				ChunkID:    h.ID,
				DocumentID: h.Document,
				CorpusID:   h.Corpus,
				Title:      h.Title,
				URL:        url,
				Text:       h.Text,
				Score:      h.Score.Total,
				Sections:   h.Sections,
			}
			if h.Page > 0 {
				page := h.Page
				p.Page = &page
			}
			out.Passages = append(out.Passages, p)
		}
		if i < shown {
			out.Candidates = append(
				out.Candidates,
				corpora.Candidate{ChunkID: h.ID, DocumentID: h.Document, Title: h.Title, Score: h.Score.Total, Kept: i < found.Kept, Why: h.Why()},
			)
		}
	}
	return out, nil
}

// DocumentURL is the path of a document's original bytes.
func DocumentURL(id int64) string {
	return "/api/document/" + strconv.FormatInt(id, 10) + "/content"
}

// Readable implements corpora.Retriever.
func (s *Service) Readable(ctx context.Context, who actor.Actor, agentID int64, documentIDs []int64) ([]int64, error) {
	homes, err := s.Store.Existing(ctx, documentIDs)
	if err != nil {
		return nil, err
	}
	may, err := s.Store.Searchable(ctx, access.CorporaVisibleTo(who), agentID, slices.Sorted(maps.Values(homes)))
	if err != nil {
		return nil, err
	}
	var out []int64
	for document, corpus := range homes {
		if contains(may, corpus) {
			out = append(out, document)
		}
	}
	slices.Sort(out)
	return out, nil
}
