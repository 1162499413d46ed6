package core

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/platform/kernel/apperr"
	"parley/platform/kernel/clock"
)

// door is a gate with four places, and what became of those who came to it.
type door struct {
	*gate
	mu      sync.Mutex
	let     map[int64]int // in, by organization
	refused map[int64]int
	longest map[int64]time.Duration // of those who were let in
}

func doors(t *testing.T, test func(d *door)) { wideDoors(t, 4, test) }

func wideDoors(t *testing.T, places int, test func(d *door)) {
	synctest.Test(t, func(*testing.T) {
		test(&door{gate: newGate(places, clock.System{}), let: map[int64]int{}, refused: map[int64]int{}, longest: map[int64]time.Duration{}})
	})
}

// ask asks to be let in, and is worked on for so long.
func (d *door) ask(organization int64, takes time.Duration) error {
	began := time.Now()
	w, err := d.enter(context.Background(), organization, organization)
	waited := time.Since(began)
	d.mu.Lock()
	if err != nil {
		d.refused[organization]++
	} else {
		d.let[organization]++
		d.longest[organization] = max(d.longest[organization], waited)
	}
	d.mu.Unlock()
	if err == nil {
		time.Sleep(takes)
		w.pause()
	}
	return err
}

// askers are n clients who ask for so long, one question after the other.
func (d *door) askers(n int, organization int64, until, takes time.Duration) {
	var all sync.WaitGroup
	end := time.Now().Add(until)
	for range n {
		all.Go(func() {
			for time.Now().Before(end) {
				if d.ask(organization, takes) != nil {
					time.Sleep(100 * time.Millisecond)
				}
			}
		})
	}
	all.Wait()
}

func TestABurstIsNoOverload(t *testing.T) {
	doors(t, func(d *door) {
		var all sync.WaitGroup
		for range 64 {
			all.Go(func() { _ = d.ask(1, 40*time.Millisecond) })
		}
		all.Wait()
		if d.let[1] != 64 {
			t.Errorf("%d of 64 were let in", d.let[1])
		}
	})
}

func TestNobodyWaitsLongWhileThereIsAnOverload(t *testing.T) {
	doors(t, func(d *door) {
		d.askers(40, 1, time.Second, 20*time.Millisecond)
		begin := d.refused[1]
		d.longest[1] = 0
		d.askers(40, 1, 10*time.Second, 20*time.Millisecond)
		if longest := d.longest[1]; longest > 20*time.Millisecond { // as one is worked on
			t.Errorf("who was let in waited for %v", longest)
		}
		if d.refused[1] == begin || d.let[1] < 11*4*50*9/10 {
			t.Errorf("%d were let in and %d refused in 11 seconds", d.let[1], d.refused[1])
		}
		time.Sleep(time.Second)
		d.refused[1] = 0
		var all sync.WaitGroup
		for range 64 {
			all.Go(func() { _ = d.ask(1, 40*time.Millisecond) })
		}
		all.Wait()
		if d.refused[1] != 0 {
			t.Errorf("%d were refused a second after", d.refused[1])
		}
	})
}

func TestWhoAsksLittleIsLetInWhileSomebodyElseOverloads(t *testing.T) {
	doors(t, func(d *door) {
		var all sync.WaitGroup
		all.Go(func() { d.askers(200, 1, 5*time.Second, 20*time.Millisecond) })
		all.Go(func() { d.askers(1, 2, 5*time.Second, 20*time.Millisecond) })
		all.Wait()
		if d.refused[2] != 0 || d.let[2] < 100 {
			t.Errorf("the other was let in %d times and refused %d times", d.let[2], d.refused[2])
		}
	})
}

func TestTheOnlyQuestionOfAnOrganizationIsLetInHoweverManyWait(t *testing.T) {
	doors(t, func(d *door) {
		var all sync.WaitGroup
		all.Go(func() { d.askers(200, 1, 5*time.Second, 20*time.Millisecond) })
		for n := range 20 {
			all.Go(func() {
				time.Sleep(time.Second)
				d.askers(1, int64(2+n), 4*time.Second, 20*time.Millisecond)
			})
		}
		all.Wait()
		for organization, n := range d.refused {
			if organization > 1 {
				t.Errorf("organization %d was refused %d times", organization, n)
			}
		}
	})
}

