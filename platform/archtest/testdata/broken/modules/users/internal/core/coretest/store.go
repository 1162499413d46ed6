// Package coretest is allowed.
package coretest

import (
	_ "testing"

	_ "github.com/google/go-cmp/cmp"
)
