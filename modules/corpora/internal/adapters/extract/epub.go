package extract

import (
	"encoding/xml"
	"errors"
	"net/url"
	"path"
	"strings"
)

const epubContainer = "META-INF/container.xml"

// readEPUB reads the chapters of a book in the order that its spine gives.
func readEPUB(src source, out *builder) error {
	a, err := openArchive(src, "EPUB file", out)
	if err != nil {
		return err
	}
	book := ""
	err = a.each(epubContainer, func(tok xml.Token) error {
		if e, ok := tok.(xml.StartElement); ok && e.Name.Local == "rootfile" && book == "" {
			book = strings.TrimPrefix(xmlAttr(e, "full-path"), "/")
		}
		return nil
	})
	if err != nil {
		return err
	}
	if !a.has(book) {
		return broken(a.what, errors.New("no package document"))
	}
	if err := a.titleIn(book); err != nil {
		return err
	}
	chapters, err := a.spine(book)
	if err != nil {
		return err
	}
	if out.title == "" { // the titles of chapters are not the book's
		defer func(title *string) {
			if *title == "-" {
				*title = ""
			}
		}(&out.title)
		out.title = "-"
	}
	for i, chapter := range chapters {
		data, err := a.read(chapter)
		if err == nil {
			err = htmlDocument(data, "application/xhtml+xml; charset=utf-8", out)
		}
		if err := a.side(err, "Chapter %d of the book can't be read.", i+1); err != nil {
			return err
		}
	}
	return out.err
}

// spine is the list of parts that make up the book.
func (a *archive) spine(book string) ([]string, error) {
	parts, seen := map[string]string{}, map[string]bool{}
	var out []string
	err := a.each(book, func(tok xml.Token) error {
		e, ok := tok.(xml.StartElement)
		if !ok {
			return nil
		}
		switch e.Name.Local {
		case "item":
			if href, err := url.PathUnescape(xmlAttr(e, "href")); err == nil && strings.Contains(xmlAttr(e, "media-type"), "html") {
				parts[xmlAttr(e, "id")] = path.Join(path.Dir(book), href)
			}
		case "itemref":
			if part := parts[xmlAttr(e, "idref")]; part != "" && !seen[part] {
				seen[part] = true
				out = append(out, part)
			}
		}
		return nil
	})
	return out, err
}
