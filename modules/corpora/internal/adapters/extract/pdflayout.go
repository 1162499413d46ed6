package extract

import (
	"cmp"
	"fmt"
	"iter"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// pdfLayout finds headings and paragraphs in lines of all pages, for only all
// of them tell what the usual size and distance are.
type pdfLayout struct {
	lines []pdfLine
	pages int
}

// page adds a page's text, and then its notes, and returns their size in bytes.
func (p *pdfLayout) page(number int, runs []run, notes []string) int {
	lines := assemble(number, runs)
	for _, note := range notes {
		lines = append(lines, pdfLine{page: number, text: oneLine(clean(note)), note: true})
	}
	p.pages++
	p.lines = append(p.lines, lines...)
	n := 0
	for _, line := range lines {
		n += len(line.text)
	}
	return n
}

func (p *pdfLayout) write(out *builder) {
	lines := p.withoutFurniture()
	printed := slices.DeleteFunc(slices.Clone(lines), func(l pdfLine) bool { return l.note })
	body := bodySize(printed)
	leading := usualLeading(printed)
	levels := headingLevels(printed, body)
	for i := 0; i < len(lines) && out.err == nil; {
		end := i + 1
		for end < len(lines) && continues(lines[i:end], lines[end], leading) {
			end++
		}
		block := lines[i:end]
		i = end
		joined := joinLines(block)
		text := leaders.ReplaceAllString(joined, " ")
		out.page = block[0].page
		switch mark := pdfBullet.FindString(text); {
		case block[0].note:
			out.paragraph(text)
		case text == joined && isPDFHeading(block, text, body):
			out.heading(levels[block[0].size], text)
		case mark != "" && strings.ContainsAny(mark, "0123456789"):
			out.item(1, text)
		case mark != "":
			out.item(1, text[len(mark):])
		default:
			out.paragraph(text)
		}
	}
}

// leaders are the dots between an entry of a table of contents and its page.
var leaders = regexp.MustCompile(`(?:\s*[.:·_…]){5,}\s*`)

// pdfBullet also takes characters that could not be read, which at the start
// of a line are bullets of symbol fonts.
var pdfBullet = regexp.MustCompile(`^\s*(?:[-*+•‣–▪●○■◦\x{fffd}]|\(?\d{1,3}[.)])\s+`)

// withoutFurniture drops what stands at the top or bottom of many pages and
// differs in nothing but the number of the page.
func (p *pdfLayout) withoutFurniture() []pdfLine {
	const fewest = 4
	if p.pages < fewest {
		return p.lines
	}
	keys := map[int][]string{} // of the outermost lines, by their index
	seen := map[string]int{}
	for from, to := range pageSpans(p.lines) {
		for _, i := range outermost(p.lines, from, to) {
			keys[i] = furnitureKeys(p.lines[i])
			for _, key := range keys[i] {
				seen[key]++
			}
		}
	}
	kept := make([]pdfLine, 0, len(p.lines))
	for from, to := range pageSpans(p.lines) {
		before := len(kept)
		for i := from; i < to; i++ {
			furniture := slices.ContainsFunc(keys[i], func(key string) bool {
				return seen[key] >= 3 && seen[key]*5 >= p.pages*2 // pages to the left and to the right may differ
			})
			if !furniture {
				kept = append(kept, p.lines[i])
			}
		}
		if len(kept) == before { // short pages that look alike
			kept = append(kept, p.lines[from:to]...)
		}
	}
	return kept
}

// pageSpans gives the first line of each page and the first after it.
func pageSpans(lines []pdfLine) iter.Seq2[int, int] {
	return func(yield func(int, int) bool) {
		for from := 0; from < len(lines); {
			to := from
			for to < len(lines) && lines[to].page == lines[from].page {
				to++
			}
			if !yield(from, to) {
				return
			}
			from = to
		}
	}
}

// outermost are the two lines at the top and the two at the bottom of a page.
func outermost(lines []pdfLine, from, to int) []int {
	const each = 2
	order := make([]int, 0, to-from)
	for i := from; i < to; i++ {
		if !lines[i].note {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(lines[b].across, lines[a].across) })
	if len(order) > 2*each {
		order = slices.Concat(order[:each], order[len(order)-each:])
	}
	return order
}

var digits = regexp.MustCompile(`\d+`)

// furnitureKeys are the ways to read a line as one that returns on each page:
// each number in it is either the same everywhere or counts the pages. Lines
// of many numbers are content.
func furnitureKeys(line pdfLine) []string {
	const most = 3
	places := digits.FindAllStringIndex(line.text, most+1)
	if len(places) > most {
		return nil
	}
	keys := make([]string, 0, 1<<len(places))
	for choice := range 1 << len(places) {
		var key strings.Builder
		last := 0
		for i, place := range places {
			number := line.text[place[0]:place[1]]
			key.WriteString(line.text[last:place[0]])
			last = place[1]
			if n, err := strconv.Atoi(number); err == nil && choice&(1<<i) != 0 {
				number = fmt.Sprintf("\x00%d", n-line.page)
			}
			key.WriteString(number)
		}
		key.WriteString(line.text[last:])
		keys = append(keys, key.String())
	}
	return keys
}

// bodySize is the size of most characters.
func bodySize(lines []pdfLine) float64 {
	sizes := map[float64]int{}
	for _, line := range lines {
		sizes[line.size] += len(line.text)
	}
	return mostUsed(sizes)
}

// usualLeading is the median distance of lines, in units of their size.
func usualLeading(lines []pdfLine) float64 {
	var gaps []float64
	for i := 1; i < len(lines); i++ {
		a, b := lines[i-1], lines[i]
		if gap := (a.across - b.across) / b.size; a.page == b.page && a.size == b.size && gap > 0.8 && gap < 2.5 {
			gaps = append(gaps, gap)
		}
	}
	if len(gaps) == 0 {
		return 1.2
	}
	slices.Sort(gaps)
	return gaps[len(gaps)/2]
}

// headingRatio is how much larger than the body a heading is.
const headingRatio = 1.12

// headingLevels ranks the sizes above that of the body; bold lines of about
// the body's size come after them.
func headingLevels(lines []pdfLine, body float64) map[float64]int {
	var sizes []float64
	for _, line := range lines {
		if line.size >= body*headingRatio && !slices.Contains(sizes, line.size) && len(sizes) < 100 {
			sizes = append(sizes, line.size)
		}
	}
	slices.SortFunc(sizes, func(a, b float64) int { return cmp.Compare(b, a) })
	levels := map[float64]int{}
	for i, size := range sizes {
		levels[size] = min(i+1, 6)
	}
	for _, line := range lines {
		if levels[line.size] == 0 {
			levels[line.size] = min(len(sizes)+1, 6)
		}
	}
	return levels
}

func isPDFHeading(block []pdfLine, text string, body float64) bool {
	const longest, mostLines = 200, 3
	if len(text) > longest || len(block) > mostLines || !strings.ContainsFunc(text, unicode.IsLetter) {
		return false
	}
	if block[0].size >= body*headingRatio {
		return true
	}
	last, _ := utf8.DecodeLastRuneInString(text)
	return block[0].bold && block[0].size >= body*0.98 && len(text) <= longest/2 && !strings.ContainsRune(".;,", last)
}

// continues reports whether next belongs to the paragraph of lines.
func continues(lines []pdfLine, next pdfLine, leading float64) bool {
	first, last := lines[0], lines[len(lines)-1]
	if last.note || next.note {
		return false
	}
	if math.Abs(next.size-last.size) > 0.1*last.size || next.bold != last.bold || pdfBullet.MatchString(next.text) {
		return false
	}
	end, _ := utf8.DecodeLastRuneInString(last.text)
	begin, _ := utf8.DecodeRuneInString(next.text)
	finished := strings.ContainsRune(".!?:", end)
	gap := (last.across - next.across) / last.size
	if next.page != last.page || gap <= 0 || last.dirX*next.dirX+last.dirY*next.dirY < 0.99 {
		// The next column or page: a sentence may go on there.
		return !finished && unicode.IsLower(begin) && !last.bold
	}
	if gap > leading*1.35 {
		return false
	}
	if finished && len(lines) > 0 {
		width := first.end - first.start
		for _, line := range lines {
			width = math.Max(width, line.end-first.start)
		}
		short := last.end-first.start < 0.8*width
		indented := next.start-last.start > 0.8*last.size
		return !short && !indented
	}
	return true
}

// joinLines joins lines with spaces and undoes hyphenation.
func joinLines(lines []pdfLine) string {
	var b strings.Builder
	for i, line := range lines {
		text := line.text
		if i+1 < len(lines) && hyphenated(text, lines[i+1].text) {
			b.WriteString(strings.TrimRight(text, "-\u2010"))
			continue
		}
		b.WriteString(text)
		if i+1 < len(lines) && !unspaced(text, lines[i+1].text) {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// unspaced: Chinese and Japanese go on in the next line without a space.
func unspaced(text, next string) bool {
	last, _ := utf8.DecodeLastRuneInString(text)
	first, _ := utf8.DecodeRuneInString(next)
	return isIdeographic(last) && isIdeographic(first)
}

// hyphenated: a letter and a hyphen end the line, a small letter begins the
// next, and the word has no other hyphen, which would make it a compound.
func hyphenated(text, next string) bool {
	cut := strings.TrimSuffix(strings.TrimSuffix(text, "-"), "\u2010")
	if len(cut) == len(text) {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(cut)
	after, _ := utf8.DecodeRuneInString(next)
	word := cut[strings.LastIndexByte(cut, ' ')+1:]
	return unicode.IsLetter(before) && unicode.IsLower(after) && !strings.ContainsAny(word, "-\u2010")
}
