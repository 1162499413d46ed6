package extractive

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"parley/platform/kernel/logistic"
)

var (
	judgedFile = flag.String("judged", "", "files of judged questions, one JSON object a line, to fit the refusal to")
	heldFile   = flag.String("held", "", "files of judged questions that the fitted coefficients are reported on")
)

// judged is a question with what was found for it and what an answer has to
// contain, one of Want; nothing when there is no answer.
type judged struct {
	Request
	Want []string
}

func readJudged(t testing.TB, path string) (out []judged) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var j judged
		if err := json.Unmarshal(lines.Bytes(), &j); err != nil {
			t.Fatal(err)
		}
		for i := range j.Passages {
			j.Passages[i].Number = i + 1
		}
		out = append(out, j)
	}
	return out
}

func (j judged) met(a Answer) bool {
	for _, want := range j.Want {
		if strings.Contains(strings.ToLower(a.Text), strings.ToLower(clean(want))) {
			return true
		}
	}
	return false
}

// figures are the three that count.
type figures struct{ there, gold, refused, absent, absentRefused int }

func (f *figures) add(j judged, a Answer) {
	switch {
	case len(j.Want) == 0:
		f.absent++
		if !a.Found {
			f.absentRefused++
		}
		return
	case !a.Found:
		f.refused++
	case j.met(a):
		f.gold++
	}
	f.there++
}

func part(n, of int) float64 { return float64(n) / float64(max(of, 1)) }

// The figures are those that are reached, less a margin of one or two questions.
// No coefficient and no word was chosen by company/heldout.
func TestShortDocumentsAreAnsweredFrom(t *testing.T) {
	for _, set := range []struct {
		name                          string
		there, gold, refused, refuses int
	}{
		{"dev", 46, 42, 3, 11},
		{"company/tune", 20, 16, 1, 9},
		{"company/heldout", 20, 17, 2, 7},
	} {
		var f figures
		for _, j := range readJudged(t, "testdata/"+set.name+"/judged.jsonl") {
			f.add(j, j.Answer())
		}
		t.Logf("%s: %+v", set.name, f)
		if f.there != set.there || f.gold < set.gold || f.refused > set.refused || f.absentRefused < set.refuses {
			t.Errorf("%s: of %d questions %d have the answer and %d are refused; of %d without an answer %d are refused", set.name, f.there, f.gold, f.refused, f.absent, f.absentRefused)
		}
	}
}

// BenchmarkReported measures answers, not time.
func BenchmarkReported(b *testing.B) {
	if *judgedFile == "" {
		b.Skip("-judged names no file of questions to report on")
	}
	var out strings.Builder
	report(b, &out, *judgedFile)
	if _, err := os.Stdout.WriteString(out.String()); err != nil {
		b.Fatal(err)
	}
}

// report writes the figures of some files and those of all of them together.
func report(b *testing.B, out *strings.Builder, files string) {
	b.Helper()
	var all figures
	line := func(name string, f figures) {
		fmt.Fprintf(out, "%-40s gold %.3f refused %.3f of %d, absent %.3f of %d\n", name, part(f.gold, f.there), part(f.refused, f.there), f.there, part(f.absentRefused, f.absent), f.absent)
	}
	for _, file := range strings.Split(files, ",") {
		path, _, _ := strings.Cut(file, "=")
		var f figures
		for _, j := range readJudged(b, path) {
			a := j.Answer()
			f.add(j, a)
			all.add(j, a)
		}
		line(path, f)
	}
	line("all", all)
}

const ridge = 3 // keeps coefficients small where the questions say little

// BenchmarkFitted measures coefficients, not time, and then what they reach on
// questions that they were not fitted to. The files are separated by commas;
// "file=0.15" weighs its questions.
func BenchmarkFitted(b *testing.B) {
	before := weights
	defer func() { weights = before }()
	if *judgedFile == "" {
		b.Skip("-judged names no file of questions to fit to")
	}
	for _, plain := range []bool{false, true} {
		var rows []logistic.Row
		for _, file := range strings.Split(*judgedFile, ",") {
			path, weight, _ := strings.Cut(file, "=")
			for _, j := range readJudged(b, path) {
				j.plain = plain
				q := newQuestion(j.Request)
				q.repair(j.Passages)
				found := q.sentences(j.Passages)
				if len(found) == 0 || q.total == 0 {
					continue
				}
				w, err := strconv.ParseFloat(weight, 64)
				if err != nil {
					w = 1
				}
				x := q.features(found[0], j.Passages)
				rows = append(rows, logistic.Row{X: x[:], Y: float64(min(len(j.Want), 1)), Weight: w})
			}
		}
		var out strings.Builder
		fmt.Fprintf(&out, "\n%d questions, without the lexicon: %v\n", len(rows), plain)
		for i, c := range logistic.Fit(rows, slices.Repeat([]float64{ridge}, int(featureCount))) {
			fmt.Fprintf(&out, "%-9s %7.3f\n", weights[i].name, c)
			if plain {
				weights[i].without = c
			} else {
				weights[i].with = c
			}
		}
		if plain && *heldFile != "" {
			report(b, &out, *heldFile)
		}
		// A benchmark's log has ten lines at most.
		if _, err := os.Stdout.WriteString(out.String()); err != nil {
			b.Fatal(err)
		}
	}
}
