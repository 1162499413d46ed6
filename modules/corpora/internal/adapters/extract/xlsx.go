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
	if err := a.title(); err != nil {
		return err
	}
	main, err := a.mainPart("xl/workbook.xml")
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
	if err := book.readStyles(related(rels, "styles")); err != nil {
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
	for _, s := range sheets {
		if !a.has(s.part) {
			return broken(a.what, errors.New("a sheet is missing"))
		}
		if err := book.sheet(s.name, s.part); err != nil {
			return err
		}
	}
	return out.err
}

type workbook struct {
	*archive
	strings  []string
	dates    map[int]dateKind // by cell style
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

// sheet writes the sheet's name as a heading when the sheet has content.
func (b *workbook) sheet(name, part string) error {
	w := &sheetWriter{book: b, name: name, table: &tableWriter{out: b.out}}
	if err := b.each(part, w.token); err != nil {
		return err
	}
	w.table.end(w.rows)
	return b.out.err
}

type sheetWriter struct {
	book  *workbook
	name  string
	table *tableWriter
	rows  int

	cells  []string
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
	if text == "" {
		return
	}
	for len(w.cells) <= w.column {
		w.cells = append(w.cells, "")
	}
	w.cells[w.column] = text
}

func (w *sheetWriter) endRow() {
	if blank(w.cells) {
		return
	}
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
