package memstore

import (
	"context"
	"strings"
	"unicode/utf8"

	"parley/modules/users"
)

// OddlySpelled implements core.Store.
func (s *Store) OddlySpelled(ctx context.Context, after int64, limit int) ([]users.User, error) {
	found, err := s.users.List(ctx, func(u users.User) bool {
		return u.ID > after && (utf8.RuneCountInString(u.Email) != len(u.Email) || strings.Contains(u.Email, "xn--"))
	})
	return found[:min(limit, len(found))], err
}
