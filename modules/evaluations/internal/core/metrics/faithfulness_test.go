package metrics

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
)

const leave = `Employees may carry over up to five days of unused annual leave into the next calendar year. Days that are carried over must be taken by 31 March.
Requests are entered in the portal at least two weeks ahead, and the manager answers within three working days.`

func TestFaithfulnessIsThePartOfTheStatementsThatIsSupported(t *testing.T) {
	for _, c := range []struct {
		name, answer          string
		low, high             float64
		statements, supported int
	}{
		{"a quote", "Days that are carried over must be taken by 31 March.", 1, 1, 1, 1},
		{"a quote with its source", "According to Handbook › Leave: “Days that are carried over must be taken by 31 March.” [2]", 1, 1, 1, 1},
		{"a near quote", "You may carry over up to five days of unused annual leave into the next calendar year [1].", 0.6, 1, 1, 1},
		{"another number", "Employees may carry over up to nine days of unused annual leave into the next calendar year.", 0, 0.8, 1, 1},
		{"something else", "Lunch is served at noon in the canteen.", 0, 0.15, 1, 0},
		{"a quote and something else", "Days that are carried over must be taken by 31 March. Lunch is served at noon in the canteen.", 0.45, 0.6, 2, 1},
		{"a question is no statement", "Days that are carried over must be taken by 31 March. Shall I enter a request?", 0.5, 1, 1, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := scoreOf(t, Faithfulness, Sample{Answer: c.answer, Contexts: []string{"Something about parking.", leave}})
			if got.Value == nil || *got.Value < c.low || *got.Value > c.high {
				t.Fatalf("%+v", got)
			}
			var d statementsDetail
			if err := json.Unmarshal(got.Detail, &d); err != nil || d.Statements != c.statements || d.Supported != c.supported {
				t.Errorf("%v, %s", *got.Value, got.Detail)
			}
		})
	}
}

func TestAStatementWithAnotherNumberIsSupportedLess(t *testing.T) {
	right := scoreOf(t, Faithfulness, Sample{Answer: "One may carry over five days of annual leave.", Contexts: []string{leave}})
	wrong := scoreOf(t, Faithfulness, Sample{Answer: "One may carry over nine days of annual leave.", Contexts: []string{leave}})
	if *wrong.Value > *right.Value-0.15 {
		t.Errorf("right %v, wrong %v", *right.Value, *wrong.Value)
	}
}

// report is an article of some length.
var report = meeting + strings.Repeat(" The council met on Monday to talk about the harbour, and most of its members spoke against a new pier.", 30)

func TestInALongTextPiecesOfSeveralSentencesAreSupportedLess(t *testing.T) {
	quote := scoreOf(t, Faithfulness, Sample{Answer: "Carl Dahl was fined for speeding.", Contexts: []string{report}})
	joined := scoreOf(t, Faithfulness, Sample{Answer: "Anna Berg was fined by the council.", Contexts: []string{report}})
	if *joined.Value > *quote.Value-0.15 {
		t.Errorf("a sentence %v, pieces of three %v", *quote.Value, *joined.Value)
	}
}

func TestAQuoteFromALongTextCountsAsAWhole(t *testing.T) {
	for _, quote := range []string{"Carl Dahl was fined for speeding on Friday.", "The council met on Monday, and the council spoke of the council."} {
		got := scoreOf(t, Faithfulness, Sample{Answer: quote, Contexts: []string{report, quote}})
		if *got.Value != 1 {
			t.Errorf("%q: %v", quote, *got.Value)
		}
	}
}

func TestATextThatWasTokenisedReadsAsOneThatWasNot(t *testing.T) {
	r := newReader()
	for _, s := range [][2]string{{"Jolie 's character is n't here , it 's there", "Jolie's character isn't here, it's there"}, {"the club ’s players", "the club’s players"}} {
		var got [2]string
		for i, text := range s {
			for _, w := range r.words(text) {
				if !w.stop {
					got[i] += w.key + " "
				}
			}
		}
		if got[0] != got[1] {
			t.Errorf("%q and %q", got[0], got[1])
		}
	}
	if !negated(r.words("it is n't so")) {
		t.Error("the denial is lost")
	}
}

