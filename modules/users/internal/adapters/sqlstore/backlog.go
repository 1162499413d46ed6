package sqlstore

import (
	"context"

	"parley/modules/users"
	"parley/platform/sqldb"
)

// OldUsers implements core.Backlog.
func (s *Store) OldUsers(ctx context.Context, limit int) ([]users.User, bool, error) {
	b := sqldb.Backlog[users.User, userRow]{Of: s.users, Notes: "users_untold", Name: "user", ID: func(u users.User) int64 { return u.ID }}
	return b.Next(ctx, limit)
}
