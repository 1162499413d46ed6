package core

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"parley/modules/evaluations"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
)

// The limits of datasets.
const (
	MaxQueries   = 10_000
	MaxText      = 32_000 // characters of a query, and of an expected answer
	MaxDocuments = 100    // expected documents of a query
	MaxDocument  = 400    // characters of one of them
	MaxResponses = 1_000  // answers that a dataset is made of
	maxProblems  = 100    // bad queries that are named
	chunk        = 500    // queries that are stored by one statement
)

// Draft is a query as a client sends it.
type Draft struct {
	Query             string
	ExpectedAnswer    string
	ExpectedDocuments []string
	// Place names the draft in messages, such as "queries[2]" or "line 3".
	Place string
	// Problem is what is wrong with it already, such as a line of a file that
	// can't be read.
	Problem string

	sourceAgentResponse *int64
	sourceDocuments     []int64
}

// NewDataset is what a dataset starts with, or is changed to. Of Drafts and
// ResponseIDs one is nil; in a change both may be.
type NewDataset struct {
	Name        *string // nil leaves it as it is
	Description *string
	Drafts      []Draft
	ResponseIDs []int64
}

// CreateDataset makes a dataset of an agent that the caller administers.
func (s *Service) CreateDataset(ctx context.Context, who actor.Actor, agentID int64, n NewDataset) (Dataset, error) {
	if err := s.manage(ctx, who, agentID); err != nil {
		return Dataset{}, err
	}
	d := Dataset{OrganizationID: who.OrganizationID, AgentID: agentID, Version: 1, Audit: audit.New(who.Name(), s.Clock.Now())}
	if err := d.apply(n); err != nil {
		return Dataset{}, err
	}
	if d.Name == "" {
		return Dataset{}, ErrBlank
	}
	if n.Drafts == nil && n.ResponseIDs == nil {
		return Dataset{}, ErrQueries
	}
	queries, err := s.queries(ctx, who, agentID, n)
	if err != nil {
		return Dataset{}, err
	}
	d.QueryCount = int64(len(queries))
	err = s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		var err error
		if d, err = s.Store.AddDataset(ctx, d); err != nil {
			return err
		}
		if err := s.addQueries(ctx, d, queries); err != nil {
			return err
		}
		tx.Publish(evaluations.DatasetCreated{
			DatasetID: d.ID, OrganizationID: d.OrganizationID, AgentID: d.AgentID, Queries: d.QueryCount, CreatedBy: who.UserID,
		})
		return nil
	})
	return d, err
}

// apply takes the name and the description over.
func (d *Dataset) apply(n NewDataset) error {
	if n.Name != nil {
		if d.Name = strings.TrimSpace(*n.Name); d.Name == "" {
			return ErrBlank
		}
	}
	if n.Description != nil {
		d.Description = strings.TrimSpace(*n.Description)
	}
	return nil
}

func (s *Service) addQueries(ctx context.Context, d Dataset, queries []Query) error {
	for i := range queries {
		queries[i].DatasetID, queries[i].Version = d.ID, d.Version
	}
	for part := range slices.Chunk(queries, chunk) {
		if err := s.Store.AddQueries(ctx, part); err != nil {
			return err
		}
	}
	return nil
}

// queries are those of a new version of a dataset.
func (s *Service) queries(ctx context.Context, who actor.Actor, agentID int64, n NewDataset) ([]Query, error) {
	drafts := n.Drafts
	if n.ResponseIDs != nil {
		if drafts != nil {
			return nil, ErrQueries
		}
		var err error
		if drafts, err = s.answered(ctx, who, agentID, n.ResponseIDs); err != nil {
			return nil, err
		}
	}
	switch {
	case len(drafts) == 0:
		return nil, ErrBadQueries.WithMessage("A dataset needs at least one query.")
	case len(drafts) > MaxQueries:
		return nil, ErrBadQueries.WithMessage(fmt.Sprintf("A dataset has at most %d queries; these are %d.", MaxQueries, len(drafts)))
	}
	out := make([]Query, len(drafts))
	var problems Problems
	for i, d := range drafts {
		if why := d.problem(); why != "" {
			problems.Add(d.Place, why)
			continue
		}
		out[i] = d.query()
	}
	return out, problems.Err(ErrBadQueries, "Some queries can't be used")
}

