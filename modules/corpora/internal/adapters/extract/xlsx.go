package extract

import (
	"encoding/xml"
	"errors"
	"strconv"
	"strings"
)

func readXLSX(src source, out *builder) error {
	a, err := openArchive(src, "XLSX file", out)
	if err != nil {
		return err
	}
	if err := a.side(a.title(), "The properties of the file can't be read."); err != nil {
		return err
	}
	main, err := a.mainPart()
	if err != nil {
		return err
	}
	rels, err := a.relations(main)
	if err != nil {
		return err
	}
	book := &workbook{archive: a}
	if err := book.readStrings(related(rels, "sharedStrings")); err != nil {
		return err
	}
	if err := a.side(book.readStyles(related(rels, "styles")), "The number formats of the file can't be read, so numbers are as they are stored."); err != nil {
		return err
	}
	book.people, err = a.authors(related(rels, "person"), "person")
	if err := a.side(err, "The authors of comments can't be read."); err != nil {
		return err
	}
	type sheet struct{ name, part string }
	var sheets []sheet
	err = a.each(main, func(tok xml.Token) error {
		switch e, ok := tok.(xml.StartElement); {
		case !ok:
		case e.Name.Local == "sheet":
			sheets = append(sheets, sheet{xmlAttr(e, "name"), rels[relationID(e)].target})
		case e.Name.Local == "workbookPr":
			book.date1904 = xmlAttr(e, "date1904") == "1" || xmlAttr(e, "date1904") == "true"
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(sheets) > out.limits.MaxPages {
		return tooLarge("The file has %d sheets, and at most %d can be read.", len(sheets), out.limits.MaxPages)
	}
	missing := 0
	for _, s := range sheets {
		if !a.has(s.part) {
			missing++
			out.warn("The sheet %q is missing in the file.", oneLine(clean(s.name)))
			continue
		}
		if err := a.side(book.sheet(s.name, s.part), "The sheet %q can't be read to its end.", oneLine(clean(s.name))); err != nil {
			return err
		}
	}
	if missing == len(sheets) && missing > 0 {
		return broken(a.what, errors.New("all sheets are missing"))
	}
	return out.err
}

type workbook struct {
	*archive
	strings  []string
	formats  map[int]numberFormat // by cell style
	people   map[string]string    // who writes comments, by id
	date1904 bool
}

// readStrings reads the table of texts that cells refer to. What is spoken
// beside a text (furigana) is left out.
func (b *workbook) readStrings(part string) error {
	var text strings.Builder
	in, phonetic := false, false
	return b.each(part, func(tok xml.Token) error {
		switch e := tok.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "si":
				text.Reset()
			case "t":
				in = !phonetic
			case "rPh":
				phonetic = true
			}
		case xml.EndElement:
			switch e.Name.Local {
			case "si":
				b.strings = append(b.strings, text.String())
			case "t":
				in = false
			case "rPh":
				phonetic = false
			}
		case xml.CharData:
			if in {
				text.Write(e)
			}
		}
		return nil
	})
}

// sheet writes the sheet's name as a heading when the sheet has content, then
// its cells, what is drawn on it, and comments.
func (b *workbook) sheet(name, part string) error {
	merged, err := b.mergedCells(part)
	if err != nil {
		return err
	}
	w := &sheetWriter{book: b, name: name, table: &tableWriter{out: b.out}, merged: merged}
	err = b.each(part, w.token)
	w.table.end()
	if err != nil {
		return err
	}
	rels, err := b.relations(part)
	if err != nil {
		return err
	}
	for _, drawing := range allRelated(rels, "drawing") {
		if err := b.paragraphs(drawing); err != nil {
			return err
		}
		drawn, err := b.relations(drawing)
		if err != nil {
			return err
		}
		if err := b.drawings(drawn); err != nil {
			return err
		}
	}
	return b.comments(rels)
}

type sheetWriter struct {
	book  *workbook
	name  string
	table *tableWriter
	rows  int
	// merged has the cells that span others, in the order of rows.
	merged []mergedCell
	open   []mergedCell // that reach into the current row

	cells  []cell
	number int // of the row, from 1
	last   int // number of the last row with text
	column int
	kind   string // of the current cell
	style  int
	value  strings.Builder
	in     bool
}

func (w *sheetWriter) token(tok xml.Token) error {
	switch e := tok.(type) {
	case xml.StartElement:
		switch e.Name.Local {
		case "row":
			w.cells = w.cells[:0]
			w.column = -1
			w.number++
			if n, err := strconv.Atoi(xmlAttr(e, "r")); err == nil {
				w.number = n
			}
		case "c":
			w.column = cellColumn(xmlAttr(e, "r"), w.column)
			w.kind = xmlAttr(e, "t")
			w.style, _ = strconv.Atoi(xmlAttr(e, "s"))
			w.value.Reset()
		case "v", "t":
			w.in = true
		}
	case xml.EndElement:
		switch e.Name.Local {
		case "v", "t":
			w.in = false
		case "c":
			w.endCell()
		case "row":
			w.endRow()
		}
	case xml.CharData:
		if w.in {
			w.value.Write(e)
		}
	}
	return nil
}

func (w *sheetWriter) endCell() {
	if w.column < 0 || w.column >= maxColumns*4 { // the format ends at 16,384
		return
	}
	text := w.value.String()
	switch w.kind {
	case "s":
		i, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || i < 0 || i >= len(w.book.strings) {
			return
		}
		text = w.book.strings[i]
	case "b":
		text = map[string]string{"1": "TRUE", "0": "FALSE"}[strings.TrimSpace(text)]
	case "", "n":
		text = w.book.number(strings.TrimSpace(text), w.style)
	}
	if w.kind == "s" || w.kind == "str" || w.kind == "inlineStr" {
		text = w.book.text(text, w.style)
	}
	if text != "" {
		w.put(w.column, cell{text: text})
	}
}

func (w *sheetWriter) put(column int, c cell) {
	for len(w.cells) <= column {
		w.cells = append(w.cells, cell{})
	}
	w.cells[column] = c
}

func (w *sheetWriter) endRow() {
	w.fillMerged()
	if filled(w.cells) == 0 {
		return
	}
	if w.number > w.last+1 {
		w.table.part()
	}
	w.last = w.number
	if w.rows == 0 {
		w.book.out.heading(2, w.name)
	}
	w.rows++
	w.table.row(w.cells)
}

// cellColumn reads "BC12" as 54; a cell without a reference follows the last.
func cellColumn(ref string, last int) int {
	n := 0
	for _, c := range ref {
		if c < 'A' || c > 'Z' {
			break
		}
		if n = n*26 + int(c-'A') + 1; n > 1<<20 {
			break
		}
	}
	if n == 0 {
		return last + 1
	}
	return n - 1
}
