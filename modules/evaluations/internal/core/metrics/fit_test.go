package metrics

import (
	"flag"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
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

// fit finds the coefficients of the logistic regression by Newton's method,
// small ones where the rows say little. Each statement has the verdict of its
// answer.
func fit(rows []fitted) supportFeatures {
	var c supportFeatures
	for range 25 {
		var gradient supportFeatures
		var curve [supportSize][supportSize]float64
		for _, r := range rows {
			for _, x := range r.statements {
				p := 1 / (1 + math.Exp(-dot(x, c)))
				for i := range c {
					gradient[i] += r.importance * (r.verdict - p) * x[i]
					for k := range c {
						curve[i][k] += r.importance * p * (1 - p) * x[i] * x[k]
					}
				}
			}
		}
		for i := range c {
			ridge := 1.0
			if i == bias {
				ridge = 0.01
			}
			gradient[i] -= ridge * c[i]
			curve[i][i] += ridge
		}
		for i, step := range solve(curve, gradient) {
			c[i] += step
		}
	}
	return c
}

// solve solves a system of equations by elimination.
func solve(a [supportSize][supportSize]float64, b supportFeatures) supportFeatures {
	for i := range b {
		for k := i + 1; k < supportSize; k++ {
			factor := a[k][i] / a[i][i]
			for j := i; j < supportSize; j++ {
				a[k][j] -= factor * a[i][j]
			}
			b[k] -= factor * b[i]
		}
	}
	for i := supportSize - 1; i >= 0; i-- {
		for k := i + 1; k < supportSize; k++ {
			b[i] -= a[i][k] * b[k]
		}
		b[i] /= a[i][i]
	}
	return b
}

func dot(a, b supportFeatures) (sum float64) {
	for i := range a {
		sum += a[i] * b[i]
	}
	return sum
}

// agree reports on rows with coefficients.
func agree(rows []fitted, c supportFeatures) Agreement {
	judged := make([]Judged, len(rows))
	for i, r := range rows {
		sum := 0.0
		for _, x := range r.statements {
			sum += 1 / (1 + math.Exp(-dot(x, c)))
		}
		judged[i] = Judged{sum / float64(len(r.statements)), r.verdict}
	}
	return Agree(judged, 0.5, 0.5)
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
	for i, v := range c {
		fmt.Fprintf(&out, "%-9s %7.3f\n", support[i].name, v)
	}
	for _, path := range strings.Split(*heldFiles, ",") {
		if path != "" {
			a := agree(readFitted(b, path, 1), c)
			fmt.Fprintf(&out, "held out, %-20s %d rows, AUC %v, kappa %v, r %v\n", base(path)+":", a.Rows, a.AUC, a.Kappa, a.Pearson)
		}
	}
	if _, err := os.Stdout.WriteString(out.String()); err != nil {
		b.Fatal(err)
	}
}
