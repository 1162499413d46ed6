package extract

import (
	"strconv"
	"strings"
)

// tableWriter writes each cell as "header: value", so that a row says what it
// means in every passage. The first row that is not empty is the header, if it
// looks like one.
type tableWriter struct {
	out *builder
	// trusted: the format says that the first row is a header.
	trusted bool
	header  []string
	began   bool
}

// maxColumns bounds the work on one row; wider rows keep their other cells
// without a header.
const maxColumns = 4096

func (t *tableWriter) row(cells []string) {
	if blank(cells) {
		return
	}
	if !t.began {
		t.began = true
		if len(cells) > 1 && (t.trusted || looksLikeHeader(cells)) {
			t.header = make([]string, min(len(cells), maxColumns))
			for i := range t.header {
				t.header[i] = oneLine(clean(cells[i]))
			}
			return
		}
	}
	named := make([]string, 0, len(cells))
	for i, cell := range cells {
		cell = oneLine(clean(cell))
		switch {
		case cell == "":
			continue
		case i < len(t.header) && t.header[i] != "":
			cell = t.header[i] + ": " + cell
		case t.header != nil:
			cell = "Column " + strconv.Itoa(i+1) + ": " + cell
		}
		named = append(named, cell)
	}
	t.out.row(named)
}

// end keeps the text of a table that has a header and no rows.
func (t *tableWriter) end(rows int) {
	if rows <= 1 && t.header != nil {
		t.out.row(t.header)
	}
}

// writeTable writes a table that is complete in memory.
func writeTable(out *builder, rows [][]string, trusted bool) {
	t := &tableWriter{out: out, trusted: trusted}
	n := 0
	for _, cells := range rows {
		if !blank(cells) {
			n++
		}
		t.row(cells)
	}
	t.end(n)
}

func blank(cells []string) bool {
	for _, c := range cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

// looksLikeHeader wants every cell filled, short, different and not a number.
func looksLikeHeader(cells []string) bool {
	const longest = 80
	seen := make(map[string]bool, len(cells))
	for _, cell := range cells {
		cell = strings.TrimSpace(cell)
		if cell == "" || len(cell) > longest || seen[cell] || isNumber(cell) {
			return false
		}
		seen[cell] = true
	}
	return true
}

func isNumber(s string) bool {
	s = strings.TrimRight(strings.TrimLeft(s, "$€£ "), "% ")
	s = strings.ReplaceAll(s, ",", "")
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}
