package sqlstore

import (
	"context"
	"fmt"

	"parley/modules/users"
)

// OddlySpelled implements core.Store.
func (s *Store) OddlySpelled(ctx context.Context, after int64, limit int) ([]users.User, error) {
	var rows []userRow
	err := s.db.On(ctx).NewSelect().Model(&rows).Where("u.id > ? AND (octet_length(u.email) <> length(u.email) OR u.email LIKE '%xn--%')", after).
		OrderExpr("u.id").Limit(int64(limit)).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("looking for addresses in odd spellings: %w", err)
	}
	out := make([]users.User, len(rows))
	for i, r := range rows {
		out[i] = r.User
		out[i].DateJoined = out[i].DateJoined.UTC()
	}
	return out, nil
}
