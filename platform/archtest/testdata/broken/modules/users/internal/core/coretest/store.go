// Package coretest compares by itself, and knows a database.
package coretest

import (
	_ "testing"

	_ "github.com/google/go-cmp/cmp" // want homes

	_ "parley/platform/sqldb" // want zones
	_ "parley/platform/storetest"
)
