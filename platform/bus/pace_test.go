package bus

import (
	"testing"
	"time"
)

// paused is the pause after two seconds of one event every interval.
func paused(interval time.Duration) time.Duration {
	p := newPace(50*time.Millisecond, feedSlow)
	at := time.Unix(0, 0)
	for range int(2 * time.Second / interval) {
		at = at.Add(interval)
		p.add(at, 1)
	}
	return p.pause()
}

func TestFewEventsArePassedOnAtOnceAndManyGather(t *testing.T) {
	for rate, want := range map[int][2]time.Duration{
		1: {0, 0}, 400: {0, 0}, 800: {20 * time.Millisecond, 40 * time.Millisecond},
		1200: {50 * time.Millisecond, 50 * time.Millisecond}, 100_000: {50 * time.Millisecond, 50 * time.Millisecond},
	} {
		if got := paused(time.Second / time.Duration(rate)); got < want[0] || got > want[1] {
			t.Errorf("at %d a second the pause is %s", rate, got)
		}
	}
}

func TestThePaceForgetsABurstAndAClockThatWasSetBack(t *testing.T) {
	p := newPace(25*time.Millisecond, feedSlow)
	at := time.Unix(1000, 0)
	p.add(at, 5000)
	p.add(at.Add(-time.Hour), 1)
	if p.pause() != p.longest {
		t.Error("no pause in a burst")
	}
	p.add(at.Add(2*time.Second-time.Hour), 1)
	if got := p.pause(); got != 0 {
		t.Errorf("two seconds later the pause is %s", got)
	}
}
