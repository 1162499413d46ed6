// Package usersfx is allowed, but for whom it knows.
package usersfx

import (
	_ "go.uber.org/fx"

	_ "parley/modules/chat" // want edges
	_ "parley/modules/users/internal/adapters/sqlstore"
	_ "parley/modules/users/internal/core"
	_ "parley/platform/web"
)
