package extract

import (
	"encoding/xml"
	"strconv"
	"strings"
)

// comments writes those of a sheet: threads, and notes that are no copy of
// one.
func (b *workbook) comments(rels map[string]relation) error {
	threads := allRelated(rels, "threadedComment")
	for _, part := range threads {
		if err := b.commentPart(part, "threadedComment", b.people); err != nil {
			return err
		}
	}
	if len(threads) > 0 {
		return b.out.err
	}
	for _, part := range allRelated(rels, "comments") {
		if err := b.commentPart(part, "comment", nil); err != nil {
			return err
		}
	}
	return b.out.err
}

// commentPart reads one part; people is nil when it names its authors itself.
func (b *workbook) commentPart(part, element string, people map[string]string) error {
	var authors []string
	author, ref := "", ""
	var text strings.Builder
	in := false
	return b.each(part, func(tok xml.Token) error {
		switch e := tok.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case element:
				ref = xmlAttr(e, "ref")
				if i, err := strconv.Atoi(xmlAttr(e, "authorId")); err == nil && i >= 0 && i < len(authors) {
					author = authors[i]
				}
				if people != nil {
					author = people[xmlAttr(e, "personId")]
				}
			case "author", "t", "text":
				in = true
			}
		case xml.EndElement:
			switch e.Name.Local {
			case "author":
				authors = append(authors, text.String())
				text.Reset()
				in = false
			case "t", "text":
				in = false
			case element:
				// Programs put the author before what is said.
				said := strings.TrimPrefix(strings.TrimSpace(text.String()), author+":")
				if said = strings.TrimSpace(said); said != "" {
					b.out.comment(strings.TrimSpace(author+" on "+ref), said)
				}
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
