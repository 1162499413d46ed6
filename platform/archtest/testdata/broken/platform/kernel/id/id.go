// Package id is allowed.
package id

import (
	_ "net/http" // want zones
	_ "net/url"

	_ "github.com/google/uuid"

	_ "parley/platform/web" // want zones
)
