// Package extracttest is for tests that read files.
package extracttest

import (
	"os"
	"path/filepath"
)

// CacheDir is where the compiled PDF library is kept, shared by all runs of all
// tests: compiling it takes seconds, and under the race detector half a minute.
func CacheDir() string { return filepath.Join(os.TempDir(), "parley-test-cache") }
