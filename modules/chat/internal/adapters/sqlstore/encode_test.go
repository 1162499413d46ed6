package sqlstore

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/modules/chat"
	"parley/modules/chat/internal/core"
	"parley/modules/corpora"
)

// standard is a value as the standard encoder writes it.
func standard(t *testing.T, value any) string {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

var oddTexts = []string{"", "plain", "\"quoted\" \\ <b>&amp;", "line\u2028line\u2029", "no UTF-8: \xff\xc3", "漢字 ä 😀", "\x00\x1f\t\n", strings.Repeat("long enough for eight at once ", 9)}

// random makes outcomes out of odd texts and all sizes of numbers.
type random struct{ *rand.Rand }

func (r random) text() string {
	return oddTexts[r.IntN(len(oddTexts))] + oddTexts[r.IntN(len(oddTexts))]
}

func (r random) number() int64 { return int64(r.Uint64()) >> r.IntN(64) } //nolint:gosec // any

func (r random) data() any {
	switch r.IntN(4) {
	case 0:
		return nil
	case 1:
		return []any{r.text(), r.number(), map[string]int{r.text(): 1}}
	}
	return map[string]any{r.text(): r.text(), "n": r.number(), "i": int(r.number()), "f": r.NormFloat64(), "b": true, "at": time.Unix(r.number()>>30, 0), "ids": []int64{1, r.number()}, "usage": chat.Usage{
		Purpose: r.text(), Model: r.text(), FreshInput: r.number(), CachedInput: r.number(), Output: r.number(), Reasoning: r.number(), CostNano: r.number(), UsageSource: r.text(), Cost: r.text(), CostSource: r.text(),
	}, "candidates": r.candidates()}
}

func (r random) candidates() (out []corpora.Candidate) {
	for range r.IntN(3) {
		out = append(out, corpora.Candidate{ChunkID: r.number(), DocumentID: r.number(), Title: r.text(), Score: r.NormFloat64(), Kept: r.IntN(2) == 0, Why: r.text()})
	}
	return out
}

func (r random) outcome() (o core.Outcome) {
	for range r.IntN(4) {
		o.References = append(o.References, core.Reference{Number: int(r.number()), URL: r.text(), Order: int(r.number()), Title: r.text(), DocumentID: r.number()})
		o.FollowUps = append(o.FollowUps, r.text())
		o.CorpusIDs = append(o.CorpusIDs, r.number())
		h := core.Thought{
			Order: int(r.number()), Step: r.text(), Title: r.text(), Message: r.text(), DurationMS: r.number(),
			StartedOn: time.Unix(1_700_000_000+r.number()>>30, r.Int64N(1e9)).In(time.FixedZone("", 3600)), Data: r.data(),
		}
		if h.Data == nil && r.IntN(2) == 0 {
			h.Detail = json.RawMessage(` {"said": "<before>"} `)
		}
		o.Thoughts = append(o.Thoughts, h)
		s := core.Support{Number: int(r.number()), Passage: corpora.Passage{ChunkID: r.number(), DocumentID: r.number(), CorpusID: r.number(), Title: r.text(), URL: r.text(), Text: r.text(), Score: r.NormFloat64() * 1e-6}}
		if r.IntN(2) == 0 {
			page := int(r.number())
			s.Page = &page
		}
		o.Support = append(o.Support, s)
	}
	return o
}

func TestAnswersAreEncodedAsTheStandardEncoderDoes(t *testing.T) {
	r := random{rand.New(rand.NewPCG(7, 8))}
	for range 500 {
		o := r.outcome()
		got, err := prepare(o)
		if err != nil {
			t.Fatal(err)
		}
		thoughts, support, documents := []thoughtText{}, []supportText{}, []int64{}
		for _, h := range o.Thoughts {
			detail := h.Detail
			if h.Data != nil {
				detail = json.RawMessage(standard(t, h.Data))
			}
			thoughts = append(thoughts, thoughtText{h.Order, h.Step, h.Title, h.Message, h.StartedOn.UTC(), h.DurationMS, detail})
		}
		for _, s := range o.Support {
			support = append(support, supportText{s.Number, s.ChunkID, s.DocumentID, s.CorpusID, s.Title, s.URL, s.Text, s.Page, s.Score})
			documents = append(documents, s.DocumentID)
		}
		slices.Sort(documents)
		for _, c := range []struct {
			got  string
			want any
		}{
			{got.references, o.References}, {got.followUps, o.FollowUps}, {got.corpusIDs, o.CorpusIDs},
			{got.documents, slices.Compact(documents)}, {got.thoughts, thoughts}, {got.support, support},
		} {
			if want := standard(t, c.want); c.got != want {
				t.Fatalf("encoded\n%s\nby the standard encoder\n%s", c.got, want)
			}
		}
	}
}

func TestAnAnswerWithoutAFiniteScoreIsRefused(t *testing.T) {
	zero := 0.
	o := core.Outcome{Support: []core.Support{{Passage: corpora.Passage{Score: 1 / zero}}}}
	if _, err := prepare(o); err == nil {
		t.Error("it was encoded")
	}
}

func TestStreamsAreEncodedAsTheStandardEncoderDoes(t *testing.T) {
	r := random{rand.New(rand.NewPCG(9, 10))}
	for n := range 200 {
		events, earlier := make([]core.StreamEvent, 2+n%20), []earlierEvent{}
		for i := range events {
			e := core.StreamEvent{Sequence: int64(i), Step: r.text(), Message: r.text(), Delta: r.text(), Code: r.text(), Details: r.text()}
			if events[i] = e; i < len(events)-1 {
				earlier = append(earlier, earlierEvent{e.Step, e.Message, e.Delta, e.Code, e.Details})
			}
		}
		row, err := newStreamRow(1, events)
		if err != nil {
			t.Fatal(err)
		}
		if want := standard(t, earlier); *row.Earlier != want {
			t.Fatalf("encoded\n%s\nby the standard encoder\n%s", *row.Earlier, want)
		}
	}
}

func BenchmarkPrepare(b *testing.B) {
	passage := corpora.Passage{ChunkID: 123, DocumentID: 45, CorpusID: 6, Title: "Handbook of vacation", URL: "/api/corpus/6/document/45", Text: strings.Repeat("Employees accrue 20 days of vacation in a year. ", 20), Score: 12.3456789}
	o := core.Outcome{References: []core.Reference{{Number: 1, URL: passage.URL, Title: passage.Title, DocumentID: 45}}, FollowUps: []string{}, CorpusIDs: []int64{6}}
	candidates := make([]corpora.Candidate, 20)
	for i := range candidates {
		candidates[i] = corpora.Candidate{ChunkID: 123, DocumentID: 45, Title: "About made and gabe › About tade and dulu", Score: 16.58708853867824, Kept: i < 5, Why: "words 2.37 + same form 0.47 + letters 1.19 + document 12.56 = 16.59; has gago"}
	}
	o.Thoughts = append(o.Thoughts, core.Thought{
		Step: "retrieval", Title: "Searched the documents", Message: "Scored 300 passages of 1 corpora and kept 5.", StartedOn: time.Unix(1_800_000_000, 123456789),
		Data: map[string]any{"query": "how much vacation do I get", "corpus_ids": []int64{6}, "candidates": candidates, "considered": 300},
	}, core.Thought{Step: "model_call", StartedOn: time.Unix(1_800_000_000, 123456789), Data: map[string]any{"usage": chat.Usage{Model: "stub"}, "failed": false}})
	for i := range 5 {
		o.Support = append(o.Support, core.Support{Number: i, Passage: passage})
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := prepare(o); err != nil {
			b.Fatal(err)
		}
	}
}
