package extract

import (
	"encoding/xml"
	"errors"
	"strconv"
	"strings"
)

func readPPTX(src source, out *builder) error {
	a, err := openArchive(src, "PPTX file", out)
	if err != nil {
		return err
	}
	if err := a.title(); err != nil {
		return err
	}
	main, err := a.mainPart("ppt/presentation.xml")
	if err != nil {
		return err
	}
	rels, err := a.relations(main)
	if err != nil {
		return err
	}
	var slides []string
	err = a.each(main, func(tok xml.Token) error {
		if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "sldId" {
			slides = append(slides, rels[relationID(e)].target)
		}
		return nil
	})
	if err != nil {
		return err
	}
	out.setPages(len(slides))
	for i, slide := range slides {
		if out.err != nil {
			return out.err
		}
		if !a.has(slide) {
			return broken(a.what, errors.New("slide "+strconv.Itoa(i+1)+" is missing"))
		}
		out.page = i + 1
		if err := a.slide(slide); err != nil {
			return err
		}
	}
	return out.err
}

// slide writes a slide and then its notes.
func (a *archive) slide(part string) error {
	if err := a.each(part, (&slideWriter{out: a.out}).token); err != nil {
		return err
	}
	rels, err := a.relations(part)
	if err != nil {
		return err
	}
	if notes := related(rels, "notesSlide"); notes != "" {
		return a.each(notes, (&slideWriter{out: a.out, notes: true}).token)
	}
	return nil
}

// slideWriter writes the shapes of a slide in the order of the file, which is
// the order in which they are drawn.
type slideWriter struct {
	out   *builder
	notes bool

	text   strings.Builder
	inText bool
	shape  string // placeholder type of the current shape
	level  int
	table  [][]string
	cells  int // open table cells
	skip   int
}

func (w *slideWriter) token(tok xml.Token) error {
	switch e := tok.(type) {
	case xml.StartElement:
		if w.skip > 0 || e.Name.Local == "Fallback" {
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
			w.text.Write(e)
		}
	}
	return nil
}

func (w *slideWriter) start(e xml.StartElement) {
	switch e.Name.Local {
	case "sp":
		w.shape = ""
	case "ph":
		w.shape = xmlAttr(e, "type")
		if w.shape == "" {
			w.shape = "body"
		}
	case "pPr":
		w.level, _ = strconv.Atoi(xmlAttr(e, "lvl"))
	case "t":
		w.inText = true
	case "br", "tab":
		w.text.WriteByte(' ')
	case "tbl":
		w.table = nil
	case "tr":
		w.table = append(w.table, nil)
	case "tc":
		w.cells++
	}
}

func (w *slideWriter) end(name string) {
	switch name {
	case "t":
		w.inText = false
	case "p":
		if w.cells > 0 {
			w.text.WriteByte(' ')
			return
		}
		w.paragraph()
	case "tc":
		w.cells--
		if last := len(w.table) - 1; last >= 0 {
			w.table[last] = append(w.table[last], w.text.String())
		}
		w.text.Reset()
	case "tbl":
		writeTable(w.out, w.table, false)
		w.table = nil
	}
}

func (w *slideWriter) paragraph() {
	text := w.text.String()
	level := w.level
	w.text.Reset()
	w.level = 0
	switch w.shape {
	case "title", "ctrTitle":
		if !w.notes {
			w.out.heading(2, text)
		}
	case "sldNum", "dt", "ftr", "hdr", "sldImg": // repeated on every slide
	case "body", "obj":
		if w.notes {
			w.out.paragraph(text)
			return
		}
		w.out.item(min(max(level, 0), 8)+1, text)
	default:
		w.out.paragraph(text)
	}
}
