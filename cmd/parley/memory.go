package main

import (
	"context"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

// gcPercent is how much the heap grows between two collections. The heap is
// small, and collecting half as often saves a tenth of the work of a run.
const gcPercent = 200

// collectLess sets gcPercent, unless GOGC said something else.
func collectLess() {
	if was := debug.SetGCPercent(gcPercent); was != 100 {
		debug.SetGCPercent(was)
	}
}

const (
	// lookEvery is how often the memory is looked at.
	lookEvery = 5 * time.Second
	// quiet is how little is allocated between two looks when nothing much
	// happens, in bytes.
	quiet = 32 << 20
	// worthwhile is how much must come back for a collection to be worth its
	// time, in bytes.
	worthwhile = 24 << 20
)

// giveBackMemory gives the memory that a burst of work has left behind to the
// system once it is quiet, until ctx ends. The collector would keep it until
// the heap has grown to thrice its size again, which open streams that wait
// never do.
func giveBackMemory(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	before := readMemory()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := readMemory()
		if now.worthGivingBack(before) {
			runtime.GC() // what is pooled goes with the second collection
			debug.FreeOSMemory()
		}
		before = now
	}
}

// memory is how the heap stands, in bytes.
type memory struct {
	allocated uint64 // since the process began
	objects   uint64 // living ones and garbage
	live      uint64 // after the last collection
	free      uint64 // that the process still has
}

func readMemory() memory {
	s := []metrics.Sample{
		{Name: "/gc/heap/allocs:bytes"}, {Name: "/memory/classes/heap/objects:bytes"}, {Name: "/gc/heap/live:bytes"}, {Name: "/memory/classes/heap/free:bytes"},
	}
	metrics.Read(s)
	return memory{allocated: s[0].Value.Uint64(), objects: s[1].Value.Uint64(), live: s[2].Value.Uint64(), free: s[3].Value.Uint64()}
}

// worthGivingBack reports whether little has happened since before, and much
// may come back.
func (m memory) worthGivingBack(before memory) bool {
	garbage := max(m.objects, m.live) - m.live
	return m.allocated-before.allocated < quiet && m.free+garbage > worthwhile
}
