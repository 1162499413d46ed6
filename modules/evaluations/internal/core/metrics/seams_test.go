package metrics

import "testing"

func TestPuttingPiecesTogetherCostsMoreThanQuoting(t *testing.T) {
	r := newReader()
	e := r.readEvidence([]string{"Anna Berg leads the team in Oslo, which was founded in 1998. Carl Dahl was fined for speeding on Friday. The team in Rome won a prize."})
	last := -1.0
	for _, c := range []struct{ how, statement string }{
		{"a quote", "Carl Dahl was fined for speeding on Friday."},
		{"words left out", "Anna Berg leads the team, which was founded in 1998."},
		{"two pieces", "Anna Berg was fined for speeding on Friday."},
		{"three pieces", "Anna Berg was fined for speeding in Rome."},
		{"inventions, too", "Anna Smith was fined for tax fraud in Rome and Madrid."},
	} {
		cost := e.seams(r.words(c.statement))
		if cost <= last {
			t.Errorf("%s costs %.2f, what is nearer to the text %.2f", c.how, cost, last)
		}
		last = cost
	}
	if cost := e.seams(r.words("Carl Dahl was fined for speeding on Friday.")); cost != 0 {
		t.Errorf("a quote costs %.2f", cost)
	}
}

func TestAJumpCostsLessBetweenClausesThanWithinThem(t *testing.T) {
	r := newReader()
	e := r.readEvidence([]string{"The harbour was closed, and ships waited outside. Anna Berg leads the team in Oslo, which was founded in 1998."})
	for _, c := range []struct {
		how, statement string
		want           float64
	}{
		{"from the end of a clause to the beginning of a sentence", "The harbour was closed, Anna Berg leads the team.", joining},
		{"from the end of a clause into another", "The harbour was closed in Oslo.", breaking},
		{"from within a clause into another", "And ships waited leads the team in Oslo.", reach},
		{"from within a clause to the beginning of a sentence", "The harbour Anna Berg leads.", breaking},
	} {
		if got := e.seams(r.words(c.statement)); got != c.want {
			t.Errorf("%s (%q): %.2f, not %.2f", c.how, c.statement, got, c.want)
		}
	}
}
