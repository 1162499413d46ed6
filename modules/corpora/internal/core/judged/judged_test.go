package judged_test

import (
	"math"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"parley/modules/corpora/internal/core/judged"
)

func file(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }

func TestACollectionIsReadFromItsFiles(t *testing.T) {
	c := judged.Open(fstest.MapFS{
		"docs.jsonl":    file(`{"id":"1","title":"T","text":"x"}` + "\n" + `{"id":"2","text":"y"}`),
		"queries.jsonl": file(`{"id":"q","text":"what?"}`),
		"qrels.b.tsv":   file("query\tdocument\tgrade\nq\t1\t2\nq\t2\t0\n"),
		"qrels.a.tsv":   file("q 0 2 1\n"),
	})
	var docs []judged.Document
	for d, err := range c.Documents() {
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, d)
	}
	queries, err := c.Queries()
	if err != nil {
		t.Fatal(err)
	}
	judgments, err := c.Judgments()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]judged.Document{{ID: "1", Title: "T", Text: "x"}, {ID: "2", Text: "y"}}, docs); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]judged.Query{{ID: "q", Text: "what?"}}, queries); diff != "" {
		t.Error(diff)
	}
	want := []judged.Judged{{Name: "qrels.a.tsv", Judgments: judged.Judgments{"q": {"2": 1}}}, {Name: "qrels.b.tsv", Judgments: judged.Judgments{"q": {"1": 2, "2": 0}}}}
	if diff := cmp.Diff(want, judgments); diff != "" {
		t.Error(diff)
	}
}

func TestABrokenCollectionIsNamed(t *testing.T) {
	c := judged.Open(fstest.MapFS{"queries.jsonl": file("{\"id\":\"q\"}\nnonsense")})
	if _, err := c.Queries(); err == nil || !strings.Contains(err.Error(), "entry 2 of queries.jsonl") {
		t.Errorf("%v", err)
	}
	if _, err := c.Judgments(); err == nil {
		t.Error("no judgments were accepted")
	}
}

func TestMeasuresAreThoseOfTheField(t *testing.T) {
	j := judged.Judgments{"q": {"a": 2, "b": 1, "c": 1, "x": 0}, "missing": {"a": 1}, "unanswered": {"a": 0}}
	got := judged.Measure(j, judged.Run{"q": {"x", "b", "y", "a"}})
	dcg := 1/math.Log2(3) + 2/math.Log2(5)
	ideal := 2 + 1/math.Log2(3) + 1/math.Log2(4)
	want := judged.Measures{Questions: 2, NDCG10: dcg / ideal / 2, Recall10: 2.0 / 3 / 2, Recall100: 2.0 / 3 / 2, MRR: 0.5 / 2}
	if math.Abs(got.NDCG10-want.NDCG10) > 1e-12 {
		t.Errorf("nDCG@10 is %v, want %v", got.NDCG10, want.NDCG10)
	}
	got.NDCG10 = want.NDCG10
	if math.Abs(got.Recall10-want.Recall10) > 1e-12 || math.Abs(got.Recall100-want.Recall100) > 1e-12 {
		t.Errorf("recall is %v and %v, want %v", got.Recall10, got.Recall100, want.Recall10)
	}
	got.Recall10, got.Recall100 = want.Recall10, want.Recall100
	if got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
	if first := judged.Measure(j, judged.Run{"q": {"a"}, "missing": {"b"}}); first.First != 0.5 {
		t.Errorf("the first document is right for %v", first.First)
	}
}
