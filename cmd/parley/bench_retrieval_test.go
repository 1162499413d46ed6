package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/platform/config"
)

func TestRetrievalIsMeasuredOnACollectionInADirectory(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"docs.jsonl":    `{"id":"a","title":"Leave","text":"Holiday is thirty days a year."}` + "\n" + `{"id":"b","title":"","text":"The harbour opens at six."}`,
		"queries.jsonl": `{"id":"1","text":"How many days of holiday?"}` + "\n" + `{"id":"2","text":"When does the harbour open?"}`,
		"qrels.tsv":     "1\ta\t1\n2\tb\t1\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	c, err := config.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	ranking := filepath.Join(dir, "ranking.txt")
	if err := (benchRetrieval{Dir: dir, Ranking: ranking}).measure(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(ranking)
	if err != nil {
		t.Fatal(err)
	}
	if want := "1 Q0 a 1 1 parley\n2 Q0 b 1 1 parley\n"; string(got) != want {
		t.Errorf("the ranking is\n%s", got)
	}
	if err := os.Remove(filepath.Join(dir, "qrels.tsv")); err != nil {
		t.Fatal(err)
	}
	if err := (benchRetrieval{Dir: dir}).measure(t.Context(), c); err == nil || !strings.Contains(err.Error(), "qrels") {
		t.Errorf("without judgments: %v", err)
	}
}
