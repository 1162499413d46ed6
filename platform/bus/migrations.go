package bus

import (
	"embed"

	"parley/platform/migrate"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations are the tables of the bus: outbox, cursors, inbox, deliveries.
func Migrations() migrate.Set { return migrate.Set{Module: "bus", Files: files} }
