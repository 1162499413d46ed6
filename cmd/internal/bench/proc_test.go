package bench

import (
	"os"
	"testing"
	"time"
)

func TestAProcessNameMayHaveSpacesAndParentheses(t *testing.T) {
	p, err := parseStat([]byte("42 (a) (b c) S 7 42 42 0 -1 4194560 1 2 3 4 150 50 30 20 20 0 11 0 99 1 2"))
	want := Process{Parent: 7, Name: "a) (b c", Own: 2 * time.Second, ended: 500 * time.Millisecond}
	if err != nil || p != want {
		t.Errorf("got %+v, %v; want %+v", p, err, want)
	}
}

func TestWhatIsNoStatIsAnError(t *testing.T) {
	for _, text := range []string{"", "42 a S 7", "42 (a) S 7 1 2", "42 (a) S x 42 42 0 -1 4194560 1 2 3 4 150 50 30 20"} {
		if p, err := parseStat([]byte(text)); err == nil {
			t.Errorf("%q was read as %+v", text, p)
		}
	}
}

func TestTheCPUOfThisProcessIsFound(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skip("CPU time is read from /proc, which is not here")
	}
	p, err := ReadProcess(os.Getpid())
	if err != nil || p.Parent != os.Getppid() {
		t.Errorf("got %+v, %v", p, err)
	}
	if cpu, err := CPU(os.Getpid()); err != nil || cpu < p.Own {
		t.Errorf("got %v, %v; it was %v before", cpu, err, p.Own)
	}
}
