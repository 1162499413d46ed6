package metrics

import (
	"strings"
	"testing"
)

const meeting = "Anna Berg leads the team in Oslo, which was founded in 1998. Carl Dahl was fined for speeding on Friday."

func TestASwapBreaksTheOrderOfWords(t *testing.T) {
	r := newReader()
	e := r.readEvidence([]string{meeting})
	for _, c := range []struct {
		statement string
		want      float64
	}{
		{"Carl Dahl was fined for speeding.", 1},
		{"On Friday Carl Dahl was fined.", 2.0 / 3},
		{"Anna Berg was fined for speeding.", 2.0 / 3},
		{"Dahl leads Berg.", 0},
		{"Oslo.", 1}, // nothing to put in order
	} {
		if got := e.inOrder(r.words(c.statement)); got < c.want-0.01 || got > c.want+0.01 {
			t.Errorf("%q: %.2f, not %.2f", c.statement, got, c.want)
		}
	}
}

func TestWordsOfTwoSentencesAreNotTogether(t *testing.T) {
	r := newReader()
	e := r.readEvidence([]string{"He left in 1998. Carl came."})
	if e.follows("1998", "carl") || !e.follows("left", "1998") {
		t.Error("the end of a sentence does not part words")
	}
	far := r.readEvidence([]string{"Anna " + strings.Repeat("and so on ", 4) + "left."})
	if far.follows("anna", "left") {
		t.Error("twelve words apart is close")
	}
}

func TestWhatIsSaidAgainIsCounted(t *testing.T) {
	r := newReader()
	if got := repeats(r.words("The bank and the bank left the bank.")); got != 0.5 {
		t.Errorf("two of four content words are there before, got %v", got)
	}
	if got := repeats(r.words("and so on")); got != 0 {
		t.Errorf("without content words %v", got)
	}
}

func TestAMarkBetweenClausesPartsWords(t *testing.T) {
	r := newReader()
	for text, want := range map[string]bool{
		"Anna said that on the day before she left.":         true, // 7 words apart
		"Anna said, that on the day, before she left.":       false,
		"Anna said on the well-known day she left.":          true, // a hyphen is no mark
		"Anna said that - as it was known - she never left.": false,
	} {
		if got := r.readEvidence([]string{text}).follows("anna", "left"); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}
