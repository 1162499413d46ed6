package extract

import (
	"encoding/xml"
	"strconv"
	"strings"
)

func readDOCX(src source, out *builder) error {
	a, err := openArchive(src, "DOCX file", out)
	if err != nil {
		return err
	}
	if err := a.side(a.title(), "The properties of the document can't be read."); err != nil {
		return err
	}
	main, err := a.mainPart()
	if err != nil {
		return err
	}
	rels, err := a.relations(main)
	if err := a.side(err, "The list of the document's parts can't be read."); err != nil {
		return err
	}
	styles, err := a.paragraphStyles(related(rels, "styles"))
	if err := a.side(err, "The styles of the document can't be read, so headings may be missing."); err != nil {
		return err
	}
	numbers, err := a.numbering(related(rels, "numbering"))
	if err := a.side(err, "The numbers of lists can't be read."); err != nil {
		return err
	}
	write := func(part string) error {
		w := &docxWriter{out: out, styles: styles, numbers: numbers, chunk: func(id string) error { return a.chunk(rels[id]) }}
		if err := a.each(part, w.token); err != nil {
			return err
		}
		for len(w.open) > 0 {
			w.endParagraph()
		}
		return out.err
	}
	if err := write(main); err != nil {
		return err
	}
	if err := a.drawings(rels); err != nil {
		return err
	}
	for _, kind := range []string{"footnotes", "endnotes", "comments"} {
		if err := a.side(write(related(rels, kind)), "The %s of the document can't be read.", kind); err != nil {
			return err
		}
	}
	return out.err
}

// docxParagraph is one open w:p. They nest: a text box stands in a paragraph.
type docxParagraph struct {
	text  strings.Builder
	level int // of a heading
	list  listPlace
	code  bool
}

// docxTable is one open w:tbl. A table in a cell adds its text to that cell.
type docxTable struct {
	grid
	cell  []string
	wide  int  // columns of the cell
	below bool // the cell belongs to the one above it
	heads int  // rows that are marked as the header
}

type docxWriter struct {
	out     *builder
	styles  map[string]paragraphStyle
	numbers *numbering
	// author of the comment that is being read; comment: one is.
	author  string
	comment bool
	open    []*docxParagraph
	tables  []*docxTable
	// chunk reads a document within the document, by its relation.
	chunk func(id string) error
	// skip counts open elements whose content is not the document's text.
	skip int
	// inText: character data belongs to the text.
	inText bool
}

// docxSkipped: deleted text, field codes, drawings for old programs (a copy of
// what stands beside it), and previous formatting.
var docxSkipped = map[string]bool{
	"del": true, "moveFrom": true, "delText": true, "instrText": true, "delInstrText": true, "Fallback": true,
	"pPrChange": true, "rPrChange": true, "rt": true,
}

func (w *docxWriter) token(tok xml.Token) error {
	switch e := tok.(type) {
	case xml.StartElement:
		if w.skip > 0 || docxSkipped[e.Name.Local] {
			w.skip++
			return nil
		}
		if e.Name.Local == "altChunk" {
			return w.chunk(relationID(e))
		}
		w.start(e)
	case xml.EndElement:
		if w.skip > 0 {
			w.skip--
			return nil
		}
		w.end(e.Name.Local)
	case xml.CharData:
		if w.inText && w.skip == 0 {
			w.write(string(e))
		}
	}
	return nil
}

func (w *docxWriter) start(e xml.StartElement) {
	switch e.Name.Local {
	case "p":
		w.open = append(w.open, &docxParagraph{})
	case "t":
		w.inText = true
	case "tab", "ptab":
		w.write("\t")
	case "br", "cr":
		w.write("\n")
	case "noBreakHyphen":
		w.write("-")
	case "comment":
		w.author, w.comment = xmlAttr(e, "author"), true
	case "tbl":
		w.tables = append(w.tables, &docxTable{})
	}
	if t := w.table(); t != nil {
		t.start(e)
	}
	p := w.paragraph()
	if p == nil {
		return
	}
	switch e.Name.Local {
	case "pStyle":
		style := xmlAttr(e, "val")
		p.level, p.list = w.styles[style].heading, w.styles[style].list
		lower := strings.ToLower(style)
		p.code = strings.Contains(lower, "code") || strings.Contains(lower, "preformatted")
	case "outlineLvl":
		p.level = outlineLevel(e)
	case "ilvl":
		p.list.level, _ = strconv.Atoi(xmlAttr(e, "val"))
	case "numId":
		p.list.list = xmlAttr(e, "val") // 0 takes the numbering of the style away
	}
}

