package extract

import (
	"slices"
	"strconv"
	"strings"

	"parley/modules/corpora/internal/core/document"
)

// cell is one place in the grid of a table. The value of a cell that spans
// several places belongs to each of them.
type cell struct {
	text string
	// again: this place belongs to the cell to its left.
	again bool
}

// cellsOf makes a row without spans.
func cellsOf(texts []string) []cell {
	row := make([]cell, len(texts))
	for i, s := range texts {
		row[i].text = s
	}
	return row
}

// tableWriter writes each cell as "header: value", so that a row says what it
// means wherever it is shown. The first rows tell whether there is a header.
type tableWriter struct {
	out *builder
	// heads is how many rows the format says are the header; 0: it doesn't say.
	heads int

	first  [][]cell // rows that wait for the decision
	header []string
	used   []bool // columns under the header that have a value
	at     int    // where in the document the header would be
	began  bool   // the decision has been taken
	parted bool   // a blank row came: what follows may be another table
}

const (
	// maxColumns bounds the work on one row; wider rows keep their other cells
	// without a header.
	maxColumns = 4096
	// lookahead is how many rows are seen before the header is chosen.
	lookahead = 20
)

func (t *tableWriter) row(row []cell) {
	row = slices.Clone(row)
	for i := range row {
		row[i].text = oneLine(clean(row[i].text))
	}
	if filled(row) == 0 {
		return
	}
	if t.parted {
		t.parted, t.began = false, false
	}
	if !t.began {
		if t.first = append(t.first, row); len(t.first) < lookahead {
			return
		}
		t.begin()
		return
	}
	t.write(row)
}

// part is called for a blank row. Another table may follow it, or more rows of
// this one.
func (t *tableWriter) part() {
	if !t.began {
		if from, to, _ := headerRows(t.first, t.heads); from == to && t.header == nil {
			return // only titles, or a header, so far
		}
		t.begin()
	}
	t.parted = true
}

// end writes what waits, and keeps headers under which nothing stands.
func (t *tableWriter) end() {
	if !t.began {
		t.begin()
	}
	t.keepHeader()
}

func (t *tableWriter) keepHeader() {
	for i, name := range t.header {
		if name != "" && !t.used[i] {
			t.out.insertRow(t.at, t.header)
			return
		}
	}
}

// begin decides which of the first rows is the header, and writes the others.
func (t *tableWriter) begin() {
	t.began = true
	from, to, sure := headerRows(t.first, t.heads)
	if t.header != nil {
		if !sure { // more rows of the table above
			from, to = 0, 0
		} else {
			t.keepHeader()
			t.header, t.used = nil, nil
		}
	}
	for i, row := range t.first {
		switch {
		case i < from || to == from:
			t.write(row)
		case i == to-1:
			t.header = headerNames(t.first[from:to])
			t.used = make([]bool, len(t.header))
			t.at = len(t.out.blocks)
		case i >= to:
			t.write(row)
		}
	}
	t.first = nil
}

func (t *tableWriter) write(row []cell) {
	if len(row) > 1 && filled(row) == 1 && spansAll(row) { // a title within the table
		t.out.add(document.TableRow, 0, row[0].text)
		return
	}
	named := make([]string, 0, len(row))
	for i, c := range row {
		switch {
		case c.text == "":
			continue
		case i < len(t.header):
			t.used[i] = true
			if t.header[i] != "" {
				c.text = t.header[i] + ": " + c.text
			} else if i > 0 {
				c.text = column(i) + c.text
			}
		case t.header != nil:
			c.text = column(i) + c.text
		case c.again:
			continue
		}
		named = append(named, c.text)
	}
	t.out.row(named)
}

func column(i int) string { return "Column " + strconv.Itoa(i+1) + ": " }

// headerNames joins the names of several rows, each name once.
func headerNames(rows [][]cell) []string {
	width := 0
	for _, row := range rows {
		width = max(width, len(row))
	}
	names := make([]string, min(width, maxColumns))
	for i := range names {
		var parts []string
		for _, row := range rows {
			if i < len(row) && row[i].text != "" && !slices.Contains(parts, row[i].text) {
				parts = append(parts, row[i].text)
			}
		}
		names[i] = strings.Join(parts, " ")
	}
	return names
}

// writeTable writes a table that is complete in memory; heads is as in
// tableWriter.
func writeTable(out *builder, rows [][]cell, heads int) {
	t := &tableWriter{out: out, heads: heads}
	for _, row := range rows {
		t.row(row)
	}
	t.end()
}

// filled counts the cells with text, each span once.
func filled(row []cell) int {
	n := 0
	for _, c := range row {
		if strings.TrimSpace(c.text) != "" && !c.again {
			n++
		}
	}
	return n
}

// spansAll reports whether the first cell goes on to the end of the row.
func spansAll(row []cell) bool {
	return !slices.ContainsFunc(row[1:], func(c cell) bool { return !c.again })
}
