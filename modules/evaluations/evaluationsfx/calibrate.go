// Package evaluationsfx wires the evaluations module.
package evaluationsfx

import (
	"context"
	"io"

	"parley/modules/evaluations/internal/core/metrics"
)

// Calibration is how well metrics agree with people.
type (
	Calibration = metrics.Calibration
	// Estimate is a figure of it, with its interval.
	Estimate = metrics.Estimate
)

// Asker asks a language model; the judge of a calibration.
type Asker = metrics.Asker

// Calibrate compares metrics with the verdicts of people in a file of JSON
// lines. A verdict that is a number is a yes from yes on; without it from the
// middle of the file's scale on. With an asker there is a judge, too.
func Calibrate(ctx context.Context, in io.Reader, judge Asker, yes *float64) (Calibration, error) {
	all := metrics.Offline()
	if judge != nil {
		all = append(all, metrics.Judge(judge)...)
	}
	return metrics.Calibrate(ctx, in, all, yes)
}