// answered makes drafts of what the agent has answered, without who asked.
func (s *Service) answered(ctx context.Context, who actor.Actor, agentID int64, ids []int64) ([]Draft, error) {
	wanted := slices.Compact(slices.Sorted(slices.Values(ids)))
	found, missing, err := s.Answered.Answered(ctx, who, agentID, wanted)
	if err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		e := ErrNoResponses
		for i, id := range ids {
			if len(e.Fields) < maxProblems && slices.Contains(missing, id) {
				e = e.WithField(fmt.Sprintf("agent_response_ids[%d]", i), "is no answered question of this agent, or you may not read its sources")
			}
		}
		return nil, e
	}
	drafts := make([]Draft, len(found))
	for i, a := range found {
		drafts[i] = Draft{
			Query: a.Query, ExpectedAnswer: a.Answer, Place: fmt.Sprintf("agent response %d", a.AgentResponseID),
			sourceAgentResponse: &a.AgentResponseID, sourceDocuments: a.DocumentIDs,
		}
	}
	return drafts, nil
}

// problem says what is wrong with a draft; "" when nothing is.
func (d Draft) problem() string {
	if d.Problem != "" {
		return d.Problem
	}
	for _, text := range append([]string{d.Query, d.ExpectedAnswer}, d.ExpectedDocuments...) {
		if strings.ContainsRune(text, 0) {
			return "has a NUL character"
		}
	}
	switch {
	case strings.TrimSpace(d.Query) == "":
		return "has no query"
	case strings.TrimSpace(d.ExpectedAnswer) == "":
		return "has no expected_answer"
	case utf8.RuneCountInString(d.Query) > MaxText:
		return fmt.Sprintf("has a query of more than %d characters", MaxText)
	case utf8.RuneCountInString(d.ExpectedAnswer) > MaxText && d.sourceAgentResponse == nil:
		return fmt.Sprintf("has an expected_answer of more than %d characters", MaxText)
	case len(d.ExpectedDocuments) > MaxDocuments:
		return fmt.Sprintf("has more than %d expected_documents", MaxDocuments)
	}
	for _, name := range d.ExpectedDocuments {
		if strings.TrimSpace(name) == "" || utf8.RuneCountInString(name) > MaxDocument {
			return fmt.Sprintf("has an expected document that is empty, or has more than %d characters", MaxDocument)
		}
	}
	return ""
}

func (d Draft) query() Query {
	q := Query{
		Query: strings.TrimSpace(d.Query), ExpectedAnswer: strings.TrimSpace(d.ExpectedAnswer), ExpectedDocuments: append([]string{}, d.ExpectedDocuments...),
		SourceAgentResponse: d.sourceAgentResponse, SourceDocuments: append([]int64{}, d.sourceDocuments...),
	}
	sum := sha256.Sum256([]byte(q.Query + "\x00" + q.ExpectedAnswer))
	q.Fingerprint = hex.EncodeToString(sum[:16])
	return q
}

// Problems gathers what is wrong with the parts of one input.
type Problems struct {
	fields []apperr.Field
	count  int
}

// Add notes one more, at a place of the input.
func (p *Problems) Add(place, what string) {
	if p.count++; len(p.fields) < maxProblems {
		p.fields = append(p.fields, apperr.Field{Field: place, Message: what})
	}
}

// Err is nil without problems, else a copy of as that names the first of them.
func (p *Problems) Err(as *apperr.Error, what string) error {
	if p.count == 0 {
		return nil
	}
	first := p.fields[0]
	message := fmt.Sprintf("%s: %s %s.", what, first.Field, first.Message)
	if p.count > 1 {
		message = fmt.Sprintf("%s: %s %s, and %d more.", what, first.Field, first.Message, p.count-1)
	}
	e := as.WithMessage(message)
	e.Fields = p.fields
	return e
}

// Datasets answers those of an agent, newest first.
func (s *Service) Datasets(ctx context.Context, who actor.Actor, agentID int64, p page.Request) (page.Of[Dataset], error) {
	if err := s.manage(ctx, who, agentID); err != nil {
		return page.Of[Dataset]{}, err
	}
	return s.Store.DatasetsPage(ctx, who.OrganizationID, agentID, p)
}

