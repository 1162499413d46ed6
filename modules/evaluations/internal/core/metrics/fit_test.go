package metrics

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"parley/platform/kernel/logistic"
)

var heldFiles = flag.String("held", "", "files of rows that the fitted coefficients are reported on")

// fitted is an answer with what was seen of its statements.
type fitted struct {
	statements []supportFeatures
	verdict    float64
	importance float64
}

func readFitted(t testing.TB, path string, importance float64) (out []fitted) {
	t.Helper()
	rows, r := readRows(t, path), newReader()
	for _, j := range rows {
		claimed := r.statements(j.Answer)
		if len(claimed) == 0 {
			continue
		}
		f := r.supportOf(j.Answer, claimed, r.readEvidence([]string{j.Context}))
		// All files have the same say, and all answers of a file.
		out = append(out, fitted{f, j.verdict(), 300 * importance / float64(len(rows)) / float64(len(f))})
	}
	return out
}

// inputs are the features as the regression sees them: once for short evidence
// and once for long, each by its share. What a coefficient of 0 leaves out is 0.
func (s supportFeatures) inputs() []float64 {
	out := make([]float64, 0, 2*supportSize)
	for i, x := range s.of {
		if support[i].short == 0 {
			x = 0
		}
		out = append(out, x*(1-s.length))
	}
	for i, x := range s.of {
		if support[i].long == 0 {
			x = 0
		}
		out = append(out, x*s.length)
	}
	return out
}

// fit finds the coefficients, those for short evidence first. Each statement has
// the verdict of its answer.
func fit(rows []fitted) []float64 {
	var seen []logistic.Row
	for _, r := range rows {
		for _, x := range r.statements {
			seen = append(seen, logistic.Row{X: x.inputs(), Y: r.verdict, Weight: r.importance})
		}
	}
	ridge := slices.Repeat([]float64{1}, 2*supportSize)
	ridge[bias], ridge[supportSize+bias] = 0.01, 0.01
	return logistic.Fit(seen, ridge)
}

// agree reports on rows with coefficients.
func agree(rows []fitted, c []float64) Agreement {
	scaled := slices.Clone(c)
	for i := range scaled {
		scaled[i] *= hedged
	}
	judged := make([]Judged, len(rows))
	for i, r := range rows {
		sum := 0.0
		for _, x := range r.statements {
			sum += min(1, logistic.Probability(x.inputs(), scaled)/ofQuote)
		}
		judged[i] = Judged{sum / float64(len(r.statements)), r.verdict}
	}
	return Agree(judged, supported, 0.5)
}

func base(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// BenchmarkFitted measures coefficients, not time: those that fit the files of
// -judged best; what is reached on each of them by the coefficients that fit
// the others; and what is reached on the files of -held. "file=0.5" weighs a
// file.
func BenchmarkFitted(b *testing.B) {
	if *judgedFiles == "" {
		b.Skip("-judged names no file of rows to fit to")
	}
	var files [][]fitted
	var names []string
	for _, file := range strings.Split(*judgedFiles, ",") {
		path, weight, _ := strings.Cut(file, "=")
		importance, err := strconv.ParseFloat(weight, 64)
		if err != nil {
			importance = 1
		}
		files = append(files, readFitted(b, path, importance))
		names = append(names, base(path))
	}
	but := func(left int) (out []fitted) {
		for i, f := range files {
			if i != left {
				out = append(out, f...)
			}
		}
		return out
	}
	var out strings.Builder
	for i, f := range files {
		a := agree(f, fit(but(i)))
		fmt.Fprintf(&out, "fitted to the others, %-20s %d rows, AUC %v, kappa %v, r %v\n", names[i]+":", a.Rows, a.AUC, a.Kappa, a.Pearson)
	}
	c := fit(but(-1))
	for i := range support {
		fmt.Fprintf(&out, "%-9s %7.3f %7.3f\n", support[i].name, c[i], c[supportSize+i])
	}
	for _, path := range strings.Split(*heldFiles, ",") {
		if path != "" {
			a := agree(readFitted(b, path, 1), c)
			fmt.Fprintf(&out, "not fitted to, %-20s %d rows, AUC %v, kappa %v, r %v\n", base(path)+":", a.Rows, a.AUC, a.Kappa, a.Pearson)
		}
	}
	if _, err := os.Stdout.WriteString(out.String()); err != nil {
		b.Fatal(err)
	}
}
