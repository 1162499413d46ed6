package core

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/platform/kernel/clock"
)

// machine is a model of a process and its database, on two processors that
// they share. A run is some steps on a processor, and waits for two commits.
type machine struct {
	*gate
	steps      int           // of a run
	step       time.Duration // each takes so long at the mean
	answer     time.Duration // of the database to each step, on no processor of these
	commit     time.Duration
	processors chan struct{}
	group      commits

	mu     sync.Mutex
	chance *rand.Rand
}

// commits are made one after the other; each is of all who wait for it.
type commits struct {
	mu      sync.Mutex
	working bool
	waiting []chan struct{}
}

func (c *commits) wait(takes time.Duration) {
	done := make(chan struct{})
	c.mu.Lock()
	c.waiting = append(c.waiting, done)
	if !c.working {
		c.working = true
		go c.work(takes)
	}
	c.mu.Unlock()
	<-done
}

func (c *commits) work(takes time.Duration) {
	for {
		c.mu.Lock()
		now := c.waiting
		c.waiting = nil
		c.working = len(now) > 0
		c.mu.Unlock()
		if len(now) == 0 {
			return
		}
		time.Sleep(takes)
		for _, done := range now {
			close(done)
		}
	}
}

// work is one run.
func (m *machine) work() {
	for n := range m.steps {
		m.mu.Lock()
		takes := time.Duration(m.chance.ExpFloat64() * float64(m.step))
		m.mu.Unlock()
		m.processors <- struct{}{}
		time.Sleep(takes)
		<-m.processors
		time.Sleep(m.answer)
		if n == m.steps/2 || n == m.steps-1 {
			m.group.wait(m.commit)
		}
	}
}

// load is what clients saw.
type load struct {
	rate    float64 // of answers
	p99     time.Duration
	refused int
}

// load has n clients of one user ask without a pause for so long. The first
// second, in which those who come at once are a burst, is not measured.
func (m *machine) load(n int, d time.Duration) load {
	var all sync.WaitGroup
	var mu sync.Mutex
	var took []time.Duration
	refused := 0
	began := time.Now()
	for range n {
		all.Go(func() {
			for time.Since(began) < d {
				at := time.Now()
				w, err := m.enter(context.Background(), 1, 1)
				if err == nil {
					m.work()
					w.pause()
				}
				mu.Lock()
				switch {
				case err != nil:
					refused++
				case at.Sub(began) > time.Second:
					took = append(took, time.Since(at))
				}
				mu.Unlock()
				if err != nil {
					time.Sleep(100 * time.Millisecond)
				}
			}
		})
	}
	all.Wait()
	slices.Sort(took)
	return load{float64(len(took)) / (d - time.Second).Seconds(), took[len(took)*99/100], refused}
}

// models are what was measured of a run: what it costs on the processors is
// shared by SQLite with the process, and is mostly the database's own on
// PostgreSQL, which is asked more often.
var models = map[string]*machine{
	"SQLite":            {steps: 4, step: 500 * time.Microsecond, commit: 4 * time.Millisecond},
	"PostgreSQL":        {steps: 8, step: 300 * time.Microsecond, answer: 100 * time.Microsecond, commit: 3 * time.Millisecond},
	"a slow PostgreSQL": {steps: 8, step: 1200 * time.Microsecond, answer: 2 * time.Millisecond, commit: 25 * time.Millisecond},
}

func onMachines(t *testing.T, test func(t *testing.T, m *machine)) {
	for name, m := range models {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				test(t, &machine{
					gate: newGate(2*workPerProcessor, clock.System{}), steps: m.steps, step: m.step, answer: m.answer, commit: m.commit,
					processors: make(chan struct{}, 2), chance: rand.New(rand.NewPCG(1, 2)),
				})
			})
		})
	}
}

func TestTenTimesTheLoadIsAnsweredWithinThreeTimesTheTime(t *testing.T) {
	onMachines(t, func(t *testing.T, m *machine) {
		carried := m.load(16, 4*time.Second)
		time.Sleep(time.Second)
		overloaded := m.load(160, 4*time.Second)
		time.Sleep(time.Second)
		after := m.load(16, 4*time.Second)
		if overloaded.p99 > 3*carried.p99 || overloaded.rate < carried.rate {
			t.Errorf("carried %+v, overloaded %+v", carried, overloaded)
		}
		if overloaded.refused == 0 || after.refused > 0 || after.p99 > carried.p99*5/4 {
			t.Errorf("carried %+v, overloaded %+v, after it %+v", carried, overloaded, after)
		}
	})
}

func TestAsManyMayWaitAsAreWorkedOn(t *testing.T) {
	onMachines(t, func(t *testing.T, m *machine) {
		carried := m.load(16, 3*time.Second)
		if got := m.load(64, 3*time.Second); got.refused > 0 || got.rate < carried.rate {
			t.Errorf("carried %+v, 64 clients %+v", carried, got)
		}
	})
}