// Dataset answers one dataset of an agent.
func (s *Service) Dataset(ctx context.Context, who actor.Actor, agentID, id int64) (Dataset, error) {
	return s.datasetOf(ctx, who, agentID, id)
}

// UpdateDataset changes a dataset. Queries that are sent are those of its next
// version, unless they are what it has; tests keep the version that they were
// made for.
func (s *Service) UpdateDataset(ctx context.Context, who actor.Actor, agentID, id int64, n NewDataset) (Dataset, error) {
	if _, err := s.datasetOf(ctx, who, agentID, id); err != nil {
		return Dataset{}, err
	}
	var queries []Query
	if n.Drafts != nil || n.ResponseIDs != nil {
		var err error
		if queries, err = s.queries(ctx, who, agentID, n); err != nil {
			return Dataset{}, err
		}
	}
	var d Dataset
	err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		changed := false
		var err error
		d, err = s.Store.UpdateDataset(ctx, who.OrganizationID, id, func(d *Dataset) error {
			touch := audit.Watch(d)
			if err := d.apply(n); err != nil {
				return err
			}
			if queries != nil {
				d.Version++
				d.QueryCount = int64(len(queries))
			}
			changed = touch(who.Name(), s.Clock.Now())
			return nil
		})
		if err != nil || !changed {
			return err
		}
		if queries != nil {
			if err := s.addQueries(ctx, d, queries); err != nil {
				return err
			}
			if err := s.Store.PruneQueries(ctx, d.ID, d.Version); err != nil {
				return err
			}
		}
		tx.Publish(evaluations.DatasetUpdated{DatasetID: d.ID, OrganizationID: d.OrganizationID, AgentID: d.AgentID, Version: d.Version, UpdatedBy: who.UserID})
		return nil
	})
	return d, err
}

// DeleteDataset removes a dataset that no open test has, and answers it as it
// was. The queries that tests have put stay with them.
func (s *Service) DeleteDataset(ctx context.Context, who actor.Actor, agentID, id int64) (Dataset, error) {
	if _, err := s.datasetOf(ctx, who, agentID, id); err != nil {
		return Dataset{}, err
	}
	var was Dataset
	err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		_, err := s.Store.UpdateDataset(ctx, who.OrganizationID, id, func(d *Dataset) error {
			was = *d
			d.IsDeleted = true
			d.Touch(who.Name(), s.Clock.Now())
			return nil
		})
		if err != nil {
			return err
		}
		open, err := s.Store.OpenTests(ctx, OpenFilter{DatasetID: id, Limit: 1})
		if err != nil {
			return err
		}
		if len(open) > 0 {
			return ErrDatasetInUse
		}
		if err := s.Store.PruneQueries(ctx, id, 0); err != nil {
			return err
		}
		tx.Publish(evaluations.DatasetDeleted{DatasetID: was.ID, OrganizationID: was.OrganizationID, AgentID: was.AgentID, DeletedBy: who.UserID})
		return nil
	})
	return was, err
}

// ShownQuery is a query of a dataset for one reader.
type ShownQuery struct {
	Query
	IsHidden bool // the reader may not read the sources of the answer that it was made from
}

// DatasetQueries answers the queries of a dataset as it is now, in their order.
func (s *Service) DatasetQueries(ctx context.Context, who actor.Actor, id int64, p page.Request) (page.Of[ShownQuery], error) {
	d, err := s.dataset(ctx, who, id)
	if err != nil {
		return page.Of[ShownQuery]{}, err
	}
	found, err := s.Store.QueriesPage(ctx, d.ID, d.Version, d.QueryCount, p)
	if err != nil {
		return page.Of[ShownQuery]{}, err
	}
	sources := map[int64]bool{}
	for _, q := range found.Items {
		for _, id := range q.SourceDocuments {
			sources[id] = true
		}
	}
	may, err := s.readable(ctx, who, d.AgentID, sources)
	if err != nil {
		return page.Of[ShownQuery]{}, err
	}
	return page.Map(found, func(q Query) ShownQuery {
		shown := ShownQuery{Query: q, IsHidden: !every(q.SourceDocuments, may)}
		if shown.IsHidden {
			shown.Query.Query, shown.ExpectedAnswer, shown.ExpectedDocuments = "", "", []string{}
		}
		return shown
	}), nil
}
