package storetest_test

import (
	"errors"
	"fmt"
	"testing"

	"parley/platform/storetest"
)

// recorder notes what would end or fail a test.
type recorder struct {
	testing.TB
	failed, ended int
}

func (r *recorder) Helper()               {}
func (r *recorder) Errorf(string, ...any) { r.failed++ }
func (r *recorder) Fatal(...any)          { r.ended++ }

func TestAssertionsFailOnWhatIsNotSo(t *testing.T) {
	boom := errors.New("boom")
	r := &recorder{TB: t}
	a := storetest.New(r)
	a.Equal([]int{1}, []int{1})
	a.ErrorIs(fmt.Errorf("doing: %w", boom), boom)
	a.ErrorIs(nil, nil)
	a.NoError(nil)
	if v := storetest.Must[int](r)(7, nil); v != 7 || r.failed+r.ended != 0 {
		t.Fatalf("%d, failed %d, ended %d", v, r.failed, r.ended)
	}
	a.Equal([]int{1}, []int{2})
	a.ErrorIs(boom, nil)
	a.ErrorIs(nil, boom)
	a.NoError(boom)
	storetest.Must[int](r)(7, boom)
	if r.failed != 3 || r.ended != 2 {
		t.Errorf("failed %d, ended %d", r.failed, r.ended)
	}
}
