package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"parley/modules/chat/internal/core"
	"parley/modules/corpora"
	"parley/platform/kernel/jsonout"
)

// How an answer came about stands with it, in lists as JSON: its thoughts, its
// passages, and the documents of these, so that they are found without reading
// the passages. They are NULL for a run that has not ended, and for one that an
// earlier version has stored.

// thoughtText and supportText are elements of these lists. The version before
// reads them through views, by these names, and appendThought and
// appendSupport write them.
type thoughtText struct {
	Order      int             `json:"order"`
	Step       string          `json:"step"`
	Title      string          `json:"title"`
	Message    string          `json:"message"`
	StartedOn  time.Time       `json:"started_on"`
	DurationMS int64           `json:"duration_ms"`
	Detail     json.RawMessage `json:"detail"`
}

type supportText struct {
	Number     int     `json:"number"`
	ChunkID    int64   `json:"chunk_id"`
	DocumentID int64   `json:"document_id"`
	CorpusID   int64   `json:"corpus_id"`
	Title      string  `json:"title"`
	URL        string  `json:"url"`
	Text       string  `json:"text"`
	Page       *int    `json:"page"`
	Score      float64 `json:"score"`
}

// oldThoughtRow and oldSupportRow are rows of versions that had one for each.
type oldThoughtRow struct {
	bun.BaseModel `bun:"table:chat_old_thoughts,alias:h"`
	RunID         int64
	core.Thought
}

type oldSupportRow struct {
	bun.BaseModel `bun:"table:chat_old_support,alias:s"`
	RunID         int64
	core.Support
}

// prepared is the texts of an outcome as they are stored.
type prepared struct {
	references, followUps, corpusIDs, documents, thoughts, support string
}

// Prepare implements core.Runs.
func (s *Store) Prepare(o core.Outcome) (core.Outcome, error) {
	p, err := prepare(o)
	o.Prepared = p
	return o, err
}

func prepare(o core.Outcome) (*prepared, error) {
	documents := make([]int64, len(o.Support))
	for i, s := range o.Support {
		documents[i] = s.DocumentID
	}
	slices.Sort(documents)
	var p prepared
	err := encodeTogether(
		encoding{&p.references, func(t *jsonout.Text) { jsonout.List(t, o.References, appendReference) }},
		encoding{&p.followUps, func(t *jsonout.Text) { t.Any(o.FollowUps) }},
		encoding{&p.corpusIDs, func(t *jsonout.Text) { t.Any(o.CorpusIDs) }},
		encoding{&p.documents, func(t *jsonout.Text) { t.Any(slices.Compact(documents)) }},
		encoding{&p.thoughts, func(t *jsonout.Text) { jsonout.List(t, notNil(o.Thoughts), appendThought) }},
		encoding{&p.support, func(t *jsonout.Text) { jsonout.List(t, notNil(o.Support), appendSupport) }},
	)
	if err != nil {
		return nil, fmt.Errorf("encoding an answer: %w", err)
	}
	return &p, nil
}

// recorded reads a list that stands with the answer of a run; false when there
// is none.
func recorded[V any](ctx context.Context, s *Store, column string, run int64) ([]V, bool, error) {
	var text sql.NullString
	err := s.db.On(ctx).NewSelect().TableExpr("chat_contents").Column(column).Where("run_id = ?", run).Scan(ctx, &text)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !text.Valid {
		return nil, false, nil
	}
	var list []V
	if err == nil {
		err = json.Unmarshal([]byte(text.String), &list)
	}
	return list, err == nil, err
}

// Thoughts implements core.Runs.
func (s *Store) Thoughts(ctx context.Context, run int64) ([]core.Thought, error) {
	list, found, err := recorded[thoughtText](ctx, s, "thoughts", run)
	if err != nil {
		return nil, fmt.Errorf("reading thoughts: %w", err)
	}
	out := []core.Thought{}
	if found {
		for _, t := range list {
			out = append(
				out,
				core.Thought{Order: t.Order, Step: t.Step, Title: t.Title, Message: t.Message, StartedOn: t.StartedOn, DurationMS: t.DurationMS, Detail: t.Detail},
			)
		}
		return out, nil
	}
	rows := []oldThoughtRow{}
	if err := s.db.On(ctx).NewSelect().Model(&rows).Where("run_id = ?", run).OrderExpr(`"order"`).Scan(ctx); err != nil {
		return nil, fmt.Errorf("reading thoughts: %w", err)
	}
	for _, r := range rows {
		out = append(out, r.Thought)
	}
	return out, nil
}

// Support implements core.Runs.
func (s *Store) Support(ctx context.Context, run int64) ([]core.Support, error) {
	list, found, err := recorded[supportText](ctx, s, "support", run)
	if err != nil {
		return nil, fmt.Errorf("reading supporting content: %w", err)
	}
	out := []core.Support{}
	if found {
		for _, t := range list {
			out = append(out, core.Support{Number: t.Number, Passage: corpora.Passage{
				ChunkID: t.ChunkID, DocumentID: t.DocumentID, CorpusID: t.CorpusID, Title: t.Title, URL: t.URL, Text: t.Text, Page: t.Page, Score: t.Score,
			}})
		}
		return out, nil
	}
	rows := []oldSupportRow{}
	if err := s.db.On(ctx).NewSelect().Model(&rows).Where("run_id = ?", run).OrderExpr("number").Scan(ctx); err != nil {
		return nil, fmt.Errorf("reading supporting content: %w", err)
	}
	for _, r := range rows {
		out = append(out, r.Support)
	}
	return out, nil
}

// documentsOf answers the documents whose passages runs were given.
func (s *Store) documentsOf(ctx context.Context, runs []int64) (map[int64][]int64, error) {
	var rows []struct {
		RunID     int64
		Documents []int64
	}
	err := s.db.On(ctx).NewRaw(`SELECT run_id, documents FROM chat_contents WHERE run_id IN (?0) AND documents IS NOT NULL
		UNION ALL SELECT DISTINCT run_id, '[' || document_id || ']' FROM chat_old_support WHERE run_id IN (?0)`, bun.List(runs)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("reading the sources of answers: %w", err)
	}
	out := make(map[int64][]int64, len(rows))
	for _, r := range rows {
		out[r.RunID] = append(out[r.RunID], r.Documents...)
	}
	return out, nil
}
