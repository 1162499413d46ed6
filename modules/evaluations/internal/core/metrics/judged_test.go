package metrics

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"testing"
)

var judgedFiles = flag.String("judged", "", "files of rows with a person's verdict, separated by commas")

type judgedRow struct {
	Context  string          `json:"context"`
	Query    string          `json:"query"`
	Expected string          `json:"expected_answer"`
	Answer   string          `json:"answer"`
	Verdict  json.RawMessage `json:"verdict"`
	By       string          `json:"by"`
	ID       any             `json:"id"`
}

func (r judgedRow) verdict() float64 {
	switch string(r.Verdict) {
	case "true":
		return 1
	case "false":
		return 0
	}
	var f float64
	_ = json.Unmarshal(r.Verdict, &f)
	return f
}

func readRows(t testing.TB, path string) (out []judgedRow) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var j judgedRow
		if err := json.Unmarshal(lines.Bytes(), &j); err != nil {
			t.Fatal(err)
		}
		out = append(out, j)
	}
	return out
}

func (e *Estimate) String() string {
	if e == nil {
		return "-"
	}
	return fmt.Sprintf("%.3f [%.3f %.3f]", e.Value, e.Low, e.High)
}
