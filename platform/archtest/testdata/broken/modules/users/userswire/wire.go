// Package userswire stands on its contract alone.
package userswire

import (
	_ "parley/modules/users"
	_ "parley/modules/users/internal/core" // want zones
	_ "parley/platform/sqldb"              // want zones
	_ "parley/platform/web"
)
