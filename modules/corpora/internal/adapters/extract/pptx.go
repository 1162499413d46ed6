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
	authors, err := a.authors(related(rels, "commentAuthors"), "cmAuthor")
	if err := a.side(err, "The authors of comments can't be read."); err != nil {
		return err
	}
	out.setPages(len(slides))
	missing := 0
	for i, slide := range slides {
		if out.err != nil {
			return out.err
		}
		if !a.has(slide) {
			missing++
			out.warn("Slide %d is missing in the file.", i+1)
			continue
		}
		out.page = i + 1
		if err := a.side(a.slide(slide, authors), "Slide %d can't be read.", i+1); err != nil {
			return err
		}
	}
	if missing == len(slides) && missing > 0 {
		return broken(a.what, errors.New("all slides are missing"))
	}
	return out.err
}

// slide writes a slide, what is drawn on it, its notes and its comments.
func (a *archive) slide(part string, authors map[string]string) error {
	if err := a.each(part, (&slideWriter{out: a.out}).token); err != nil {
		return err
	}
	rels, err := a.relations(part)
	if err != nil {
		return err
	}
	if err := a.drawings(rels); err != nil {
		return err
	}
	if notes := related(rels, "notesSlide"); notes != "" {
		if err := a.each(notes, (&slideWriter{out: a.out, notes: true}).token); err != nil {
			return err
		}
	}
	for _, comments := range allRelated(rels, "comments") {
		if err := a.slideComments(comments, authors); err != nil {
			return err
		}
	}
	return a.out.err
}

// authors of comments by their ids.
func (a *archive) authors(part, element string) (map[string]string, error) {
	out := map[string]string{}
	return out, a.each(part, func(tok xml.Token) error {
		if e, ok := tok.(xml.StartElement); ok && e.Name.Local == element {
			out[xmlAttr(e, "id")] = xmlAttr(e, "name") + xmlAttr(e, "displayName")
		}
		return nil
	})
}

// slideComments reads comments of both kinds: those with a text, and those
// with paragraphs.
func (a *archive) slideComments(part string, authors map[string]string) error {
	author, in := "", false
	var text strings.Builder
	return a.each(part, func(tok xml.Token) error {
		switch e := tok.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "cm", "reply":
				author = authors[xmlAttr(e, "authorId")]
			case "text", "t":
				in = true
			}
		case xml.EndElement:
			switch e.Name.Local {
			case "text", "t":
				in = false
			case "p", "cm":
				a.out.comment(author, text.String())
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

// slideWriter writes the shapes of a slide in the order of the file, which is
// the order in which they are drawn.
type slideWriter struct {
	out   *builder
	notes bool

	text   strings.Builder
	inText bool
	shape  string // placeholder type of the current shape
	level  int
	table  grid
	cells  int  // open table cells
	wide   int  // columns of the cell
	tall   int  // rows of the cell
	merged bool // the cell belongs to another one
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
		w.table = grid{}
	case "tr":
		w.table.startRow()
	case "tc":
		w.cells++
		w.wide, w.tall = xmlNumber(e, "gridSpan"), xmlNumber(e, "rowSpan")
		w.merged = xmlAttr(e, "hMerge") != "" || xmlAttr(e, "vMerge") != ""
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
		if !w.merged { // the span of the other cell covers this one
			w.table.add(w.text.String(), w.wide, w.tall)
		}
		w.text.Reset()
	case "tr":
		w.table.endRow()
	case "tbl":
		writeTable(w.out, w.table.rows, 0)
		w.table = grid{}
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
