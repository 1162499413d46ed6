package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strconv"

	"github.com/uptrace/bun"

	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/ranking"
)

// direction is a vector as pgvector reads it. The length of it does not matter
// to the cosine.
func direction(values []int8) string {
	out := make([]byte, 0, 2+4*len(values))
	for i, x := range values {
		out = append(out, ","...)
		if i == 0 {
			out[0] = '['
		}
		out = strconv.AppendInt(out, int64(x), 10)
	}
	return string(append(out, ']'))
}

// Closest implements ranking.Source. All conditions are those of the statement,
// which sees the database as of one moment: vectors of passages that are gone,
// not complete or of other corpora don't come back.
func (s *Store) Closest(ctx context.Context, corpora []ranking.Corpus, m ranking.Meaning, limit int) (found []ranking.Vector, ok bool, err error) {
	passages := 0
	ids := make([]int64, len(corpora))
	for i, c := range corpora {
		ids[i] = c.ID
		passages += c.Passages
	}
	if passages < s.vectors.from || s.db.InTx(ctx) {
		return nil, false, nil
	}
	v := s.pgvector(ctx, &s.vectors.asked, false)
	if v == nil || len(m.Values) > v.most {
		return nil, false, nil
	}
	err = s.db.Snapshot(ctx, func(ctx context.Context) error {
		found, err = s.closest(ctx, v, ids, passages, m, limit)
		return err
	})
	if err != nil {
		if s.lost(ctx, v, err) {
			return nil, false, nil
		}
		return nil, false, fmt.Errorf("looking for what is close: %w", err)
	}
	return found, len(found) == limit, nil
}

func (s *Store) closest(ctx context.Context, v *pgvector, corpora []int64, passages int, m ranking.Meaning, limit int) ([]ranking.Vector, error) {
	breadth, on, n := indexBreadthOnce, s.db.On(ctx), len(m.Values)
	if v.iterates {
		breadth = indexBreadth
	}
	// Whatever is not by the index would read and sort all vectors.
	settings := "set_config('enable_sort', 'off', true), set_config('hnsw.ef_search', ?, true)"
	if v.iterates {
		settings += ", set_config('hnsw.iterative_scan', 'relaxed_order', true)"
	}
	ready := false
	err := on.NewRaw("SELECT r.ready FROM (SELECT "+settings+`) AS s, (SELECT EXISTS (SELECT 1 FROM pg_class WHERE oid = to_regclass(?) AND reltuples * ? <= ?) AND NOT EXISTS (
		SELECT 1 FROM corpora_vectors WHERE NOT is_indexed AND corpus_id IN (?) AND model = ? AND octet_length(coordinates) = ?) AS ready) AS r`,
		strconv.Itoa(breadth), indexOf(m.Model, n), s.vectors.part, float64(passages)*float64(passages), bun.List(corpora), m.Model, n).
		Scan(ctx, &ready)
	if err != nil || !ready {
		return nil, err
	}
	near := s.db.NewSelect().TableExpr("corpora_directions").Column("corpus_id", "model", "passage_id").
		Where("model = ? AND dimensions = ? AND corpus_id IN (?)", m.Model, n, bun.List(corpora)).
		Where("passage_id NOT IN (SELECT id FROM corpora_passages WHERE NOT is_live AND corpus_id IN (?))", bun.List(corpora)).
		OrderExpr("direction::? OPERATOR(?.<=>) ?::?", v.typeOf(n), bun.Safe(quoted(v.schema)), direction(m.Values), v.typeOf(n)).Limit(int64(limit))
	rows := []vectorRow{}
	err = on.NewSelect().Model(&rows).Column("v.passage_id", "v.coordinates").Join("JOIN (?) AS near USING (corpus_id, model, passage_id)", near).Scan(ctx)
	if err != nil {
		return nil, err
	}
	return vectorsOf(rows), nil
}

// IndexVectors implements core.Vectors.
func (s *Store) IndexVectors(ctx context.Context, corpusID int64, model string, hold core.Hold) (n int, err error) {
	v := s.pgvector(ctx, &s.vectors.kept, true)
	if v == nil {
		return 0, nil
	}
	if n, err = s.index(ctx, v, corpusID, model, hold); err != nil {
		if s.lost(ctx, v, err) {
			return 0, nil
		}
		return 0, fmt.Errorf("putting vectors of corpus %d into their index: %w", corpusID, err)
	}
	return n, nil
}

func (s *Store) index(ctx context.Context, v *pgvector, corpusID int64, model string, hold core.Hold) (int, error) {
	bare := func(ctx context.Context) *bun.SelectQuery {
		return s.db.On(ctx).NewSelect().Model((*vectorRow)(nil)).Where("corpus_id = ? AND model = ? AND NOT is_indexed", corpusID, model)
	}
	var dimensions int
	err := bare(ctx).ColumnExpr("octet_length(coordinates)").Where("octet_length(coordinates) BETWEEN 1 AND ?", v.most).Limit(1).Scan(ctx, &dimensions)
	if errors.Is(err, sql.ErrNoRows) || err == nil && !s.indexed(ctx, v, model, dimensions) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	rows := []vectorRow{}
	err = s.held(ctx, hold, func(ctx context.Context, tx bun.IDB) error {
		err := bare(ctx).Column("passage_id", "coordinates").
			Where("octet_length(coordinates) = ?", dimensions).
			OrderExpr("passage_id").
			Limit(indexAtOnce).
			For("UPDATE").
			Scan(ctx, &rows)
		if err != nil || len(rows) == 0 {
			return err
		}
		ids := make([]int64, len(rows))
		for i := range rows {
			rows[i].CorpusID, rows[i].Model, ids[i] = corpusID, model, rows[i].PassageID
		}
		if err := addDirections(ctx, tx, rows); err != nil {
			return err
		}
		_, err = tx.NewUpdate().
			Model((*vectorRow)(nil)).
			Set("is_indexed = TRUE").
			Where("corpus_id = ? AND model = ? AND passage_id IN (?)", corpusID, model, bun.List(ids)).
			Exec(ctx)
		return err
	})
	return len(rows), err
}

// directionRow is a vector as pgvector compares it.
type directionRow struct {
	bun.BaseModel `bun:"table:corpora_directions"`
	CorpusID      int64
	Model         string
	PassageID     int64
	Dimensions    int
	Direction     string
}

// addDirections puts vectors that are stored into the index. They go from it
// with what they were made of.
func addDirections(ctx context.Context, tx bun.IDB, rows []vectorRow) error {
	made := make([]directionRow, len(rows))
	for i, r := range rows {
		made[i] = directionRow{
			CorpusID:   r.CorpusID,
			Model:      r.Model,
			PassageID:  r.PassageID,
			Dimensions: len(r.Coordinates),
			Direction:  direction(fromBytes(r.Coordinates)),
		}
	}
	_, err := tx.NewInsert().Model(&made).On("CONFLICT DO NOTHING").Exec(ctx)
	return err
}
