package extract

import (
	"encoding/xml"
	"strconv"
	"strings"
)

// drawings writes the texts of charts and diagrams (SmartArt) that a part
// refers to.
func (a *archive) drawings(rels map[string]relation) error {
	for _, part := range allRelated(rels, "diagramData") {
		if err := a.side(a.paragraphs(part), "A diagram in the file can't be read."); err != nil {
			return err
		}
	}
	for _, part := range allRelated(rels, "chart", "chartEx") {
		if err := a.side(a.chart(part), "A chart in the file can't be read."); err != nil {
			return err
		}
	}
	return a.out.err
}

// paragraphs writes each paragraph of text (a:p) of a part.
func (a *archive) paragraphs(part string) error {
	var text strings.Builder
	in := false
	return a.each(part, func(tok xml.Token) error {
		switch e := tok.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "t":
				in = e.Name.Space == "a"
			case "br":
				text.WriteByte(' ')
			}
		case xml.EndElement:
			switch e.Name.Local {
			case "t":
				in = false
			case "p":
				a.out.paragraph(text.String())
				text.Reset()
			}
		case xml.CharData:
			if in {
				text.Write(e)
			}
		}
		return nil
	})
}

// chartSeries is one series of a chart: its name, and a value for each
// category.
type chartSeries struct {
	name               string
	categories, values []string
}

// chartReader gathers titles and series of a chart.
type chartReader struct {
	out     *builder
	path    []string
	text    strings.Builder // of a title
	value   strings.Builder
	point   int
	current chartSeries
	series  []chartSeries
}

// maxPoints is how many points of a series, and series of a chart, are read.
const maxPoints = 10_000

// chart writes a chart's titles, and its numbers as a table.
func (a *archive) chart(part string) error {
	c := &chartReader{out: a.out}
	if err := a.each(part, c.token); err != nil {
		return err
	}
	if len(c.series) == 0 {
		return a.out.err
	}
	head := []string{""}
	longest := c.series[0]
	for _, s := range c.series {
		head = append(head, s.name)
		if len(s.categories) > len(longest.categories) {
			longest = s
		}
	}
	rows := [][]cell{cellsOf(head)}
	for i := range max(len(longest.categories), len(longest.values)) {
		row := []string{at(longest.categories, i)}
		for _, s := range c.series {
			row = append(row, at(s.values, i))
		}
		rows = append(rows, cellsOf(row))
	}
	writeTable(a.out, rows, 1)
	return a.out.err
}

func at(list []string, i int) string {
	if i < len(list) {
		return list[i]
	}
	return ""
}

func (c *chartReader) inside(name string) bool {
	for _, p := range c.path {
		if p == name {
			return true
		}
	}
	return false
}

func (c *chartReader) token(tok xml.Token) error {
	switch e := tok.(type) {
	case xml.StartElement:
		c.path = append(c.path, e.Name.Local)
		switch e.Name.Local {
		case "ser":
			c.current = chartSeries{}
		case "pt":
			c.point, _ = strconv.Atoi(xmlAttr(e, "idx"))
			c.value.Reset()
		case "v":
			c.value.Reset()
		}
	case xml.EndElement:
		c.end(e.Name.Local)
		c.path = c.path[:max(len(c.path)-1, 0)]
	case xml.CharData:
		switch last := len(c.path) - 1; {
		case last < 0:
		case c.path[last] == "t":
			c.text.Write(e)
		case c.path[last] == "v":
			c.value.Write(e)
		}
	}
	return nil
}

func (c *chartReader) end(name string) {
	switch name {
	case "p":
		c.out.paragraph(c.text.String())
		c.text.Reset()
	case "v":
		value := strings.TrimSpace(c.value.String())
		switch {
		case c.inside("tx"):
			c.current.name = strings.TrimSpace(c.current.name + " " + value)
		case c.inside("cat") || c.inside("xVal"):
			put(&c.current.categories, c.point, value)
		case c.inside("val") || c.inside("yVal"):
			if n, err := strconv.ParseFloat(value, 64); err == nil {
				value = strconv.FormatFloat(roundTo15(n), 'f', -1, 64)
			}
			put(&c.current.values, c.point, value)
		}
	case "ser":
		if len(c.series) < maxPoints {
			c.series = append(c.series, c.current)
		}
	}
}

// put stores a value at an index that a file gives.
func put(list *[]string, i int, value string) {
	if i < 0 || i >= maxPoints {
		return
	}
	for len(*list) <= i {
		*list = append(*list, "")
	}
	(*list)[i] = value
}
