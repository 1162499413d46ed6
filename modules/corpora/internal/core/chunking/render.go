package chunking

import (
	"strings"
	"unicode/utf8"

	"parley/modules/corpora/internal/core/document"
)

// unit is what is never cut: a sentence, a row, a line of code, or a piece of
// one that is longer than a passage may be.
type unit struct {
	start, end int // bytes in the rendered text
	runes      int
	page       int
	section    int // index into sections
	heading    bool
}

// rendered is a document as one text, with its units and the headings over
// each of them.
type rendered struct {
	text     string
	units    []unit
	sections []string // heading paths, from the outermost in
}

const (
	maxDepth = 6
	// A heading of more characters is read as a paragraph: no title could
	// carry it.
	maxHeading = 200
)

type opened struct {
	text  string
	level int
	used  bool // some unit has it in its title
	at    unit // where the heading stands in the text
}

// render writes the blocks in simple Markdown: paragraphs apart, items with
// dashes, headings with number signs, code indented by four spaces, so that
// a reader can tell it from prose.
func render(doc document.Extracted, limit int) rendered {
	var (
		out  rendered
		b    strings.Builder
		path []opened
		last = document.Block{Kind: document.Paragraph}
	)
	// A heading that nothing stood under is kept as a unit of its own.
	closeTo := func(level int) {
		for len(path) > 0 && path[len(path)-1].level >= level {
			if top := path[len(path)-1]; !top.used {
				out.units = append(out.units, top.at)
				for i := range path {
					path[i].used = true
				}
			}
			path = path[:len(path)-1]
		}
	}
	out.sections = append(out.sections, "")
	for _, block := range doc.Blocks {
		body := strings.Trim(strings.ToValidUTF8(block.Text, "\uFFFD"), "\n\r \t")
		if body == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(between(last, block))
		}
		if block.Kind == document.Heading && utf8.RuneCountInString(body) > maxHeading {
			block.Kind = document.Paragraph
		}
		last = block
		if block.Kind == document.Heading {
			level := min(max(block.Level, 1), maxDepth)
			closeTo(level)
			b.WriteString(strings.Repeat("#", level) + " ")
			at := unit{start: b.Len(), page: block.Page, section: len(out.sections) - 1, heading: true}
			b.WriteString(body)
			at.end, at.runes = b.Len(), utf8.RuneCountInString(body)
			path = append(path, opened{oneLine(body), level, false, at})
			out.sections = append(out.sections, join(doc.Title, path))
			continue
		}
		if block.Kind == document.Code {
			body = "    " + strings.ReplaceAll(body, "\n", "\n    ")
		}
		if block.Kind == document.Item {
			b.WriteString(strings.Repeat("  ", min(max(block.Level, 1), maxDepth)-1) + "- ")
		}
		for i := range path {
			path[i].used = true
		}
		start := b.Len()
		b.WriteString(body)
		for _, s := range split(block.Kind, body) {
			for _, piece := range pieces(body[s.Start:s.End], limit) {
				from := start + s.Start + piece.Start
				to := start + s.Start + piece.End
				out.units = append(out.units, unit{start: from, end: to, page: block.Page, section: len(out.sections) - 1,
					runes: utf8.RuneCountInString(body[s.Start+piece.Start : s.Start+piece.End])})
			}
		}
	}
	closeTo(0)
	out.text = b.String()
	return out
}

func between(last, next document.Block) string {
	if last.Kind == next.Kind && (next.Kind == document.Item || next.Kind == document.TableRow) {
		return "\n"
	}
	return "\n\n"
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
