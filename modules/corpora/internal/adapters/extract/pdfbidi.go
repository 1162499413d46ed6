package extract

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/bidi"
	"golang.org/x/text/unicode/norm"
)

// rightToLeft reports whether a character belongs to a script that is written
// from right to left.
func rightToLeft(r rune) bool {
	p, _ := bidi.LookupRune(r)
	return p.Class() == bidi.R || p.Class() == bidi.AL
}

func hasRightToLeft(runs []run) bool {
	for _, r := range runs {
		if strings.ContainsFunc(r.text, rightToLeft) {
			return true
		}
	}
	return false
}

// cluster is what stands at one place of a line: a character with its marks,
// or the letters of a ligature.
type cluster struct {
	run
	base rune
}

// logical is the text of a line in the order in which it is read. Where its
// characters stand is certain, so they are sorted by that first; the order in
// which files have them is not.
func logical(runs []run, gap float64) string {
	clusters := clustersOf(runs)
	slices.SortStableFunc(clusters, func(a, b cluster) int { return cmp.Compare(a.start, b.start) })
	clusters = withSpaces(clusters, gap)
	right, left := 0, 0
	for _, c := range clusters {
		switch p, _ := bidi.LookupRune(c.base); p.Class() {
		case bidi.R, bidi.AL:
			right++
		case bidi.L:
			left++
		}
	}
	// Reordering is its own inverse but for the direction of the whole line.
	direction := bidi.LeftToRight
	if right > left {
		direction = bidi.RightToLeft
		slices.Reverse(clusters)
	}
	var bases strings.Builder
	for _, c := range clusters {
		bases.WriteRune(c.base)
	}
	return inReadingOrder(clusters, bases.String(), direction)
}

// inReadingOrder turns around the parts of a line that run against its
// direction. bases has one character for each cluster.
func inReadingOrder(clusters []cluster, bases string, direction bidi.Direction) string {
	var p bidi.Paragraph
	if _, err := p.SetString(bases, bidi.DefaultDirection(direction)); err != nil {
		return textOf(clusters)
	}
	order, err := p.Order()
	if err != nil {
		return textOf(clusters)
	}
	parts := make([][]cluster, 0, order.NumRuns())
	rest := clusters
	for i := range order.NumRuns() {
		r := order.Run(i)
		n := min(utf8.RuneCountInString(r.String()), len(rest))
		part := rest[:n]
		rest = rest[n:]
		if r.Direction() != direction {
			slices.Reverse(part)
		}
		parts = append(parts, part)
	}
	parts = append(parts, rest)
	var out strings.Builder
	for _, part := range parts {
		out.WriteString(textOf(part))
	}
	return out.String()
}

func textOf(clusters []cluster) string {
	var b strings.Builder
	for _, c := range clusters {
		b.WriteString(withoutForms(c.text))
	}
	return b.String()
}

// clustersOf attaches marks to the nearest character, and characters to those
// at the same place.
func clustersOf(runs []run) []cluster {
	out := make([]cluster, 0, len(runs))
	var marks []run
	for _, r := range runs {
		base, _ := utf8.DecodeRuneInString(r.text)
		n := len(out)
		switch {
		case unicode.Is(unicode.Mn, base):
			marks = append(marks, r)
		case n > 0 && r.start == out[n-1].start && r.end == out[n-1].end:
			out[n-1].text += r.text
		default:
			out = append(out, cluster{run: r, base: base})
		}
	}
	if len(out) == 0 || len(out)*len(marks) > maxMarkWork {
		for _, m := range marks {
			base, _ := utf8.DecodeRuneInString(m.text)
			out = append(out, cluster{run: m, base: base})
		}
		return out
	}
	for _, m := range marks {
		nearest, distance := 0, math.Inf(1)
		for i, c := range out {
			if d := math.Abs(c.start + c.end - m.start - m.end); d < distance && strings.TrimSpace(c.text) != "" {
				nearest, distance = i, d
			}
		}
		out[nearest].text += m.text
	}
	return out
}

// maxMarkWork bounds the search for the character under each mark of a line.
const maxMarkWork = 4_000_000

func withSpaces(clusters []cluster, gap float64) []cluster {
	out := make([]cluster, 0, len(clusters))
	for i, c := range clusters {
		if i > 0 {
			last := clusters[i-1]
			apart := distance(last.run, c.run) > gap
			if apart && strings.TrimSpace(last.text) != "" && strings.TrimSpace(c.text) != "" {
				out = append(out, cluster{run: run{text: " "}, base: ' '})
			}
		}
		out = append(out, c)
	}
	return out
}

// withoutForms turns the forms that letters of Arabic have within words, which
// only printers need, into the letters.
func withoutForms(s string) string {
	if !strings.ContainsFunc(s, arabicForm) {
		return s
	}
	return norm.NFKC.String(s)
}

func arabicForm(r rune) bool { return r >= 0xfb50 && r <= 0xfdff || r >= 0xfe70 && r <= 0xfefe }
