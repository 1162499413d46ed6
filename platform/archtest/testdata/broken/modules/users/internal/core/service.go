// Package core breaks every wall that a core has.
package core

import (
	_ "database/sql"  // want zones
	_ "net/http"      // want zones
	_ "net/mail"      // only reads strings
	_ "os/exec"       // want zones
	_ "path/filepath" // only reads strings

	_ "github.com/google/uuid" // want homes

	_ "parley/modules/projects"                         // want edges
	_ "parley/modules/users"                            // allowed
	_ "parley/modules/users/internal/adapters/sqlstore" // want zones
	_ "parley/modules/users/internal/core/coretest"     // want zones
	_ "parley/modules/users/userswire"                  // want zones
	_ "parley/platform/kernel/apperr"
	_ "parley/platform/sqldb" // want zones
)

var (
	errMine  = apperr.New(1, "users.not_found", "Allowed.")
	errOther = apperr.New(1, "chat.not_found", "Not allowed.") // want names
)
