package core

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestEvaluationsArePacedForAMomentAfterAUserHasAnAnswer(t *testing.T) {
	for pause, paced := range map[time.Duration]bool{lull / 2: true, 2 * lull: false} {
		synctest.Test(t, func(t *testing.T) {
			p := newPlaces(Places{Pace: time.Minute})
			user, err := p.admit(1, 5)
			if err != nil {
				t.Fatal(err)
			}
			user.leave()
			time.Sleep(pause)
			begin := time.Now()
			for range 2 {
				if _, err := p.await(t.Context(), t.Context(), 1, 6); err != nil {
					t.Fatal(err)
				}
			}
			if waited := time.Since(begin) >= time.Minute; waited != paced {
				t.Errorf("%v after the answer the second query waited: %v", pause, waited)
			}
		})
	}
}
