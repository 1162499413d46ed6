package extract

import (
	"math"
	"strings"
	"unicode/utf8"
)

// pdfLine is one line of text on a page.
type pdfLine struct {
	page       int
	text       string
	start, end float64
	across     float64
	size       float64
	dirX, dirY float64
	bold       bool
}

// Distances, in units of the text's size.
const (
	// wordGap is a gap that reads as a space; a space is about 0.25 wide, and
	// kerning stays below 0.1.
	wordGap = 0.15
	// lineDrift is how far off the line a raised or lowered character stands.
	lineDrift = 0.5
	// sameSpot is the offset of text that is printed twice to look bold.
	sameSpot = 0.12
)

// assemble joins the runs of a page to lines, in the order of the content,
// which in nearly all files is the order of reading.
func assemble(page int, runs []run) []pdfLine {
	var out []pdfLine
	var text strings.Builder
	var cur pdfLine
	var last run
	var boldChars, chars int
	sizes := map[float64]int{}
	flush := func() {
		if s := oneLine(clean(text.String())); s != "" {
			cur.text = s
			cur.bold = boldChars*2 > chars
			cur.size = mostUsed(sizes)
			out = append(out, cur)
		}
		text.Reset()
		boldChars, chars = 0, 0
		clear(sizes)
	}
	for i, r := range runs {
		switch {
		case i == 0 || !sameLine(last, r):
			flush()
			cur = pdfLine{page: page, start: r.start, end: r.end, across: r.across, dirX: r.dirX, dirY: r.dirY}
		case printedTwice(last, r):
			continue
		case math.Abs(r.start-last.end) > wordGap*math.Max(last.size, r.size):
			text.WriteByte(' ')
		}
		text.WriteString(r.text)
		n := utf8.RuneCountInString(strings.TrimSpace(r.text))
		chars += n
		if r.bold {
			boldChars += n
		}
		sizes[math.Round(r.size*2)/2] += n
		cur.start, cur.end = math.Min(cur.start, r.start), math.Max(cur.end, r.end)
		last = r
	}
	flush()
	return out
}

func sameLine(a, b run) bool {
	if a.dirX*b.dirX+a.dirY*b.dirY < 0.99 {
		return false
	}
	return math.Abs(a.across-b.across) < lineDrift*math.Max(a.size, b.size)
}

func printedTwice(a, b run) bool {
	return a.text == b.text && strings.TrimSpace(a.text) != "" &&
		math.Abs(a.start-b.start) < sameSpot*a.size && math.Abs(a.across-b.across) < sameSpot*a.size
}

func mostUsed(sizes map[float64]int) float64 {
	best, most := 0.0, -1
	for size, n := range sizes {
		if n > most || n == most && size > best {
			best, most = size, n
		}
	}
	return best
}
