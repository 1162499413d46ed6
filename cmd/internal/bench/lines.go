package bench

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// Line is one figure by its name and unit.
type Line struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
}

// Figure returns a line; an empty unit is for plain numbers.
func Figure(name string, value float64, unit string) Line {
	return Line{Name: name, Value: value, Unit: unit}
}

// Show prints figures below a title.
func Show(w io.Writer, title string, lines []Line) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(t, "\n%s\n", title)
	for _, l := range lines {
		fmt.Fprintf(t, "%s\t%s\t%s\t\n", l.Name, Number(l.Value), l.Unit)
	}
	return t.Flush()
}

// Number has as many digits as say something.
func Number(v float64) string {
	switch {
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// Millis is a duration in milliseconds.
func Millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
