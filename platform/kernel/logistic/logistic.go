// Package logistic fits logistic regressions. The programs that refit the
// coefficients of a module use it; nothing that serves does.
package logistic

import "math"

// Row is something seen, and what was said of it.
type Row struct {
	X      []float64 // as many as there are coefficients; a constant 1 for the bias
	Y      float64   // from 0 to 1
	Weight float64
}

// Fit finds the coefficients with which 1 ÷ (1 + e^−(c·x)) is most likely to
// give Y, by Newton's method. A ridge keeps its coefficient small where the rows
// say little; it must be above 0, and there is one for each coefficient.
func Fit(rows []Row, ridge []float64) []float64 {
	n := len(ridge)
	c := make([]float64, n)
	for range 25 {
		gradient, curve := make([]float64, n), make([][]float64, n)
		for i := range curve {
			curve[i] = make([]float64, n)
			curve[i][i] = ridge[i]
			gradient[i] = -ridge[i] * c[i]
		}
		for _, r := range rows {
			p := Probability(r.X, c)
			for i, x := range r.X {
				gradient[i] += r.Weight * (r.Y - p) * x
				for k := range i + 1 {
					curve[i][k] += r.Weight * p * (1 - p) * x * r.X[k]
				}
			}
		}
		for i := range curve {
			for k := range i {
				curve[k][i] = curve[i][k]
			}
		}
		for i, step := range solve(curve, gradient) {
			c[i] += step
		}
	}
	return c
}

// Probability is 1 ÷ (1 + e^−(c·x)).
func Probability(x, c []float64) float64 {
	sum := 0.0
	for i := range x {
		sum += x[i] * c[i]
	}
	return 1 / (1 + math.Exp(-sum))
}

// solve solves a positive definite system by elimination; it writes over both.
func solve(a [][]float64, b []float64) []float64 {
	for i := range b {
		for k := i + 1; k < len(b); k++ {
			factor := a[k][i] / a[i][i]
			for j := i; j < len(b); j++ {
				a[k][j] -= factor * a[i][j]
			}
			b[k] -= factor * b[i]
		}
	}
	for i := len(b) - 1; i >= 0; i-- {
		for k := i + 1; k < len(b); k++ {
			b[i] -= a[i][k] * b[k]
		}
		b[i] /= a[i][i]
	}
	return b
}
