// Package openapi knows those that it is made for.
package openapi

import (
	_ "parley/platform/web" // want zones
)
