//go:build !linux

package sqldb

import "syscall"

// limitUnheard has no effect on systems without TCP_USER_TIMEOUT: there the time
// limit of a statement ends what waits.
func limitUnheard(_, _ string, _ syscall.RawConn) error { return nil }
