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

// repairSize is how many documents one statement of RepairNames looks at.
const repairSize = 10_000

// RepairNames implements core.Documents. A process of the version before knows
// no name_key and runs beside this one on PostgreSQL alone. All documents are
// looked at once, many at a time: the database answers those whose key is not
// the name in its small letters, of which some are right in Go's.
func (s *Store) RepairNames(ctx context.Context) error { return s.repairNames(ctx, repairSize) }

func (s *Store) repairNames(ctx context.Context, atOnce int64) error {
	if !s.db.Postgres() {
		return nil
	}
	for after := int64(0); ; {
		on := s.db.On(ctx)
		some := on.NewSelect().TableExpr("corpora_documents").Column("id", "name", "name_key").Where("id > ?", after).OrderExpr("id").Limit(atOnce)
		var rows []struct {
			ID            int64
			Name, NameKey string
			IsLast        bool
		}
		err := on.NewSelect().TableExpr("(SELECT *, id = max(id) OVER () AS is_last FROM (?) AS read) AS d", some).
			Where("is_last OR name_key <> lower(name) COLLATE ?", bun.Ident("C")).OrderExpr("id").Scan(ctx, &rows)
		if err != nil {
			return fmt.Errorf("looking for names that were changed: %w", err)
		}
		if len(rows) == 0 {
			return nil
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
	}
}
