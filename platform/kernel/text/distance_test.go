package text

import "testing"

func TestDistanceCountsEdits(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"same", "same", 0}, {"swap", "sawp", 1}, {"lose", "los", 1}, {"take", "tale", 1}, {"two", "owt", 2}, {"far", "away", 3}} {
		if got := Distance(c.a, c.b, 2); got != c.want {
			t.Errorf("%s to %s is %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
