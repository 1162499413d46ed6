package sqlstore

import "testing"

// Indexes hold these: another hash would find nothing of what is stored.
func TestTheHashesOfWordsStayTheSame(t *testing.T) {
	if got := tokens(42, []string{"ship", "häfen"}); got != "w10f3467deh83n wrnlm4h4372lp" {
		t.Error(got)
	}
	if got := array(42, 3, []string{"ship", "häfen"}); got != "{2076041380,972669038}" {
		t.Error(got)
	}
}
