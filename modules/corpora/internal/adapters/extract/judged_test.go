package extract_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/modules/corpora"
	"parley/modules/corpora/internal/adapters/extract"
	"parley/modules/corpora/internal/core/chunking"
	"parley/modules/corpora/internal/core/document"
	"parley/modules/corpora/internal/core/ranking"
)

var judge = flag.String("judge", "", "a folder with Markdown files and questions.tsv, to write judged.jsonl beside them")

// BenchmarkJudged writes what the extractive answerer is fitted to, and measures
// no time: see docs/contributing.md.
func BenchmarkJudged(b *testing.B) {
	if *judge == "" {
		b.Skip("-judge names no folder of documents and questions")
	}
	memory := indexed(b, *judge)
	engine := ranking.NewEngine(memory, 64<<20)
	questions, err := os.ReadFile(filepath.Join(*judge, "questions.tsv"))
	if err != nil {
		b.Fatal(err)
	}
	var out bytes.Buffer
	for line := range strings.Lines(string(questions)) {
		question, want, _ := strings.Cut(strings.TrimSpace(line), "\t")
		found, err := engine.Search(b.Context(), ranking.Question{Text: question, Corpora: memory.Corpora(1), Limit: 5})
		if err != nil {
			b.Fatal(err)
		}
		type passage struct {
			Title, Text string
			Score       float64
			Sections    []corpora.Section `json:",omitempty"`
		}
		row := struct {
			Question    string
			Want        []string
			Passages    []passage
			Searched    int
			Frequencies map[string]int
		}{Question: question, Searched: found.Passages, Frequencies: map[string]int{}}
		if want != "REFUSE" {
			row.Want = strings.Split(want, "|")
		}
		for _, term := range found.Terms {
			stem := term.Stem
			if term.Match != "" {
				stem = term.Match
			}
			row.Frequencies[stem] = term.DF
		}
		for _, h := range found.Hits[:found.Kept] {
			row.Passages = append(row.Passages, passage{h.Title, h.Text, h.Score.Total, h.Sections})
		}
		if err := json.NewEncoder(&out).Encode(row); err != nil {
			b.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(*judge, "judged.jsonl"), out.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
}

func indexed(t testing.TB, folder string) *ranking.Memory {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	index, id := ranking.NewMemory(), int64(0)
	for i, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := extract.New(extract.Limits{}).Extract(t.Context(), bytes.NewReader(data), int64(len(data)), document.Hint{Name: file})
		if err != nil {
			t.Fatal(err)
		}
		passages, _ := chunking.Passages(doc)
		for _, p := range passages {
			id++
			index.Add(ranking.Passage{ID: id, Corpus: 1, Document: int64(i + 1), Number: p.Number, Title: p.Title, Text: p.Text, Sections: p.Sections})
		}
	}
	return index
}