func TestContextRecallIsThePartOfTheExpectedAnswerThatWasFound(t *testing.T) {
	for _, c := range []struct {
		expected string
		want     float64
	}{
		{"Up to five days.", 1},
		{"nine days", 0},
		{"31 March", 1},
		{"Days that are carried over must be taken by 31 March. Lunch is served at noon in the canteen.", 0.5},
		{"Lunch is served at noon. || Days that are carried over must be taken by 31 March.", 1},
	} {
		got := scoreOf(t, ContextRecall, Sample{Expected: c.expected, Contexts: []string{leave}})
		if got.Value == nil || *got.Value != c.want {
			t.Errorf("%q: %+v", c.expected, got)
		}
	}
}

func TestWhenAMetricDoesNotApplyItSaysWhy(t *testing.T) {
	full := Sample{Query: "How many days?", Expected: "five days", Answer: "It is five days.", Contexts: []string{leave}}
	for name, cases := range map[string]map[string]Sample{
		AnswerCorrectness: {"no expected answer": {Query: full.Query, Answer: full.Answer}},
		AnswerSimilarity:  {"no expected answer": {Answer: full.Answer}},
		AnswerRelevance:   {"no question": {Answer: full.Answer}},
		Faithfulness: {
			"no passages": {Answer: full.Answer, Contexts: []string{" "}}, "no statements": {Answer: "Which one?", Contexts: full.Contexts},
			"nothing known": {Answer: "I could not find an answer to this in the documents.", Contexts: full.Contexts}, "no answer": {Contexts: full.Contexts},
		},
		ContextRecall: {"no passages": {Expected: full.Expected}, "no expected answer": {Contexts: full.Contexts}, "no statements": {Expected: "Why?", Contexts: full.Contexts}},
	} {
		for what, s := range cases {
			if got := scoreOf(t, name, s); got.Value != nil || got.Reason == "" {
				t.Errorf("%s, %s: %+v", name, what, got)
			}
		}
		if got := scoreOf(t, name, full); got.Value == nil || got.Reason != "" {
			t.Errorf("%s of a full sample: %+v", name, got)
		}
	}
}

func TestRelevanceAndSimilarityRankAnswers(t *testing.T) {
	ask := Sample{Query: "How many days of leave can I carry over?", Expected: "You can carry over five days of leave."}
	better, worse := ask, ask
	better.Answer, worse.Answer = "Five days of leave can be carried over.", "Lunch is served at noon in the canteen."
	for _, name := range []string{AnswerRelevance, AnswerSimilarity} {
		b, w := *scoreOf(t, name, better).Value, *scoreOf(t, name, worse).Value
		if b < w+0.3 || b > 1 || w < 0 {
			t.Errorf("%s: %v and %v", name, b, w)
		}
	}
	refusal := ask
	refusal.Answer = "I don't know how many days of leave you can carry over."
	if got := scoreOf(t, AnswerRelevance, refusal); *got.Value != 0 {
		t.Errorf("a refusal is relevant: %v", *got.Value)
	}
}

func TestEveryMetricEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, m := range Offline() {
		if _, err := m.Score(ctx, Sample{Query: "a", Expected: "b", Answer: "c", Contexts: []string{"d"}}); err == nil {
			t.Errorf("%s goes on", m.Name)
		}
	}
}

func TestTheUsualMetricsAreThere(t *testing.T) {
	known := map[string]bool{}
	for _, m := range Offline() {
		if known[m.Name] || m.Version < 1 || m.Threshold <= 0 || m.Threshold > 1 {
			t.Errorf("%+v", m)
		}
		known[m.Name] = true
	}
	for _, name := range Default() {
		if !known[name] {
			t.Errorf("%s is usual and not there", name)
		}
	}
}
