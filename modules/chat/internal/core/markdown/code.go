package markdown

import (
	"sort"
	"strings"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// verdict is what is known of a place in a text that may go on.
type verdict int

const (
	unknown verdict = iota // it depends on what comes
	words
	code   // a block
	inline // a code span
	cell   // a code span that a table would divide, or read differently
)

type span struct{ start, stop int }

// codeSpan is a span of code, between the backticks.
type codeSpan struct {
	span
	divided bool // it has a bar or a line break, or is in a torn cell
	torn    int  // up to where the cell goes on whose beginning a span has, 0 if none has
}

// layout is where code stands in a text.
type layout struct {
	source string
	blocks []span // of code, whole lines
	opens  []span // lines that open a fence
	spans  []codeSpan
	leaves []span // paragraphs and headings
	tables []int  // of each leaf: where the line above its first delimiter row begins
	tops   []int  // where the blocks of the document begin
	open   []int  // of each leaf: where backticks begin that nothing closes
	over   bool   // the last leaf can't go on
}

func (f *Filter) layoutOf(source string) layout {
	f.looked += len(source)
	l := layout{source: source}
	root := reader().Parse(text.NewReader([]byte(source)))
	for n := root.FirstChild(); n != nil; n = n.NextSibling() {
		l.tops = append(l.tops, lineStart(source, max(n.Pos(), 0)))
	}
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if entering {
			l.add(n)
		}
		return ast.WalkContinue, nil
	})
	for _, leaf := range l.leaves {
		l.open = append(l.open, l.unmatched(leaf))
	}
	if n := len(l.leaves); n > 0 {
		l.over = strings.Count(source[l.leaves[n-1].stop:], "\n") > 1
	}
	return l
}

func (l *layout) add(n ast.Node) {
	switch n := n.(type) {
	case *ast.FencedCodeBlock:
		open := span{lineStart(l.source, n.Pos()), lineEnd(l.source, n.Pos())}
		l.opens = append(l.opens, open)
		l.addLines(&l.blocks, n)
	case *ast.CodeBlock:
		l.addLines(&l.blocks, n)
	case *ast.CodeSpan:
		first, isFirst := n.FirstChild().(*ast.Text)
		last, isLast := n.LastChild().(*ast.Text)
		if isFirst && isLast {
			l.addSpan(span{first.Segment.Start, last.Segment.Stop})
		}
	case *ast.Paragraph, *ast.TextBlock, *ast.Heading:
		if lines := n.Lines(); lines.Len() > 0 {
			l.leaves = append(l.leaves, span{lines.At(0).Start, lines.At(lines.Len() - 1).Stop})
			l.tables = append(l.tables, l.table(lines))
		}
	}
}

// addSpan adds a code span. A table, which its delimiter row may make of any
// paragraph, reads each cell alone: where a span has a bar or a line break, the
// cell behind begins with its closing backticks, and nothing in that cell pairs
// as it does in a paragraph.
func (l *layout) addSpan(s span) {
	begin, torn := s.start, false
	if n := len(l.spans); n > 0 {
		torn = l.spans[n-1].torn >= begin
	}
	if begin > 0 && l.source[begin-1] != '`' { // what a reader trims is of the span
		begin--
	}
	end := s.stop + strings.IndexByte(l.source[s.stop:], '`')
	divided := strings.ContainsAny(l.source[begin:max(begin, end)], "|\n")
	c := codeSpan{span: s, divided: divided || torn}
	if torn {
		c.torn = l.spans[len(l.spans)-1].torn
	}
	if closed := l.closing(s); divided && c.torn < closed {
		c.torn = l.cellEnd(closed)
	}
	l.spans = append(l.spans, c)
}

// cellEnd is where the cell that has a place ends.
func (l *layout) cellEnd(i int) int {
	for ; i < len(l.source); i++ {
		if c := l.source[i]; c == '\n' || c == '|' && l.source[i-1] != '\\' {
			break
		}
	}
	return i
}

// torn reports whether a place is in a cell whose beginning a code span has.
func (l *layout) torn(i int) bool {
	n := sort.Search(len(l.spans), func(n int) bool { return l.spans[n].start > i })
	return n > 0 && i <= l.spans[n-1].torn
}

func (l *layout) addLines(to *[]span, n ast.Node) {
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		*to = append(*to, span{line.Start, line.Stop})
	}
}

func lineStart(s string, i int) int { return strings.LastIndexByte(s[:min(i, len(s))], '\n') + 1 }

func lineEnd(s string, i int) int {
	if n := strings.IndexByte(s[i:], '\n'); n >= 0 {
		return i + n
	}
	return len(s)
}

// at is the verdict on a place. The text is whole when last is true.
func (l *layout) at(i int, last bool) verdict {
	if _, in := holding(l.blocks, i); in {
		return code
	}
	if n, in := holding(l.opens, i); in {
		if l.opens[n].stop == len(l.source) && !last { // a backtick to come makes it a paragraph
			return unknown
		}
		return code
	}
	if n, in := holding(l.leaves, i); in && !last && n == len(l.leaves)-1 && l.open[n] < i && !l.over {
		return unknown // what is open may close, and hold what follows
	}
	if n := sort.Search(len(l.spans), func(n int) bool { return l.spans[n].stop > i }); n < len(l.spans) && l.spans[n].start <= i {
		s := l.spans[n]
		switch {
		case l.closing(s.span) == len(l.source) && !last: // the closing backticks may become more
			return unknown
		case s.divided:
			return l.divide(s.span, last)
		}
		return inline
	}
	return words
}

// loose reports whether backticks stand before a place that nothing closes in
// its leaf, or may in its cell.
func (l *layout) loose(i int) bool {
	n, in := holding(l.leaves, i)
	return in && l.open[n] < i || l.torn(i)
}

// holding finds the span that a place is in.
func holding(spans []span, i int) (int, bool) {
	n := sort.Search(len(spans), func(n int) bool { return spans[n].stop > i })
	return n, n < len(spans) && spans[n].start <= i
}

// closing is where the backticks behind a code span end.
func (l *layout) closing(s span) int {
	i := s.stop
	for i < len(l.source) && l.source[i] != '`' {
		i++
	}
	for i < len(l.source) && l.source[i] == '`' {
		i++
	}
	return i
}

// unmatched is the first place of a leaf whose backticks nothing closes, or the
// end of the text.
func (l *layout) unmatched(leaf span) int {
	for i := leaf.start; i < leaf.stop; i++ {
		switch l.source[i] {
		case '\\':
			i++
		case '`':
			run := i
			for run < len(l.source) && l.source[run] == '`' {
				run++
			}
			n := sort.Search(len(l.spans), func(n int) bool { return l.spans[n].start >= run })
			if n == len(l.spans) || l.spans[n].start > run+1 {
				return i
			}
			i = l.closing(l.spans[n].span) - 1
		}
	}
	return len(l.source)
}
