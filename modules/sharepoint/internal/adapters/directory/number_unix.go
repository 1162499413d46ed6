//go:build unix

package directory

import (
	"io/fs"
	"syscall"
)

// fileNumber tells a file from all others that are there at the same time.
func fileNumber(info fs.FileInfo) uint64 {
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return s.Ino
	}
	return 0
}
