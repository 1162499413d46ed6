package sqlstore

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

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

// repairSize is how many documents one statement of RepairNames reads.
const repairSize = 10_000

// RepairNames implements core.Documents. A process of a version before knows
// no name_key and runs beside this one on PostgreSQL alone. A partial index has
// the documents whose key is not the name in the database's small letters. Some
// of these are right in Go's: names with İ, and in a database of the locale C
// those with any capital beyond A to Z.
func (s *Store) RepairNames(ctx context.Context) error { return s.repairNames(ctx, repairSize) }

func (s *Store) repairNames(ctx context.Context, atOnce int) error {
	if !s.db.Postgres() {
		return nil
	}
	on := s.db.On(ctx)
	for after := int64(0); ; {
		var rows []struct {
			ID            int64
			Name, NameKey string
		}
		err := on.NewSelect().TableExpr("corpora_documents").Column("id", "name", "name_key").
			Where("id > ? AND name_key <> lower(name) COLLATE ?", after, bun.Ident("C")).OrderExpr("id").Limit(int64(atOnce)).Scan(ctx, &rows)
		if err != nil {
			return fmt.Errorf("looking for names that were changed: %w", err)
		}
		for _, r := range rows {
			if after = r.ID; r.NameKey == foldedName(r.Name) {
				continue
			}
			// A name that is changed meanwhile is not this one any more.
			if _, err := on.NewRaw("UPDATE corpora_documents SET name_key = ? WHERE id = ? AND name = ?", foldedName(r.Name), r.ID, r.Name).Exec(ctx); err != nil {
				return fmt.Errorf("repairing the name of document %d: %w", r.ID, err)
			}
		}
		if len(rows) < atOnce {
			return nil
		}
	}
}
