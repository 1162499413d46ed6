package sqlstore

import (
	"slices"
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
