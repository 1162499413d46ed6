package web

import (
	"sync"
	"time"
)

// tellAgain is how long the same refusal is not logged again: a server that has
// too much to do should not write as many lines as there are requests.
const tellAgain = time.Second

// told counts refusals by code, of which there are few.
type told struct {
	mu sync.Mutex
	of map[string]tally
}

type tally struct {
	at     time.Time // when it was logged
	silent int       // since then
}

// again reports whether a refusal is to be logged, and how many were not since
// the last that was.
func (t *told) again(code string) (silent int, log bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now, last := time.Now(), t.of[code]
	if now.Sub(last.at) < tellAgain {
		last.silent++
		t.of[code] = last
		return 0, false
	}
	if t.of == nil {
		t.of = map[string]tally{}
	}
	t.of[code] = tally{at: now}
	return last.silent, true
}
