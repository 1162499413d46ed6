package main_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/platform/webtest"
	"parley/platform/webtest/modelstub"
)

// BenchmarkEvaluation measures an evaluation of 1,000 queries over a model that
// answers at once, and what a user who asks meanwhile notices of it: the median
// of plain runs of one client, alone and beside the evaluation, taken in turns.
//
//	go test ./cmd/parley -run '^$' -bench Evaluation -benchtime 1x
func BenchmarkEvaluation(b *testing.B) {
	for _, kind := range []string{"sqlite", "postgres"} {
		b.Run(kind, func(b *testing.B) { evaluate(b, kind) })
	}
}

func evaluate(b *testing.B, kind string) {
	const queries = 1000
	model := httptest.NewServer(modelstub.New(modelstub.Behaviour{Answer: light}))
	defer model.Close()
	s := newServer(b, kind, "PARLEY_LLM_URL="+model.URL+"/v1", "PARLEY_LLM_MODEL=stub")
	s.start()
	admin := s.admin()
	w := build(admin)
	indexed(b, admin, upload(admin, w.corpus, "merrow.md", "The lighthouse of Cape Merrow was built in 1871 by Ada Lund."))
	file := strings.Builder{}
	file.WriteString("query,expected_answer\n")
	for n := range queries {
		fmt.Fprintf(&file, "When was lighthouse %d of Cape Merrow built?,In 1871.\n", n)
	}
	dataset := admin.Upload(fmt.Sprintf("/api/agent/%d/evaluation-dataset", w.agent), map[string]string{"name": "Lights"},
		webtest.File{Field: "file", Name: "q.csv", Content: []byte(file.String())}).Want(201).ID()
	asked := 0
	ask := func() time.Duration {
		asked++
		begin := time.Now()
		admin.Do("POST", fmt.Sprintf("/api/agent/%d/response", w.agent), map[string]any{"user_query": fmt.Sprintf("Who built lighthouse %d?", asked)}).Want(200)
		return time.Since(begin)
	}
	for range 50 {
		ask()
	}
	var alone, beside []time.Duration
	var took time.Duration
	for b.Loop() {
		for range 100 {
			alone = append(alone, ask())
		}
		begin := time.Now()
		id := admin.Do("POST", fmt.Sprintf("/api/agent/%d/evaluation", w.agent), map[string]any{"name": "Bench", "dataset_id": dataset}).Want(201).ID()
		var test struct {
			Status   string
			Progress struct{ Done int }
		}
		for test.Status != "completed" {
			admin.Do("GET", fmt.Sprintf("/api/evaluation/%d?items_per_page=1", id), nil).Want(200).Data(&test)
			if test.Status == "running" && test.Progress.Done < queries {
				beside = append(beside, ask())
			}
		}
		took += time.Since(begin)
	}
	median := func(all []time.Duration) float64 {
		slices.Sort(all)
		return float64(all[len(all)/2].Microseconds()) / 1000
	}
	b.ReportMetric(took.Seconds()/float64(b.N), "s/evaluation")
	b.ReportMetric(float64(queries*b.N)/took.Seconds(), "queries/s")
	b.ReportMetric(median(alone), "ms/run-alone")
	b.ReportMetric(median(beside), "ms/run-beside")
	b.ReportMetric(median(beside)/median(alone), "slower")
	b.ReportMetric(0, "ns/op")
}
