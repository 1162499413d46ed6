package chunking

import (
	"strings"
	"unicode/utf8"

	"parley/modules/corpora"
	"parley/modules/corpora/internal/core/document"
)

// The sizes that were measured to find best; all in characters.
const (
	// Size is what a passage of a longer document holds at most.
	Size = 800
	// Whole is what a document holds at most that is one passage, about a page. It
	// must also have one section and one page, so that a citation loses nothing.
	Whole = 3_000
	// wholeBytes is as much of it as a model that embeds passages is given, beside a
	// title: 3,000 characters of Chinese are three pages.
	wholeBytes = 3_800
	// overlapSentences are repeated from the passage before, if they are no
	// more than half of Size.
	overlapSentences = 2
	// A passage of at least this length never goes on over a heading.
	shortest = 200
	// maxTitle bounds a passage's title.
	maxTitle = 300
)

// Passage is a slice of a document's text.
type Passage struct {
	Number     int    // from 1, in reading order
	Title      string // document and headings, as in "Guide › Backups › Restore"
	Text       string // never empty, at most Size characters, or Whole if it is all of the document
	Page       int    // where it begins, 0 without pages
	Start, End int    // bytes in the document's text; Text lies there
	// Sections begin within the passage, see corpora.Passage.
	Sections []corpora.Section
}

// Passages cuts a document; its Title begins the title of every passage. The
// second value is the whole text that the offsets refer to. A document without
// text has no passages.
func Passages(doc document.Extracted) ([]Passage, string) {
	doc.Title = oneLine(doc.Title)
	r := render(doc, Size)
	r.sections[0] = clip(doc.Title)
	size := Size
	if r.isShort() {
		size = Whole
	}
	var out []Passage
	for begin, covered := 0, 0; covered < len(r.units); {
		end := r.fill(begin, covered, size)
		first, last := r.units[begin], r.units[end-1]
		out = append(out, Passage{
			Number: len(out) + 1,
			Title:  r.sections[first.section],
			Text:   r.text[first.start:last.end],
			Page:   first.page,
			Start:  first.start,
			End:    last.end,

			Sections: r.sectionsWithin(begin, end),
		})
		covered = end
		begin = r.back(end)
	}
	return out, r.text
}

// sectionsWithin finds where, between the units, another section begins.
func (r rendered) sectionsWithin(begin, end int) []corpora.Section {
	var out []corpora.Section
	for i := begin + 1; i < end; i++ {
		if last := r.units[i-1]; r.units[i].section != last.section {
			out = append(out, corpora.Section{At: last.end - r.units[begin].start, Title: r.sections[r.units[i].section]})
		}
	}
	return out
}

// isShort reports whether the document is not cut.
func (r rendered) isShort() bool {
	for _, u := range r.units {
		if u.section != r.units[0].section || u.page != r.units[0].page {
			return false
		}
	}
	return len(r.units) > 0 && r.units[len(r.units)-1].end-r.units[0].start <= wholeBytes && r.runes(0, len(r.units)) <= Whole
}

// fill takes units from begin on, at least one that is not covered yet.
func (r rendered) fill(begin, covered, size int) int {
	end := begin
	for end < len(r.units) {
		if end > covered && (r.runes(begin, end+1) > size || r.breaks(begin, end)) {
			break
		}
		end++
	}
	return end
}

// breaks reports whether a heading stands before the unit at end that a
// passage does not go on over. It goes on only while it is short, and only
// when all of the next section fits.
func (r rendered) breaks(begin, end int) bool {
	if end == begin || r.units[end].section == r.units[end-1].section {
		return false
	}
	if r.runes(begin, end) >= shortest {
		return true
	}
	last := end
	for last < len(r.units) && r.units[last].section == r.units[end].section {
		if last++; r.runes(begin, last) > Size {
			return true
		}
	}
	return false
}

// back goes from end to where the overlap of the next passage begins.
func (r rendered) back(end int) int {
	begin := end
	if end == len(r.units) {
		return end
	}
	for begin > 0 && end-begin < overlapSentences {
		if r.units[begin-1].section != r.units[end].section || r.runes(begin-1, end) > Size/2 || r.runes(begin-1, end+1) > Size {
			break
		}
		begin--
	}
	return begin
}

// runes is the length of the text from the first unit to before the last.
func (r rendered) runes(first, last int) int {
	if first >= last {
		return 0
	}
	return utf8.RuneCountInString(r.text[r.units[first].start:r.units[last-1].end])
}

func join(title string, path []opened) string {
	parts := make([]string, 0, len(path)+1)
	if title != "" {
		parts = append(parts, title)
	}
	for i, p := range path {
		if i == 0 && strings.EqualFold(p.text, title) {
			continue
		}
		parts = append(parts, p.text)
	}
	return clip(strings.Join(parts, " › "))
}

// clip keeps the end of a long title: the nearest headings say most.
func clip(title string) string {
	n := utf8.RuneCountInString(title)
	if n <= maxTitle {
		return title
	}
	runes := []rune(title)
	return "…" + string(runes[n-maxTitle+1:])
}
