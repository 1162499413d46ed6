package metrics

import (
	"strings"
	"testing"
)

func TestAStatementThatWasMadeBeforeIsCounted(t *testing.T) {
	r := newReader()
	for _, c := range []struct {
		name, answer string
		want         float64 // of the last statement
	}{
		{"the first statement", "Anna Berg leads the team.", 0},
		{"the same twice", "Anna Berg leads the team. The team leads Anna Berg.", 1},
		{"the same with another between", "Anna Berg leads the team. Lunch is at noon. Anna Berg leads the team.", 1},
		{"half of it", "Anna Berg leads. Anna Berg swims.", 1},
		{"two of five words", "Anna Berg leads the team. Anna Berg met Carl Dahl.", 0.5},
		{"the same subject", "Anna leads the team. Anna met Carl Dahl on Friday.", 0},
		{"each half in another statement", "Anna Berg sings. Carl Dahl swims. Anna Berg married Carl Dahl in Oslo.", 1.0 / 3},
		{"a word that comes twice counts once", "Oslo is large. Oslo, Oslo, Oslo has ferries, trams, trains.", 0.125},
	} {
		got := toldBefore(r.statements(c.answer))
		if last := got[len(got)-1]; last < c.want-0.01 || last > c.want+0.01 {
			t.Errorf("%s: %.3f, not %.3f", c.name, last, c.want)
		}
	}
}

func TestInALongTextAStatementThatIsMadeAgainIsSupportedLess(t *testing.T) {
	value := func(answer string) float64 {
		return *scoreOf(t, Faithfulness, Sample{Answer: answer, Contexts: []string{report}}).Value
	}
	first, other := "Berg is in charge of the team of Oslo.", "Dahl had to pay for driving fast on Friday."
	again := "The team of Oslo is in the charge of Berg."
	once := value(first) + value(again) // each by itself
	if twice := 2 * value(first+" "+again); twice > once-0.1 {
		t.Errorf("together %.3f, each by itself %.3f", twice, once)
	}
	if both := 2 * value(first+" "+other); both < value(first)+value(other)-0.001 {
		t.Error("two statements about other things are supported less than each by itself")
	}
	quote := "Carl Dahl was fined for speeding on Friday."
	if got := value(quote + " " + quote); got != 1 {
		t.Errorf("a quote that is repeated counts %v", got)
	}
}

func TestInALongTextAStatementThatBreaksOffIsSupportedLess(t *testing.T) {
	value := func(answer string) float64 {
		return *scoreOf(t, Faithfulness, Sample{Answer: answer, Contexts: []string{report}}).Value
	}
	whole, broken := value("Anna Berg leads the team in Oslo."), value("Anna Berg leads the team in Oslo, which was.")
	if broken > whole-0.03 {
		t.Errorf("whole %.3f, broken off %.3f", whole, broken)
	}
	for sentence, want := range map[string]bool{"He knew the.": true, "Nobody knows what it is of": true, "She turned it on.": false, "So he said.": false} {
		if got := breaksOff(newReader().words(sentence)); got != want {
			t.Errorf("%q breaks off: %v", sentence, got)
		}
	}
}

func TestALongStatementMayBeOfMorePieces(t *testing.T) {
	r := newReader()
	e := r.readEvidence([]string{report})
	whole := func(s string) float64 { return e.features(r.words(s)).of[whole] }
	rest := " met on Monday to talk about the harbour, and most of its members spoke against a new pier"
	if short, long := whole("The board met on Monday."), whole("The board"+rest+"."); long < short+0.2 {
		t.Errorf("one new word in five %.3f, in nineteen %.3f", short, long)
	}
}

func TestManyStatementsAreComparedInTime(t *testing.T) {
	claimed := newReader().statements(strings.Repeat("Anna Berg leads the large old team of Oslo and Rome with Carl Dahl. ", maxStatements))
	if got := toldBefore(claimed); len(got) != maxStatements || got[0] != 0 || got[maxStatements-1] != 1 {
		t.Errorf("%d statements", len(got))
	}
}
