// Command parley is allowed.
package main

import (
	_ "go.uber.org/fx"

	_ "parley/modules/users"               // want zones
	_ "parley/modules/users/internal/core" // want zones
	_ "parley/modules/users/usersfx"
	_ "parley/platform/web"
)
