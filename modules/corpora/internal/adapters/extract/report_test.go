package extract

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"parley/platform/kernel/clock"
)

func TestAReportHasTheBlocksWithTheirHeadingsAndASummary(t *testing.T) {
	text := "# Guide\n\n## Backups\n\nDaily.\n\n## Restore\n\n- first\n"
	var out bytes.Buffer
	err := here(Limits{}).Report(context.Background(), clock.NewFixed(time.Now()), strings.NewReader(text), int64(len(text)), "a.md", &out)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	want := []string{
		`{"headings":[],"kind":"heading","text":"Guide"}`,
		`{"headings":["Guide"],"kind":"heading","text":"Backups"}`,
		`{"headings":["Guide","Backups"],"kind":"paragraph","text":"Daily."}`,
		`{"headings":["Guide"],"kind":"heading","text":"Restore"}`,
		`{"headings":["Guide","Restore"],"kind":"item","text":"first"}`,
	}
	if len(lines) != len(want)+1 {
		t.Fatalf("%d lines:\n%s", len(lines), out.String())
	}
	for i, line := range want {
		if lines[i] != line {
			t.Errorf("line %d is %s, want %s", i, lines[i], line)
		}
	}
	var last summary
	if err := json.Unmarshal([]byte(lines[len(want)]), &last); err != nil || last.Blocks != 5 || last.MIME != "text/markdown" || last.Warnings == nil {
		t.Errorf("summary %+v, %v", last, err)
	}
}

func TestAReportOfAFileThatCannotBeReadSaysWhy(t *testing.T) {
	var out bytes.Buffer
	err := here(Limits{}).Report(context.Background(), clock.NewFixed(time.Now()), strings.NewReader("\x89PNG\r\n\x1a\n\x00\x00"), 10, "a", &out)
	if !errors.Is(err, ErrUnsupported) || !strings.Contains(out.String(), `"code":"corpora.file_unsupported"`) {
		t.Errorf("%v: %s", err, out.String())
	}
}
