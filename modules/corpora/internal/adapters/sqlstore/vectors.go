package sqlstore

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/sqldb"
)

type vectorRow struct {
	bun.BaseModel `bun:"table:corpora_vectors,alias:v"`
	CorpusID      int64
	Model         string
	PassageID     int64
	Coordinates   []byte // one byte each, in two's complement
}

// Unembedded implements core.Vectors.
func (s *Store) Unembedded(ctx context.Context, corpusID, documentID int64, model string, after int64, limit int) ([]ranking.Passage, error) {
	q := s.db.On(ctx).NewSelect().Model((*passageRow)(nil)).Where("p.corpus_id = ? AND p.is_live AND p.id > ?", corpusID, after)
	if documentID != 0 {
		q = q.Where("p.document_id = ?", documentID)
	}
	rows := []passageRow{}
	err := q.Where("NOT EXISTS (SELECT 1 FROM corpora_vectors AS v WHERE v.corpus_id = p.corpus_id AND v.model = ? AND v.passage_id = p.id)", model).
		OrderExpr("p.id").Limit(int64(limit)).Scan(ctx, &rows)
	if err != nil {
		return nil, fmt.Errorf("looking for passages without vectors: %w", err)
	}
	return passagesOf(rows)
}

// AddVectors implements core.Vectors. What is in the index is written with what
// it was made of.
func (s *Store) AddVectors(ctx context.Context, corpusID int64, model string, vectors []ranking.Vector, hold core.Hold) error {
	directed := len(vectors) > 0
	for _, one := range vectors { // all of one length, from one model
		directed = directed && len(one.Values) == len(vectors[0].Values)
	}
	v := s.pgvector(ctx, &s.vectors.kept, true)
	directed = directed && s.indexed(ctx, v, model, len(vectors[0].Values))
	err := s.addVectors(ctx, corpusID, model, vectors, directed, hold)
	if err != nil && directed && s.lost(ctx, v, err) {
		err = s.addVectors(ctx, corpusID, model, vectors, false, hold)
	}
	return err
}

// addVectors holds the job last: who shows another text has passages, and waits
// for the owner of the job.
func (s *Store) addVectors(ctx context.Context, corpusID int64, model string, vectors []ranking.Vector, directed bool, hold core.Hold) error {
	return s.db.Within(ctx, func(ctx context.Context) error {
		tx := s.db.On(ctx)
		ids := make([]int64, len(vectors))
		for i, v := range vectors {
			ids[i] = v.Passage
		}
		there := tx.NewSelect().Model((*passageRow)(nil)).Column("id").Where("id IN (?) AND corpus_id = ?", bun.List(ids), corpusID).OrderExpr("id")
		if s.db.Postgres() { // which would let a passage go meanwhile
			there = there.For("SHARE")
		}
		var left []int64
		if err := there.Scan(ctx, &left); err != nil {
			return fmt.Errorf("looking for passages: %w", err)
		}
		known := make(map[int64]bool, len(left))
		for _, id := range left {
			known[id] = true
		}
		var rows []vectorRow
		for _, v := range vectors {
			if known[v.Passage] {
				rows = append(rows, vectorRow{CorpusID: corpusID, Model: model, PassageID: v.Passage, Coordinates: toBytes(v.Values)})
			}
		}
		if len(rows) == 0 {
			return hold(ctx)
		}
		insert := tx.NewInsert().Model(&rows).On("CONFLICT DO NOTHING")
		if directed {
			insert = insert.Value("is_indexed", "TRUE")
		}
		_, err := insert.Exec(ctx)
		if err == nil && directed {
			err = addDirections(ctx, tx, rows)
		}
		if err != nil {
			return fmt.Errorf("storing vectors: %w", err)
		}
		return hold(ctx)
	})
}

// passVectors gives passages of a new text the vectors of those with the same
// words in the old one, so that a model need not read them again. The job that
// makes those of the others puts them into the index.
func (s *Store) passVectors(ctx context.Context, documentID int64) error {
	if _, err := s.db.On(ctx).NewRaw(passVectors, documentID).Exec(ctx); err != nil {
		return fmt.Errorf("passing on the vectors of document %d: %w", documentID, err)
	}
	return nil
}

// passVectors looks each new passage up among the old words, each of which is
// there once: a form may have the same page a thousand times. It is a cross join
// because SQLite would otherwise compare every new passage with every old one.
const passVectors = `INSERT INTO corpora_vectors (corpus_id, model, passage_id, coordinates)
	SELECT v.corpus_id, v.model, new.id, v.coordinates FROM corpora_passages AS new
	CROSS JOIN (SELECT title, text, min(id) AS id FROM corpora_passages WHERE document_id = ?0 AND NOT is_live GROUP BY title, text) AS old
	JOIN corpora_vectors AS v ON v.passage_id = old.id
	WHERE new.document_id = ?0 AND new.is_live AND new.title = old.title AND new.text = old.text ON CONFLICT DO NOTHING`

// ShowVectors implements core.Vectors.
func (s *Store) ShowVectors(ctx context.Context, corpusID int64) error {
	return s.renewed(ctx, corpusID, 0)
}

// Vectors implements ranking.Source.
func (s *Store) Vectors(ctx context.Context, corpusID int64, model string, after int64, limit int) ([]ranking.Vector, ranking.Versions, error) {
	// The version is read first: what is read after it is never older.
	var version int64
	err := s.db.On(ctx).NewSelect().TableExpr("corpora_statistics").Column("version").Where("corpus_id = ?", corpusID).Scan(ctx, &version)
	if err != nil {
		return nil, nil, fmt.Errorf("reading the version of corpus %d: %w", corpusID, err)
	}
	rows := []vectorRow{}
	err = s.db.On(ctx).NewSelect().Model(&rows).Where("corpus_id = ? AND model = ? AND passage_id > ?", corpusID, model, after).
		Where("passage_id NOT IN (SELECT id FROM corpora_passages WHERE NOT is_live AND corpus_id = ?)", corpusID).
		OrderExpr("passage_id").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("reading vectors: %w", err)
	}
	return vectorsOf(rows), ranking.Versions{corpusID: version}, nil
}

func vectorsOf(rows []vectorRow) []ranking.Vector {
	out := make([]ranking.Vector, len(rows))
	for i, r := range rows {
		out[i] = ranking.Vector{Passage: r.PassageID, Values: fromBytes(r.Coordinates)}
	}
	return out
}

// CorporaAfter implements core.Vectors.
func (s *Store) CorporaAfter(ctx context.Context, after int64, limit int) ([]core.Corpus, error) {
	return s.corpora.List(ctx, limit, "id", sqldb.Cond("id > ? AND is_deleted = ?", after, false))
}

func toBytes(values []int8) []byte {
	out := make([]byte, len(values))
	for i, x := range values {
		out[i] = byte(x) //nolint:gosec // two's complement
	}
	return out
}

func fromBytes(b []byte) []int8 {
	out := make([]int8, len(b))
	for i, x := range b {
		out[i] = int8(x) //nolint:gosec // two's complement
	}
	return out
}
