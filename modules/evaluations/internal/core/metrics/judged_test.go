package metrics

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
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

func TestX(t *testing.T) {
	if *judgedFiles == "" {
		t.Skip()
	}
	for _, path := range strings.Split(*judgedFiles, ",") {
		var rows []Judged
		for _, j := range readRows(t, path) {
			v := *scoreOf(t, AnswerCorrectness, Sample{Query: j.Query, Expected: strings.ReplaceAll(j.Expected, "/", Separator), Answer: j.Answer}).Value
			rows = append(rows, Judged{v, j.verdict()})
		}
		for _, th := range []float64{0.5, 0.75, 0.95} {
			a := Agree(rows, th, 0.5)
			fmt.Printf("%s %.2f n=%d pos=%d kappa %v auc %v p %v r %v\n", path[strings.LastIndex(path, "/")+1:], th, a.Rows, a.Positive, a.Kappa, a.AUC, a.Precision, a.Recall)
		}
	}
}
