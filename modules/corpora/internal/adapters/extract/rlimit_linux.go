package extract

import (
	"fmt"
	"syscall"
	"time"
)

// limitProcess bounds what this process may use, also when nobody is left to
// kill it: writable memory, processor time, and no core dump of a user's file.
func limitProcess(l Limits) error {
	const grace = 5 // seconds, so that the parent's deadline comes first
	seconds := uint64(l.MaxTime/time.Second) + grace
	for _, limit := range []struct {
		resource int
		value    uint64
	}{
		{syscall.RLIMIT_DATA, uint64(l.ChildMemory)},
		{syscall.RLIMIT_CPU, seconds},
		{syscall.RLIMIT_CORE, 0},
	} {
		var now syscall.Rlimit
		if err := syscall.Getrlimit(limit.resource, &now); err != nil {
			return fmt.Errorf("getting limit %d: %w", limit.resource, err)
		}
		value := min(limit.value, now.Max) // only root may raise the maximum
		if err := syscall.Setrlimit(limit.resource, &syscall.Rlimit{Cur: value, Max: value}); err != nil {
			return fmt.Errorf("setting limit %d: %w", limit.resource, err)
		}
	}
	return nil
}

// peakMemory is the most memory, in bytes, that this process or one of its
// children that has ended had at a time; 0 when the system does not tell.
func peakMemory() int64 {
	const unit = 1024 // of ru_maxrss on Linux
	var most int64
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var usage syscall.Rusage
		if err := syscall.Getrusage(who, &usage); err == nil {
			most = max(most, usage.Maxrss*unit)
		}
	}
	return most
}
