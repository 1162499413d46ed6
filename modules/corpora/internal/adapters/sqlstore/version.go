package sqlstore

import "math/rand/v2"

// newVersion is the version that a corpus gets in the transaction of every
// change of what can be found in it. It is drawn and not counted: the number of
// a change that was rolled back is never that of another one, and so a process
// that has read it can't take one for the other.
func newVersion() int64 { return rand.Int64() } //nolint:gosec // not a secret
