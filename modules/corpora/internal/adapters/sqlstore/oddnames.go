package sqlstore

import (
	"context"
	"fmt"

	"parley/modules/corpora/internal/core"
)

// OddlyNamed implements core.Store.
func (s *Store) OddlyNamed(ctx context.Context, after int64, limit int) ([]core.Corpus, error) {
	var rows []corpusRow
	err := s.db.On(ctx).NewSelect().Model(&rows).Where("c.id > ? AND NOT c.is_deleted AND octet_length(c.name) <> length(c.name)", after).
		OrderExpr("c.id").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("looking for names of corpora that are not composed: %w", err)
	}
	out := make([]core.Corpus, len(rows))
	for i, r := range rows {
		out[i] = r.Corpus
	}
	return out, nil
}
