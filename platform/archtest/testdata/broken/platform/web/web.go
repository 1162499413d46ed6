// Package web is allowed.
package web

import (
	_ "net/http"

	_ "github.com/gin-gonic/gin"
	_ "github.com/nobody/knows" // want homes
	_ "github.com/uptrace/bun"  // want homes

	"parley/platform/kernel/apperr"
)

const query = "SELECT id FROM users_users" // want tables

var errTheirs = apperr.New(apperr.TooMany, "users.too_many", "Not allowed.") // want names
