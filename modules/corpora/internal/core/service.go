// Package core has the rules and use cases of corpora, and the ports they
// need.
package core

import (
	"context"
	"errors"
	"log/slog"
	"strings"

	"parley/modules/agents"
	"parley/modules/corpora"
	"parley/modules/corpora/internal/core/ranking"
	"parley/modules/projects"
	"parley/modules/users"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/blob"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/page"
	"parley/platform/kernel/text"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
)

// Deps is what a Service needs.
type Deps struct {
	Unit      uow.Unit
	Store     Store
	Files     blob.Store
	Extractor Extractor
	Fetcher   Fetcher
	Agents    agents.Catalog
	Versions  agents.Versions
	Projects  projects.Catalog // for teams
	Directory users.Directory
	Actors    users.Actors
	Clock     clock.Clock
	Log       *slog.Logger
	// Queue takes the documents that wait to be indexed.
	Queue work.Queue
	// Embedder adds the search by meaning; nil without a model.
	Embedder Embedder
	// IndexingEnded is told at which step the work on a document ended; nil: nobody is.
	// It answers at once.
	IndexingEnded func(Step)
}

// Service is the use cases of corpora. It implements corpora.Retriever.
type Service struct {
	Deps
	ranking  *ranking.Engine
	embedder *steadyEmbedder // nil without a model
}

// warmIndex bounds what is kept in memory of the index, in bytes: about 6,000
// passages, ready to be compared, with the postings of a few hundred words.
const warmIndex = 64 << 20

// New returns the use cases over their dependencies.
func New(d Deps) *Service {
	s := &Service{Deps: d, ranking: ranking.NewEngine(d.Store, warmIndex)}
	if d.Embedder != nil {
		s.embedder = newSteadyEmbedder(d)
	}
	return s
}

// authorize answers a corpus when who may do the action on it; ErrNotFound
// when who may not even view it.
func (s *Service) authorize(ctx context.Context, who actor.Actor, id int64, do access.Action) (Corpus, error) {
	c, err := s.Store.Corpus(ctx, access.CorporaVisibleTo(who), id)
	if err != nil {
		return Corpus{}, err
	}
	return c, c.decide(who).Check(do, ErrNotFound, ErrNotEditor)
}

// Deciders decide about corpora, and about documents as about their corpora.
func (s *Service) Deciders() access.Deciders {
	return access.Deciders{
		{Resource: actor.Corpus, May: func(ctx context.Context, who actor.Actor, id int64, do access.Action) error {
			_, err := s.authorize(ctx, who, id, do)
			return err
		}},
		{Resource: actor.Document, May: func(ctx context.Context, who actor.Actor, id int64, do access.Action) error {
			_, _, err := s.authorizeDocument(ctx, who, id, do)
			return err
		}},
	}
}

// authorizeDocument answers a document and its corpus when who may do the
// action on the corpus.
func (s *Service) authorizeDocument(ctx context.Context, who actor.Actor, id int64, do access.Action) (Document, Corpus, error) {
	d, err := s.Store.Document(ctx, access.CorporaVisibleTo(who), id)
	if err != nil {
		return Document{}, Corpus{}, err
	}
	c, err := s.authorize(ctx, who, d.CorpusID, do)
	if errors.Is(err, ErrNotFound) {
		err = ErrDocumentNotFound
	}
	return d, c, err
}

// NewCorpus is what a corpus starts with.
type NewCorpus struct {
	Name     string
	IsPublic bool
	CorpusSettings
}

// CreateCorpus makes a corpus that the caller owns.
func (s *Service) CreateCorpus(ctx context.Context, who actor.Actor, n NewCorpus) (Corpus, error) {
	if n.Name = text.Named(n.Name); n.Name == "" {
		return Corpus{}, ErrBlankName
	}
	c := Corpus{
		OrganizationID: who.OrganizationID, OwnerID: who.UserID, Name: n.Name, IndexingModeID: DefaultMode,
		IsPublic: n.IsPublic, Tags: []string{}, Audit: audit.New(who.Name(), s.Clock.Now()),
	}
	n.apply(&c)
	err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		var err error
		if c, err = s.Store.AddCorpus(ctx, c); err != nil {
			return err
		}
		tx.Publish(corpora.CorpusCreated{CorpusID: c.ID, OrganizationID: c.OrganizationID, OwnerID: c.OwnerID})
		return nil
	})
	return c, err
}

// Counted is a corpus with the number of its documents.
type Counted struct {
	Corpus
	Documents int64
}

// Corpus answers one corpus that the caller may read.
func (s *Service) Corpus(ctx context.Context, who actor.Actor, id int64) (Counted, error) {
	c, err := s.authorize(ctx, who, id, access.View)
	if err != nil {
		return Counted{}, err
	}
	counts, err := s.Store.CountDocuments(ctx, []int64{id})
	return Counted{Corpus: c, Documents: counts[id]}, err
}

// Corpora answers the corpora that the caller may read, ordered by id.
func (s *Service) Corpora(ctx context.Context, who actor.Actor, p page.Request) (page.Of[Counted], error) {
	found, err := s.Store.CorporaPage(ctx, access.CorporaVisibleTo(who), p)
	if err != nil {
		return page.Of[Counted]{}, err
	}
	ids := make([]int64, len(found.Items))
	for i, c := range found.Items {
		ids[i] = c.ID
	}
	counts, err := s.Store.CountDocuments(ctx, ids)
	return page.Map(found, func(c Corpus) Counted { return Counted{Corpus: c, Documents: counts[c.ID]} }), err
}

// PassOn makes the admin who deleted a user the owner of what was theirs, and
// ends the user's roles on other corpora.
func (s *Service) PassOn(ctx context.Context, organizationID, from, to int64) error {
	if err := s.Store.PassCorpora(ctx, organizationID, from, to); err != nil {
		return err
	}
	return s.Store.DropUser(ctx, organizationID, from)
}

// tidy drops empty and repeated tags and never answers nil.
func tidy(tags []string) []string {
	out := []string{}
	seen := map[string]bool{}
	for _, t := range tags {
		if t = strings.TrimSpace(t); t != "" && !seen[t] {
			seen[t] = true
			out = append(out, t)
		}
	}
	return out
}
