//go:build !linux

package extract

// limitProcess has no limits to set here; the parent's deadline remains.
func limitProcess(Limits) error { return nil }

// peakMemory is not known here.
func peakMemory() int64 { return 0 }