func TestWhoAsksMostIsTurnedAwayFirst(t *testing.T) {
	for what, same := range map[string]int64{"of another organization": 0, "of the same organization": 1} {
		t.Run(what, func(t *testing.T) {
			wideDoors(t, 32, func(d *door) {
				var all sync.WaitGroup
				refused, asked := 0, 0
				all.Go(func() { d.askers(100, 1, 5*time.Second, 20*time.Millisecond) })
				for range 3 { // so that they are not alone
					all.Go(func() {
						time.Sleep(time.Second) // the overload stands
						for range 20 {
							w, err := d.enter(context.Background(), 2-same, 2)
							d.mu.Lock()
							asked++
							if err != nil {
								refused++
							}
							d.mu.Unlock()
							if err != nil {
								continue
							}
							time.Sleep(20 * time.Millisecond)
							w.pause()
						}
					})
				}
				all.Wait()
				if asked != 60 || refused > 0 {
					t.Errorf("the other was refused %d of %d times", refused, asked)
				}
				if d.refused[1] == 0 {
					t.Error("nobody was refused")
				}
			})
		})
	}
}

func TestAnOverloadTurnsAwayWhoCameAfterTheBurst(t *testing.T) {
	doors(t, func(d *door) {
		var all sync.WaitGroup
		for range 40 {
			all.Go(func() { _ = d.ask(1, 40*time.Millisecond) })
		}
		for range 30 {
			all.Go(func() {
				time.Sleep(50 * time.Millisecond)
				_ = d.ask(2, 40*time.Millisecond)
			})
		}
		all.Go(func() {
			time.Sleep(150 * time.Millisecond)
			_ = d.ask(2, 40*time.Millisecond)
		})
		all.Wait()
		if d.let[1] != 40 || d.refused[1] != 0 {
			t.Errorf("%d of the 40 who came at once were let in", d.let[1])
		}
		if d.refused[2] < 20 {
			t.Errorf("%d of those who came later were refused", d.refused[2])
		}
	})
}

func TestARunThatWaitsForItsModelLeavesItsPlace(t *testing.T) {
	doors(t, func(d *door) {
		var waits []*working
		for range 1000 {
			w, err := d.enter(context.Background(), 1, 1)
			if err != nil {
				t.Fatal(err)
			}
			w.pause()
			w.pause()
			waits = append(waits, w)
		}
		for _, w := range waits { // and works again when the model has answered, whoever else does
			w.resume()
			w.resume()
		}
		if d.gate.working != 1000 {
			t.Errorf("%d are worked on", d.gate.working)
		}
		for _, w := range waits {
			w.pause()
		}
		if d.gate.working != 0 {
			t.Errorf("%d are worked on when all are over", d.gate.working)
		}
	})
}

func TestWhoLeavesTheGateMakesRoom(t *testing.T) {
	doors(t, func(d *door) {
		inside, err := d.enter(context.Background(), 1, 1)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			go func() { _ = d.ask(1, time.Minute) }()
		}
		synctest.Wait()
		ctx, leave := context.WithCancelCause(context.Background())
		gone := errors.New("gone")
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := d.enter(ctx, 1, 1); !errors.Is(err, gone) {
				t.Errorf("who has gone is answered %v", err)
			}
		})
		synctest.Wait()
		leave(gone)
		all.Wait()
		inside.pause()
		began := time.Now()
		if err := d.ask(1, 0); err != nil || time.Since(began) > 0 {
			t.Errorf("the next waited for %v: %v", time.Since(began), err)
		}
		time.Sleep(time.Hour)
	})
}

func TestAnOverloadSaysWhenToAskAgain(t *testing.T) {
	doors(t, func(d *door) {
		for range 4 {
			go func() { _ = d.ask(1, time.Hour) }()
		}
		synctest.Wait()
		err := d.ask(1, 0)
		var e *apperr.Error
		if !errors.As(err, &e) || e.Code != ErrOverloaded.Code || e.Kind != apperr.Unavailable || e.RetryAfter <= 0 {
			t.Errorf("refused with %v", err)
		}
		time.Sleep(2 * time.Hour)
	})
}
