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
	if err := a.title(); err != nil {
		return err
	}
	main, err := a.mainPart("word/document.xml")
	if err != nil {
		return err
	}
	rels, err := a.relations(main)
	if err != nil {
		return err
	}
	styles, err := a.headingStyles(related(rels, "styles"))
	if err != nil {
		return err
	}
	for _, part := range []string{main, related(rels, "footnotes"), related(rels, "endnotes")} {
		if part == "" {
			continue
		}
		w := &docxWriter{out: out, styles: styles}
		if err := a.each(part, w.token); err != nil {
			return err
		}
		for len(w.open) > 0 {
			w.endParagraph()
		}
	}
	return out.err
}

// headingStyles gives the heading level of each paragraph style that has one,
// of its own or from the style that it is based on.
func (a *archive) headingStyles(part string) (map[string]int, error) {
	type style struct {
		name, base string
		level      int
	}
	all := map[string]style{}
	id, current := "", style{}
	err := a.each(part, func(tok xml.Token) error {
		switch e := tok.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "style":
				id, current = xmlAttr(e, "styleId"), style{}
			case "name":
				current.name = strings.ToLower(xmlAttr(e, "val"))
			case "basedOn":
				current.base = xmlAttr(e, "val")
			case "outlineLvl":
				current.level = outlineLevel(e)
			}
		case xml.EndElement:
			if e.Name.Local == "style" {
				all[id] = current
			}
		}
		return nil
	})
	levels := make(map[string]int, len(all))
	for id, s := range all {
		const longestChain = 20
		for range longestChain {
			if s.level == 0 {
				s.level = headingName(s.name)
			}
			base, ok := all[s.base]
			if s.level > 0 || !ok {
				break
			}
			s = base
		}
		if s.level > 0 {
			levels[id] = s.level
		}
	}
	return levels, err
}

// outlineLevel counts from 1; 9 in the file is body text, 0 here.
func outlineLevel(e xml.StartElement) int {
	n, err := strconv.Atoi(xmlAttr(e, "val"))
	if err != nil || n < 0 || n > 8 {
		return 0
	}
	return n + 1
}

// headingName knows the built-in styles, whose names in the file are English
// in every language of the program.
func headingName(name string) int {
	if name == "title" {
		return 1
	}
	if rest, ok := strings.CutPrefix(name, "heading "); ok {
		if n, err := strconv.Atoi(rest); err == nil && n >= 1 && n <= 9 {
			return n
		}
	}
	return 0
}

// docxParagraph is one open w:p. They nest: a text box stands in a paragraph.
type docxParagraph struct {
	text  strings.Builder
	level int // of a heading
	list  int // depth in a list, from 1
	code  bool
}

// docxTable is one open w:tbl. A table in a cell adds its text to that cell.
type docxTable struct {
	rows    [][]string
	cell    []string
	trusted bool
}

type docxWriter struct {
	out    *builder
	styles map[string]int
	open   []*docxParagraph
	tables []*docxTable
	// skip counts open elements whose content is not the document's text.
	skip int
	// inText: character data belongs to the text.
	inText bool
}

// docxSkipped: deleted text, field codes, drawings for old programs (a copy of
// what stands beside it), and previous formatting.
var docxSkipped = map[string]bool{
	"del": true, "moveFrom": true, "delText": true, "instrText": true, "delInstrText": true, "Fallback": true,
	"pPrChange": true, "rPrChange": true,
}

func (w *docxWriter) token(tok xml.Token) error {
	switch e := tok.(type) {
	case xml.StartElement:
		if w.skip > 0 || docxSkipped[e.Name.Local] {
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
	case "tbl":
		w.tables = append(w.tables, &docxTable{})
	case "tr":
		if t := w.table(); t != nil {
			t.rows = append(t.rows, nil)
		}
	case "tblHeader":
		if t := w.table(); t != nil && len(t.rows) == 1 {
			t.trusted = true
		}
	}
	p := w.paragraph()
	if p == nil {
		return
	}
	switch e.Name.Local {
	case "pStyle":
		style := xmlAttr(e, "val")
		p.level = w.styles[style]
		lower := strings.ToLower(style)
		p.code = strings.Contains(lower, "code") || strings.Contains(lower, "preformatted")
	case "outlineLvl":
		p.level = outlineLevel(e)
	case "numPr":
		p.list = 1
	case "ilvl":
		if n, err := strconv.Atoi(xmlAttr(e, "val")); err == nil && n >= 0 && n < 9 {
			p.list = n + 1
		}
	case "numId":
		if xmlAttr(e, "val") == "0" { // takes the numbering of the style away
			p.list = 0
		}
	}
}

func (w *docxWriter) end(name string) {
	switch name {
	case "t":
		w.inText = false
	case "p":
		w.endParagraph()
	case "tc":
		if t := w.table(); t != nil && len(t.rows) > 0 {
			last := len(t.rows) - 1
			t.rows[last] = append(t.rows[last], strings.Join(t.cell, "\n"))
			t.cell = nil
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
	switch t := w.table(); {
	case t != nil:
		t.cell = append(t.cell, text)
	case p.level > 0:
		w.out.heading(p.level, text)
	case p.list > 0:
		w.out.item(p.list, text)
	case p.code:
		w.out.code(text)
	default:
		w.out.paragraph(text)
	}
}

func (w *docxWriter) endTable() {
	t := w.table()
	if t == nil {
		return
	}
	w.tables = w.tables[:len(w.tables)-1]
	if outer := w.table(); outer != nil {
		for _, row := range t.rows {
			outer.cell = append(outer.cell, strings.Join(row, " "))
		}
		return
	}
	if isLayout(t.rows) {
		for _, row := range t.rows {
			for _, cell := range row {
				w.out.paragraph(cell)
			}
		}
		return
	}
	writeTable(w.out, t.rows, t.trusted)
}

// isLayout tells a frame around prose from a table.
func isLayout(rows [][]string) bool {
	for _, row := range rows {
		if len(row) > 1 {
			return false
		}
	}
	return true
}
