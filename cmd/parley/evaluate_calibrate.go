package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"parley/modules/chat/chatfx"
	"parley/modules/evaluations/evaluationsfx"
)

type calibrateCmd struct {
	File   string   `arg:"" help:"JSON lines: {query, expected_answer, answer, verdict} or {context, query, answer, verdict}; - for the standard input."`
	Format string   `enum:"table,json" default:"table" help:"table or json."`
	Yes    *float64 `help:"The verdict from which a person said yes, where verdicts are numbers; the middle of their scale when not given."`
	Judge  bool     `help:"Compare the judge, too: one call for each row of the model that the server's settings name. The calls are in no ledger; what they use is printed."`
	Model  string   `help:"The model that judges, by its name in PARLEY_MODELS; the default one when not given." placeholder:"NAME"`
}

// Run prints how well each metric agrees with the verdicts.
func (c calibrateCmd) Run(ctx context.Context) error {
	in := os.Stdin
	if c.File != "-" {
		file, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer file.Close()
		in = file
	}
	var judge evaluationsfx.Asker
	if c.Judge {
		model, err := judgeOf(c.Model)
		if err != nil {
			return err
		}
		judge = model
		defer func() {
			input, output := model.Used()
			fmt.Fprintf(os.Stderr, "the judge %s used %d tokens of input and %d of output\n", model.Name(), input, output)
		}()
	}
	found, err := evaluationsfx.Calibrate(ctx, in, judge, c.Yes)
	if found.BadCount > 0 {
		fmt.Fprint(os.Stderr, badLines(found))
	}
	if err != nil {
		return err
	}
	if c.Format == "json" {
		e := json.NewEncoder(os.Stdout)
		e.SetIndent("", "  ")
		return e.Encode(calibrationOf(found))
	}
	return showCalibration(os.Stdout, found)
}

func judgeOf(name string) (*chatfx.ToolModel, error) {
	c, err := settings()
	if err != nil {
		return nil, err
	}
	return chatfx.Settings{Models: c.Models()}.Tool(name)
}

func badLines(c evaluationsfx.Calibration) string {
	var s strings.Builder
	for _, b := range c.Bad {
		fmt.Fprintf(&s, "line %d is left out: %s\n", b.Line, b.Reason)
	}
	if more := c.BadCount - len(c.Bad); more > 0 {
		fmt.Fprintf(&s, "and %d more lines\n", more)
	}
	return s.String()
}

// figure is an estimate; nil where it is not defined.
type figure = *evaluationsfx.Estimate

func showCalibration(out io.Writer, c evaluationsfx.Calibration) error {
	var s strings.Builder
	fmt.Fprintf(&s, "%d rows, %d with a yes (a verdict from %g on). 95 %% intervals by bootstrap.\n\n", c.Rows, c.Positive, c.Yes)
	t := tabwriter.NewWriter(&s, 0, 0, 2, ' ', 0)
	head := "metric\tvalues\tthreshold\tkappa\tAUC\tprecision\trecall"
	if c.Graded {
		head += "\tPearson r"
	}
	fmt.Fprintln(t, head)
	for _, m := range c.Metrics {
		fmt.Fprintf(t, "%s\t%d\t%.2f\t%s\t%s\t%s\t%s", m.Name, m.Rows, m.Threshold, shown(m.Kappa), shown(m.AUC), shown(m.Precision), shown(m.Recall))
		if c.Graded {
			fmt.Fprintf(t, "\t%s", shown(m.Pearson))
		}
		fmt.Fprintln(t)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	_, err := io.WriteString(out, s.String())
	return err
}

func shown(f figure) string {
	if f == nil {
		return "–"
	}
	return fmt.Sprintf("%.3f [%.3f, %.3f]", f.Value, f.Low, f.High)
}

// calibrationView is the JSON of a calibration. A figure that is not defined is
// null.
type calibrationView struct {
	Rows         int                 `json:"rows"`
	Positive     int                 `json:"positive"`
	VerdictFrom  float64             `json:"verdict_from"`
	Graded       bool                `json:"graded"`
	Metrics      []calibratedView    `json:"metrics"`
	BadLines     []calibratedBadLine `json:"bad_lines"`
	BadLineCount int                 `json:"bad_line_count"`
}

type calibratedView struct {
	Name      string               `json:"name"`
	Version   int                  `json:"version"`
	Threshold float64              `json:"threshold"`
	Rows      int                  `json:"rows"` // with a value
	NoValue   int                  `json:"no_value"`
	Kappa     *float64             `json:"kappa"` // at the threshold, as precision and recall
	AUC       *float64             `json:"auc"`
	Precision *float64             `json:"precision"`
	Recall    *float64             `json:"recall"`
	Pearson   *float64             `json:"pearson"`
	Intervals map[string][]float64 `json:"intervals"` // of 95 %
}

type calibratedBadLine struct {
	Line   int    `json:"line"`
	Reason string `json:"reason"`
}

func calibrationOf(c evaluationsfx.Calibration) calibrationView {
	v := calibrationView{
		Rows: c.Rows, Positive: c.Positive, VerdictFrom: c.Yes, Graded: c.Graded, Metrics: []calibratedView{},
		BadLines: []calibratedBadLine{}, BadLineCount: c.BadCount,
	}
	for _, b := range c.Bad {
		v.BadLines = append(v.BadLines, calibratedBadLine(b))
	}
	for _, m := range c.Metrics {
		x := calibratedView{Name: m.Name, Version: m.Version, Threshold: m.Threshold, Rows: m.Rows, NoValue: m.NoValue, Intervals: map[string][]float64{}}
		for _, f := range []struct {
			name string
			of   figure
			to   **float64
		}{
			{"kappa", m.Kappa, &x.Kappa}, {"auc", m.AUC, &x.AUC}, {"precision", m.Precision, &x.Precision}, {"recall", m.Recall, &x.Recall},
			{"pearson", m.Pearson, &x.Pearson},
		} {
			if f.of != nil {
				*f.to = &f.of.Value
				x.Intervals[f.name] = []float64{f.of.Low, f.of.High}
			}
		}
		v.Metrics = append(v.Metrics, x)
	}
	return v
}
