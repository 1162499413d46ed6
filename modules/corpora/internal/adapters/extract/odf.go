package extract

import (
	"encoding/xml"
	"strconv"
	"strings"
)

const odfMIME = "application/vnd.oasis.opendocument."

func readODF(src source, out *builder) error {
	a, err := openArchive(src, "OpenDocument file", out)
	if err != nil {
		return err
	}
	if err := a.side(a.titleIn("meta.xml"), "The properties of the file can't be read."); err != nil {
		return err
	}
	w := &odfWriter{out: out, sheets: strings.HasPrefix(a.head("mimetype"), odfMIME+"spreadsheet")}
	if err := a.each("content.xml", w.token); err != nil {
		return err
	}
	if w.pages > 0 {
		out.setPages(w.pages)
	}
	return out.err
}

// odfParagraph is one open paragraph or heading. They nest: a text box stands
// in a paragraph.
type odfParagraph struct {
	text  strings.Builder
	level int // of a heading
}

// odfTable is one open table. A table in a cell adds its text to that cell.
type odfTable struct {
	grid
	cell      []string
	wide      int // columns of the cell
	tall      int // rows of the cell
	copies    int // of the cell side by side
	blanks    int // cells without text that wait for one with
	heads     int // rows that are marked as the header
	inHead    bool
	sheetName string
}

type odfWriter struct {
	out    *builder
	open   []*odfParagraph
	tables []*odfTable
	lists  int
	pages  int
	// sheets: tables are sheets, and their names headings.
	sheets bool
	// class is that of the frame on a slide, as title.
	class string
	// skip counts open elements whose content is not the document's text.
	skip int
	// comment: one is open; inAuthor: so is the name of who wrote it.
	comment, inAuthor bool
	author, said      strings.Builder
}

// odfSkipped: deleted text, the number of a footnote, dates of comments.
var odfSkipped = map[string]bool{
	"tracked-changes": true, "note-citation": true, "date": true, "date-string": true, "forms": true, "ruby-text": true,
	"page-number": true, "page-count": true, "sequence-decls": true, "variable-decls": true,
}

func (w *odfWriter) token(tok xml.Token) error {
	switch e := tok.(type) {
	case xml.StartElement:
		if w.skip > 0 || odfSkipped[e.Name.Local] {
			w.skip++
			return nil
		}
		w.start(e)
	case xml.EndElement:
		if w.skip > 0 {
			w.skip--
			return nil
		}
		w.end(e.Name.Local)
	case xml.CharData:
		if w.skip > 0 {
			return nil
		}
		if w.inAuthor {
			w.author.Write(e)
			return nil
		}
		w.write(string(e))
	}
	return nil
}

func (w *odfWriter) start(e xml.StartElement) {
	switch e.Name.Local {
	case "p":
		w.open = append(w.open, &odfParagraph{})
	case "h":
		level, err := strconv.Atoi(xmlAttr(e, "outline-level"))
		if err != nil {
			level = 1
		}
		w.open = append(w.open, &odfParagraph{level: max(level, 1)})
	case "s":
		w.write(" ")
	case "tab":
		w.write("\t")
	case "line-break":
		w.write("\n")
	case "list":
		w.lists++
	case "annotation":
		w.comment = true
		w.author.Reset()
		w.said.Reset()
	case "creator":
		w.inAuthor = w.comment
	case "page":
		if e.Name.Space == "draw" {
			w.pages++
			w.out.page = w.pages
		}
	case "frame":
		w.class = xmlAttr(e, "class")
	case "table":
		t := &odfTable{}
		if len(w.tables) == 0 && len(w.open) == 0 {
			t.sheetName = xmlAttr(e, "name")
		}
		w.tables = append(w.tables, t)
	default:
		if t := w.table(); t != nil {
			t.start(e)
		}
	}
}

// start reads what says how a cell lies in its table.
func (t *odfTable) start(e xml.StartElement) {
	switch e.Name.Local {
	case "table-header-rows":
		t.inHead = true
	case "table-row":
		t.startRow()
		t.blanks = 0
		if t.inHead {
			t.heads++
		}
	case "table-cell":
		t.cell = nil
		t.wide, t.tall = xmlNumber(e, "number-columns-spanned"), xmlNumber(e, "number-rows-spanned")
		t.copies = xmlNumber(e, "number-columns-repeated")
	case "covered-table-cell": // the span of another cell fills it
		t.cell, t.copies = nil, 0
	}
}

func (t *odfTable) endCell() {
	text := strings.Join(t.cell, "\n")
	t.cell = nil
	if strings.TrimSpace(text) == "" && t.wide*t.tall <= 1 {
		t.blanks += min(t.copies, maxColumns)
		return
	}
	t.flushBlanks()
	for range min(t.copies, maxColumns) {
		t.add(text, t.wide, t.tall)
	}
}

// flushBlanks writes the cells without text before one that has some; those
// at the end of a row, often thousands, are left out.
func (t *odfTable) flushBlanks() {
	for range t.blanks {
		t.add("", 1, 1)
	}
	t.blanks = 0
}

func (w *odfWriter) end(name string) {
	switch name {
	case "p", "h":
		w.endParagraph()
	case "list":
		w.lists--
	case "creator":
		w.inAuthor = false
	case "annotation":
		w.comment = false
		w.out.comment(w.author.String(), w.said.String())
	case "frame":
		w.class = ""
	case "table":
		w.endTable()
	case "table-header-rows":
		if t := w.table(); t != nil {
			t.inHead = false
		}
	case "table-cell":
		if t := w.table(); t != nil {
			t.endCell()
		}
	case "table-row":
		if t := w.table(); t != nil {
			t.endRow()
		}
	}
}

func (w *odfWriter) table() *odfTable {
	if len(w.tables) == 0 {
		return nil
	}
	return w.tables[len(w.tables)-1]
}

// write adds text as XML has it: line breaks are only space.
func (w *odfWriter) write(s string) {
	if n := len(w.open); n > 0 {
		w.open[n-1].text.WriteString(s)
	}
}

func (w *odfWriter) endParagraph() {
	n := len(w.open)
	if n == 0 {
		return
	}
	p := w.open[n-1]
	w.open = w.open[:n-1]
	text := p.text.String()
	switch t := w.table(); {
	case w.comment:
		w.said.WriteString(text + "\n")
	case t != nil:
		t.cell = append(t.cell, text)
	case p.level > 0:
		w.out.heading(p.level, text)
	case w.class == "title":
		w.out.heading(2, text)
	case w.lists > 0:
		w.out.item(w.lists, text)
	default:
		w.out.paragraph(text)
	}
}

func (w *odfWriter) endTable() {
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
	written := len(w.out.blocks)
	writeTable(w.out, t.rows, t.heads)
	if t.sheetName != "" && len(w.out.blocks) > written && w.sheets {
		w.out.insertHeading(written, 2, t.sheetName)
	}
}
