package sqlstore

import (
	"math"
	"slices"
	"strconv"
	"testing"
)

// Indexes hold these: another hash would find nothing of what is stored.
func TestTheHashesOfWordsStayTheSame(t *testing.T) {
	if got := string(appendTokens(nil, 42, []string{"ship", "häfen"})); got != "w10f3467deh83n wrnlm4h4372lp" {
		t.Error(got)
	}
	if got := hashes(42, 3, []string{"ship", "häfen"}); !slices.Equal(got, []int32{972669038, 2076041380}) {
		t.Error(got)
	}
}

func TestBase36IsThatOfStrconv(t *testing.T) {
	for _, n := range []uint64{0, 1, 35, 36, 1295, 1296, 1 << 32, 12345678901234567890, math.MaxUint64} {
		if want, got := "n"+strconv.FormatUint(n, 36), string(appendBase36([]byte("n"), n)); got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}
