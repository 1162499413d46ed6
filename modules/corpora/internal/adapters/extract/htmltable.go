package extract

import (
	"strconv"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// isDataTable tells a table of data from one that only lays out a page: that
// holds tables, headings, or a cell of several paragraphs alone in its row.
func isDataTable(n *html.Node) bool {
	if attr(n, "role") == "presentation" || findElement(n.FirstChild, atom.Table) != nil || findElement(n, atom.H1) != nil {
		return false
	}
	if findElement(n, atom.Th) != nil {
		return true
	}
	rows, wide := 0, 0
	for d := range n.Descendants() {
		if d.DataAtom == atom.Tr {
			rows++
			if countCells(d) > 1 {
				wide++
			}
		}
	}
	prose := findElement(n, atom.Ul) != nil || findElement(n, atom.Ol) != nil || findElement(n, atom.P) != nil
	return wide > 1 || wide == rows && !prose
}

func countCells(tr *html.Node) int {
	n := 0
	for td := tr.FirstChild; td != nil; td = td.NextSibling {
		if td.DataAtom == atom.Td || td.DataAtom == atom.Th {
			n++
		}
	}
	return n
}

func (w *htmlWriter) table(n *html.Node) error {
	var g grid
	heads, headed := 0, true
	var visit func(n *html.Node, head bool)
	visit = func(n *html.Node, head bool) {
		for c := n.FirstChild; c != nil; c = c.NextSibling {
			switch c.DataAtom {
			case atom.Caption:
				w.out.paragraph(rawText(c))
			case atom.Tr:
				headed = (htmlRow(&g, c) || head) && headed
				if headed {
					heads++
				}
			default:
				visit(c, c.DataAtom == atom.Thead)
			}
		}
	}
	visit(n, false)
	if heads == len(g.rows) { // all cells are headings, so none is
		heads = 0
	}
	writeTable(w.out, g.rows, heads)
	return w.out.err
}

// htmlRow adds a row and reports whether all of its cells are headings.
func htmlRow(g *grid, tr *html.Node) bool {
	g.startRow()
	cells, heads := 0, 0
	for td := tr.FirstChild; td != nil; td = td.NextSibling {
		switch td.DataAtom {
		case atom.Th:
			heads++
		case atom.Td:
		default:
			continue
		}
		cells++
		g.add(rawText(td), spanOf(td, "colspan"), spanOf(td, "rowspan"))
	}
	g.endRow()
	return heads > 0 && heads == cells
}

// spanOf reads a span as browsers do; 0 rows are all that come.
func spanOf(td *html.Node, key string) int {
	const all = 65_534
	n, err := strconv.Atoi(attr(td, key))
	switch {
	case err != nil || n < 0:
		return 1
	case n == 0 && key == "rowspan":
		return all
	}
	return min(n, all)
}