// start reads what says how a cell lies in its table.
func (t *docxTable) start(e xml.StartElement) {
	number := func() int {
		n, err := strconv.Atoi(xmlAttr(e, "val"))
		if err != nil {
			return 1
		}
		return n
	}
	switch e.Name.Local {
	case "tr":
		t.startRow()
	case "gridBefore":
		t.skip(number())
	case "tblHeader":
		if len(t.rows) == t.heads+1 && xmlAttr(e, "val") != "0" && xmlAttr(e, "val") != "false" {
			t.heads++
		}
	case "tc":
		t.cell, t.wide, t.below = nil, 1, false
	case "gridSpan":
		t.wide = number()
	case "vMerge":
		t.below = xmlAttr(e, "val") != "restart"
	}
}

func (t *docxTable) endCell() {
	text := strings.Join(t.cell, "\n")
	t.cell = nil
	if t.below && strings.TrimSpace(text) == "" {
		t.continued(t.wide)
		return
	}
	t.add(text, t.wide, 1)
}

func (w *docxWriter) end(name string) {
	switch name {
	case "t":
		w.inText = false
	case "p":
		w.endParagraph()
	case "tc":
		if t := w.table(); t != nil {
			t.endCell()
		}
	case "tbl":
		w.endTable()
	}
}

func (w *docxWriter) write(s string) {
	if p := w.paragraph(); p != nil {
		p.text.WriteString(s)
	}
}

func (w *docxWriter) paragraph() *docxParagraph {
	if len(w.open) == 0 {
		return nil
	}
	return w.open[len(w.open)-1]
}

func (w *docxWriter) table() *docxTable {
	if len(w.tables) == 0 {
		return nil
	}
	return w.tables[len(w.tables)-1]
}

func (w *docxWriter) endParagraph() {
	p := w.paragraph()
	if p == nil {
		return
	}
	w.open = w.open[:len(w.open)-1]
	text := p.text.String()
	if strings.TrimSpace(text) == "" {
		return
	}
	listed := p.list.list != "" && p.list.list != "0"
	if number := w.number(p); number != "" {
		text = number + " " + text
	}
	switch t := w.table(); {
	case w.comment:
		w.out.comment(w.author, text)
	case t != nil:
		t.cell = append(t.cell, text)
	case p.level > 0:
		w.out.heading(p.level, text)
	case listed:
		w.out.item(min(max(p.list.level, 0), listLevels-1)+1, text)
	case p.code:
		w.out.code(text)
	default:
		w.out.paragraph(text)
	}
}

// number is that of a paragraph in its list, as it shows.
func (w *docxWriter) number(p *docxParagraph) string {
	if p.list.list == "" || p.list.list == "0" || w.numbers == nil {
		return ""
	}
	return w.numbers.next(p.list.list, p.list.level)
}

func (w *docxWriter) endTable() {
	t := w.table()
	if t == nil {
		return
	}
	w.tables = w.tables[:len(w.tables)-1]
	if outer := w.table(); outer != nil {
		for _, row := range t.rows {
			outer.cell = append(outer.cell, strings.Join(textsOf(row), " "))
		}
		return
	}
	if isLayout(t.rows) {
		for _, row := range t.rows {
			for _, text := range textsOf(row) {
				w.out.paragraph(text)
			}
		}
		return
	}
	writeTable(w.out, t.rows, t.heads)
}

// textsOf gives the text of each cell of a row once.
func textsOf(row []cell) []string {
	out := make([]string, 0, len(row))
	for _, c := range row {
		if !c.again {
			out = append(out, c.text)
		}
	}
	return out
}

// isLayout tells a frame around prose from a table.
func isLayout(rows [][]cell) bool {
	for _, row := range rows {
		if len(row) > 1 {
			return false
		}
	}
	return true
}
