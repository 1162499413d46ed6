package memstore

import (
	"context"
	"unicode/utf8"

	"parley/modules/corpora/internal/core"
)

// OddlyNamed implements core.Store.
func (s *Store) OddlyNamed(ctx context.Context, after int64, limit int) ([]core.Corpus, error) {
	found, err := s.corpora.List(ctx, func(c core.Corpus) bool {
		return c.ID > after && !c.IsDeleted && utf8.RuneCountInString(c.Name) != len(c.Name)
	})
	return found[:min(limit, len(found))], err
}
