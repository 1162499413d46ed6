package extract

import (
	"math"
	"slices"
	"strings"
	"unicode"
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
	// note: the line stands beside the page, as a comment does.
	note bool
}

// Distances, in units of the text's size.
const (
	// wordGap is a gap that reads as a space; a space is about 0.25 wide, and
	// kerning stays below 0.1.
	wordGap = 0.12
	// mostSpacing is how far apart the letters of a word may be set.
	mostSpacing = 0.7
	// lineDrift is how far off the line a raised or lowered character stands.
	lineDrift = 0.5
	// sameSpot is the offset of text that is printed twice to look bold.
	sameSpot = 0.12
)

// assemble joins the runs of a page to lines, in the order of the content,
// which in nearly all files is the order of reading.
func assemble(page int, runs []run) []pdfLine {
	var out []pdfLine
	for from := 0; from < len(runs); {
		to := from + 1
		for to < len(runs) && sameLine(runs[to-1], runs[to]) {
			to++
		}
		line := slices.CompactFunc(runs[from:to], printedTwice)
		if l, ok := lineOf(page, line); ok {
			out = append(out, l)
		}
		from = to
	}
	return out
}

// lineOf makes a line of runs, unless it has nothing to read.
func lineOf(page int, runs []run) (pdfLine, bool) {
	first := runs[0]
	line := pdfLine{page: page, start: first.start, end: first.end, across: first.across, dirX: first.dirX, dirY: first.dirY}
	var bold, chars int
	sizes := map[float64]int{}
	for _, r := range runs {
		n := utf8.RuneCountInString(strings.TrimSpace(r.text))
		chars += n
		if r.bold {
			bold += n
		}
		sizes[math.Round(r.size*2)/2] += n
		line.start, line.end = math.Min(line.start, r.start), math.Max(line.end, r.end)
	}
	line.bold, line.size = bold*2 > chars, mostUsed(sizes)
	gap := spaceGap(runs)
	if hasRightToLeft(runs) {
		line.text = logical(runs, gap)
	} else {
		line.text = spaced(runs, gap)
	}
	line.text = oneLine(clean(line.text))
	return line, strings.Trim(line.text, unreadable+" ") != ""
}

// spaced writes the runs in their order, and a space where a gap reads so.
func spaced(runs []run, gap float64) string {
	var b strings.Builder
	for i, r := range runs {
		if i > 0 {
			last := runs[i-1]
			if distance(last, r) > gap || r.start < last.start-wordGap*last.size {
				b.WriteByte(' ')
			}
		}
		b.WriteString(r.text)
	}
	return b.String()
}

// distance is the gap between two characters, in units of their size. It is
// negative where a glyph is wider than its place.
func distance(a, b run) float64 { return (b.start - a.end) / math.Max(a.size, b.size) }

// spaceGap is the gap from which on one reads as a space on this line: more
// than what separates its letters, if those are set apart.
func spaceGap(runs []run) float64 {
	const fewest = 4
	var gaps []float64
	letters := 0
	for i, r := range runs {
		char, _ := utf8.DecodeRuneInString(r.text)
		if unicode.IsLetter(char) {
			letters++
		}
		if i == 0 || unicode.IsSpace(char) || strings.TrimSpace(runs[i-1].text) == "" {
			continue
		}
		gaps = append(gaps, distance(runs[i-1], r))
	}
	if len(gaps) < fewest || letters*2 < len(runs) {
		return wordGap
	}
	slices.Sort(gaps)
	spacing := max(gaps[len(gaps)/4], 0)
	if spacing > mostSpacing || gaps[len(gaps)/2] > spacing+wordGap { // not letters that are set apart, but words
		return wordGap
	}
	return spacing + wordGap
}

func sameLine(a, b run) bool {
	if a.dirX*b.dirX+a.dirY*b.dirY < 0.99 {
		return false
	}
	return math.Abs(a.across-b.across) < lineDrift*math.Max(a.size, b.size)
}

// printedTwice: to look bold, a little apart. Letters at the very same place are
// those of a ligature.
func printedTwice(a, b run) bool {
	return a.text == b.text && a.start != b.start && strings.TrimSpace(a.text) != "" &&
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
