package gate

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

const (
	maxShown    = 50 // failed cases that the table lists
	maxQuestion = 80 // characters
)

// Table writes a report for people.
func (r Report) Table(out io.Writer) error {
	var s strings.Builder
	fmt.Fprintf(&s, "evaluation %d of agent %d on dataset %d (version %d): %d queries, %d failed, %d not scored\n\n",
		r.Evaluation, r.Agent, r.Dataset, r.DatasetVersion, r.Queries, r.Failed, r.NotScored)
	t := tabwriter.NewWriter(&s, 0, 0, 2, ' ', 0)
	head := "metric\tmean"
	if r.Baseline != nil {
		head += fmt.Sprintf("\tagainst evaluation %d", *r.Baseline)
	}
	fmt.Fprintln(t, head)
	for _, m := range r.metrics {
		fmt.Fprintf(t, "%s\t%s", m, number(r.Scores[m]))
		if d, ok := r.Differences[m]; ok {
			fmt.Fprintf(t, "\t%+.3f [%+.3f, %+.3f]", d.Mean, d.Low, d.High)
		}
		fmt.Fprintln(t)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	r.failures(&s)
	word := "passed"
	if !r.Passed {
		word = "FAILED"
	}
	fmt.Fprintf(&s, "\n%s: %s\n", word, r.Why)
	_, err := io.WriteString(out, s.String())
	return err
}

func (r Report) failures(s *strings.Builder) {
	listed := 0
	for _, c := range r.Cases {
		if c.Outcome != Failed && c.Outcome != NoAnswer && !c.Regressed {
			continue
		}
		if listed++; listed > maxShown {
			continue
		}
		if listed == 1 {
			s.WriteString("\nfailed:\n")
		}
		mark := string(c.Outcome)
		if c.Regressed {
			mark += ", passed in the baseline"
		}
		fmt.Fprintf(s, "  query %d (%s): %s\n", c.Query, mark, line(c.Question, maxQuestion))
	}
	if listed > maxShown {
		fmt.Fprintf(s, "  and %d more\n", listed-maxShown)
	}
}

func number(v *float64) string {
	if v == nil {
		return "–"
	}
	return fmt.Sprintf("%.3f", *v)
}

// line is a text on one line, without what would move a terminal.
func line(s string, limit int) string {
	s = strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || 0x80 <= r && r <= 0x9f }), " ")
	if runes := []rune(s); len(runes) > limit {
		return string(runes[:limit-1]) + "…"
	}
	return s
}

// JSON writes a report for programs.
func (r Report) JSON(out io.Writer) error {
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// The elements of JUnit's XML, as CI systems read it.
type (
	suites struct {
		XMLName xml.Name `xml:"testsuites"`
		Suite   suite    `xml:"testsuite"`
	}
	suite struct {
		Name       string     `xml:"name,attr"`
		Tests      int        `xml:"tests,attr"`
		Failures   int        `xml:"failures,attr"`
		Errors     int        `xml:"errors,attr"`
		Skipped    int        `xml:"skipped,attr"`
		Properties []property `xml:"properties>property"`
		Cases      []testcase `xml:"testcase"`
	}
	property struct {
		Name  string `xml:"name,attr"`
		Value string `xml:"value,attr"`
	}
	testcase struct {
		Class   string  `xml:"classname,attr"`
		Name    string  `xml:"name,attr"`
		Failure *detail `xml:"failure"`
		Error   *detail `xml:"error"`
		Skipped *detail `xml:"skipped"`
	}
	detail struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr,omitempty"`
		Text    string `xml:",chardata"`
	}
)

// JUnit writes a report as JUnit's XML: each query is a test case. When the gate
// is shut though no case fails, such as by a threshold of the mean, it is a case.
func (r Report) JUnit(out io.Writer) error {
	s := suite{Name: r.Name, Tests: len(r.Cases), Properties: []property{
		{"evaluation", fmt.Sprint(r.Evaluation)}, {"passed", fmt.Sprint(r.Passed)}, {"why", r.Why},
	}}
	for _, m := range r.metrics {
		s.Properties = append(s.Properties, property{m, number(r.Scores[m])})
	}
	for _, c := range r.Cases {
		x := testcase{Class: fmt.Sprintf("agent %d.dataset %d", r.Agent, r.Dataset), Name: fmt.Sprintf("%d: %s", c.Query, line(c.Question, maxQuestion))}
		switch {
		case c.Outcome == NoAnswer:
			s.Errors++
			x.Error = &detail{Message: c.Reason, Type: "no_answer", Text: c.told(r.metrics)}
		case c.Regressed: // by no score, too
			s.Failures++
			x.Failure = &detail{Message: "it passed in the baseline and fails here", Type: "regression", Text: c.told(r.metrics)}
		case c.Outcome == Failed:
			s.Failures++
			x.Failure = &detail{Message: "the answer is not the expected one", Type: "failed", Text: c.told(r.metrics)}
		case c.Outcome == NoScore:
			s.Skipped++
			x.Skipped = &detail{Message: c.Reason}
		}
		s.Cases = append(s.Cases, x)
	}
	if !r.Passed && s.Failures+s.Errors == 0 { // a CI system that reads the cases alone must see it
		s.Tests, s.Failures = s.Tests+1, 1
		s.Cases = append(s.Cases, testcase{
			Class: fmt.Sprintf("agent %d.dataset %d", r.Agent, r.Dataset), Name: "gate", Failure: &detail{Message: r.Why, Type: "gate"},
		})
	}
	if _, err := io.WriteString(out, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(out)
	e.Indent("", "  ")
	if err := e.Encode(suites{Suite: s}); err != nil {
		return err
	}
	_, err := io.WriteString(out, "\n")
	return err
}

func (c Case) told(metrics []string) string {
	var s strings.Builder
	fmt.Fprintf(&s, "question: %s\nexpected: %s\nanswer: %s\n", c.Question, c.Expected, c.Answer)
	for _, m := range metrics {
		fmt.Fprintf(&s, "%s: %s\n", m, number(c.Scores[m]))
	}
	return s.String()
}
