package metrics

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
)

// Calibration is how well metrics agree with the people who judged the rows of
// a file.
type Calibration struct {
	Rows     int
	Positive int // of those, with a yes
	// Yes is the verdict from which a person said yes.
	Yes float64
	// Graded is whether there are verdicts between no and yes, for which Pearson's
	// r is the figure to look at.
	Graded  bool
	Metrics []Calibrated
	// Bad are the first lines that no row could be read from, of BadCount.
	Bad      []BadLine
	BadCount int
}

// Calibrated is one metric's agreement, by its own threshold, on the rows for
// which it has a value.
type Calibrated struct {
	Name      string
	Version   int
	Threshold float64
	// NoValue counts the rows without a value.
	NoValue int
	Agreement
}

// BadLine is a line that is no row.
type BadLine struct {
	Line   int // from 1
	Reason string
}

const (
	maxLine     = 16 << 20 // bytes
	maxRows     = 1_000_000
	maxBadLines = 20 // that are listed
)

// The errors of Calibrate.
var (
	ErrNoRows   = errors.New("the file has no row with a verdict")
	ErrManyRows = fmt.Errorf("the file has more than %d rows", maxRows)
)

// Calibrate scores the rows of a file of JSON lines and compares the values with
// the verdicts. A verdict is true or false, or a number; yes is the one from
// which a number is a yes, and nil leaves that to the file: the middle of its
// scale. Metrics without any value are left out.
func Calibrate(ctx context.Context, in io.Reader, metrics []Metric, yes *float64) (Calibration, error) {
	var c Calibration
	values := make([][]Judged, len(metrics))
	noValue := make([]int, len(metrics))
	var verdicts []float64
	err := scored(ctx, in, metrics, &c, func(r row, scores []*float64) {
		verdicts = append(verdicts, r.verdict)
		for i, v := range scores {
			if v == nil {
				noValue[i]++
				continue
			}
			values[i] = append(values[i], Judged{*v, r.verdict})
		}
	})
	if err != nil {
		return Calibration{}, err
	}
	if c.Rows = len(verdicts); c.Rows == 0 {
		return c, ErrNoRows
	}
	c.Yes, c.Graded = scale(verdicts)
	if yes != nil {
		c.Yes = *yes
	}
	for _, v := range verdicts {
		if v >= c.Yes {
			c.Positive++
		}
	}
	for i, m := range metrics {
		if len(values[i]) == 0 {
			continue
		}
		c.Metrics = append(c.Metrics, Calibrated{m.Name, m.Version, m.Threshold, noValue[i], Agree(values[i], m.Threshold, c.Yes)})
	}
	return c, nil
}

// scale gives the middle of the scale of verdicts, and whether there is
// anything between its ends.
func scale(verdicts []float64) (middle float64, graded bool) {
	low, high := 0.0, 1.0
	for _, v := range verdicts {
		low, high = min(low, v), max(high, v)
	}
	if high > 1 { // such as 1 to 5
		low = high
		for _, v := range verdicts {
			low = min(low, v)
		}
	}
	for _, v := range verdicts {
		graded = graded || v > low && v < high
	}
	return (low + high) / 2, graded
}

// batch is what is scored at once.
const batch = 256

// scored hands on each row with its scores, in the order of the file.
func scored(ctx context.Context, in io.Reader, metrics []Metric, c *Calibration, yield func(row, []*float64)) error {
	lines := bufio.NewReaderSize(in, 1<<16)
	rows := make([]row, 0, batch)
	read := 0
	flush := func() error {
		scores, err := scoreAll(ctx, rows, metrics)
		if err != nil {
			return err
		}
		for i, r := range rows {
			yield(r, scores[i])
		}
		rows = rows[:0]
		return nil
	}
	for number := 1; ; number++ {
		line, long, err := readLine(lines)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("reading line %d: %w", number, err)
		}
		if number == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
		}
		if line = bytes.TrimSpace(line); len(line) > 0 || long {
			r, reason := parseRow(line)
			if long {
				reason = fmt.Sprintf("the line is longer than %d MB", maxLine>>20)
			}
			if reason != "" {
				if c.BadCount++; len(c.Bad) < maxBadLines {
					c.Bad = append(c.Bad, BadLine{number, reason})
				}
			} else {
				if read++; read > maxRows {
					return ErrManyRows
				}
				rows = append(rows, r)
			}
		}
		last := errors.Is(err, io.EOF)
		if len(rows) == batch || last {
			if err := flush(); err != nil {
				return err
			}
		}
		if last {
			return nil
		}
	}
}

// scoreAll scores rows by metrics, on all cores.
func scoreAll(ctx context.Context, rows []row, metrics []Metric) ([][]*float64, error) {
	out, errs := make([][]*float64, len(rows)), make([]error, len(rows))
	var wait sync.WaitGroup
	workers := min(runtime.GOMAXPROCS(0), len(rows))
	for worker := range workers {
		wait.Go(func() {
			for i := worker; i < len(rows); i += workers {
				out[i], errs[i] = scoreOne(ctx, rows[i], metrics)
			}
		})
	}
	wait.Wait()
	return out, errors.Join(errs...)
}

func scoreOne(ctx context.Context, r row, metrics []Metric) ([]*float64, error) {
	out := make([]*float64, len(metrics))
	for i, m := range metrics {
		s, err := m.Score(ctx, r.sample)
		if err != nil {
			return nil, fmt.Errorf("scoring %s: %w", m.Name, err)
		}
		out[i] = s.Value
	}
	return out, nil
}
