// Package sqlstore names what is not its own.
package sqlstore

import (
	_ "github.com/uptrace/bun"

	_ "parley/modules/chat/internal/core"              // want zones
	_ "parley/modules/users/internal/adapters/history" // want zones
	_ "parley/modules/users/userswire"                 // want zones
	_ "parley/platform/sqldb"
	_ "parley/platform/web" // want zones
)

type row struct {
	_ struct{} `bun:"table:users_users,alias:u"`
	A int64    `bun:"id,pk,autoincrement"` // want tags
	B string   `bun:"b,nullzero"`          // want tags
	C bool     `bun:"c,default:false"`     // want tags
	D string   `bun:"d"`
}

type alien struct {
	_ struct{} `bun:"table:strangers"` // want tables
}

const (
	fine    = "SELECT * FROM users_users AS u JOIN users_permissions AS p ON p.user_id = u.id"
	join    = "SELECT * FROM users_users AS u JOIN chat_threads AS t ON t.user_id = u.id" // want tables
	hidden  = "chat_threads"                                                              // want tables
	quoted  = "SELECT id FROM users_users -- what's theirs"                               // want sqlcomments
	unknown = "DELETE FROM chat_nothing WHERE id = 1"                                     // want tables
)
