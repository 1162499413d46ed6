package markdown

import (
	"strings"

	"github.com/yuin/goldmark/text"
)

// delimiting are the bytes of a delimiter row, and of the marks of quotes before
// it.
const delimiting = " \t\r\v\f|:->"

// longestRow is how much of a line is looked at: one that may be a delimiter row
// so far is taken for one.
const longestRow = 1000

// table is where the first table may begin in the lines of a leaf, or the end of
// the text. The last line may go on, and is for divide to look at.
func (l *layout) table(lines *text.Segments) int {
	for i := 1; i < lines.Len(); i++ {
		if line := lines.At(i); line.Stop > line.Start && l.source[line.Stop-1] == '\n' && delimits(l.source[line.Start:line.Stop]) {
			return lines.At(i - 1).Start
		}
	}
	return len(l.source)
}

// delimits reports whether a line may be a delimiter row.
func delimits(line string) bool {
	return strings.Trim(line, delimiting+"\n") == "" && strings.Contains(line, "-")
}

// divide is the verdict on a code span that a table would divide or read
// differently: whether a table has it may be for the next line to say.
func (l *layout) divide(s span, last bool) verdict {
	if n, in := holding(l.leaves, s.start); !in || l.tables[n] < s.stop {
		return cell
	}
	end := lineEnd(l.source, l.closing(s))
	next := l.source[min(end+1, len(l.source)):]
	next = next[:min(longestRow, len(next))]
	row := next[:len(next)-len(strings.TrimLeft(next, delimiting))]
	switch {
	case len(row) < len(next) && next[len(row)] != '\n':
		return inline
	case len(row) == longestRow:
		return cell
	case len(row) == len(next) && !last:
		return unknown
	case delimits(row):
		return cell
	}
	return inline
}
