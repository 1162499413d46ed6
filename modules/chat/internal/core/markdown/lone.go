package markdown

import (
	"regexp"
	"strconv"
	"strings"
)

var (
	// plainly is how a line begins that is one of a paragraph wherever it stands.
	plainly = regexp.MustCompile("^(?:[^\\s~`#>+*=_|:0-9-]|\\*{1,3}[^\\s*]|_{1,3}[^\\s_]|`{1,2}[^\\s`]|\\d{1,9}[^\\d.)])")
	// interrupting is how a block begins that ends a paragraph.
	interrupting = regexp.MustCompile("^(?:[*+-] {1,4}[^\\s*+-]|1[.)] {1,4}[^\\s]|#{1,6} {1,4}[^\\s]|> ?[^\\s>]|```|~~~)")
)

// telling is how much of a line tells what it begins.
const telling = 16

// lone is how much goes with a citation of no source that has a line for itself,
// at least its own length; 0 when the line has more, or when the lines around it
// would be read as others without it. It is not sure while that may change.
//
// Before an empty line the citation goes, before another its line does: so no
// paragraph is divided, and the next line is what it was.
func (f *Filter) lone(rest, mark string, last bool) (size int, sure bool) {
	before, ok := f.nothingBefore()
	if !ok {
		return 0, true
	}
	near := f.head(rest[len(mark):], longestMarks)
	open := !last && len(near) < longestMarks
	blank, next, _ := strings.Cut(near, "\n")
	if blank = strings.TrimLeft(blank, " \t\r"); blank != "" { // one like it may do what this one must
		switch next := citing.FindString(blank); {
		case next != "" && !f.names(next):
			return len(mark) + len(near) - len(strings.TrimLeft(near, " \t")), true
		case next == "" && open && mayCite.MatchString(blank):
			return 0, false
		}
		return 0, true
	}
	indented := strings.Trim(before, " \t") == ""
	line := strings.TrimLeft(next, " \t\r")
	switch {
	case line == "" && open:
		return 0, false
	case line == "" && len(mark)+len(near) < len(rest): // it is too far away
		return 0, true
	case line == "", line[0] == '\n':
		if indented {
			return len(mark), true
		}
		return 0, true
	}
	if !indented && strings.Contains(before, ">") { // the next line has the same quotes
		if open && strings.HasPrefix(before, next) {
			return 0, false
		}
		if !strings.HasPrefix(next, before) {
			return 0, true
		}
		line = strings.TrimLeft(next[len(before):], " \t\r")
	}
	size = len(mark) + len(near) - len(line)
	line, _, ended := strings.Cut(line[:min(telling, len(line))], "\n")
	switch {
	case plainly.MatchString(line):
		return size, true
	case interrupting.MatchString(line):
		if before == "" && next[0] == line[0] {
			return size, true
		}
	case open && !ended && len(line) < telling:
		return 0, false
	}
	return 0, true
}

// nothingBefore is what stands before the next place on its line, and whether
// that is nothing but marks of lists and quotes once what names no source has
// gone.
func (f *Filter) nothingBefore() (before string, nothing bool) {
	if f.emptied == f.next && f.next > 0 {
		return f.before, true
	}
	line := f.head(f.raw[max(0, f.next-longestMarks):f.next], longestMarks)
	line = line[strings.LastIndexByte(line, '\n')+1:]
	if len(line) == longestMarks {
		return "", false
	}
	var left strings.Builder
	for i := 0; i < len(line); i++ {
		if line[i] != '[' {
			left.WriteByte(line[i])
			continue
		}
		mark := citing.FindString(line[i:])
		if mark == "" {
			return "", false
		}
		if f.names(mark) {
			return "", false
		}
		i += len(mark) - 1
	}
	before = left.String()
	return before, container.MatchString(before)
}

// names reports whether a mark names a source.
func (f *Filter) names(mark string) bool {
	if n, err := strconv.Atoi(mark[1 : len(mark)-1]); err == nil {
		return n >= 1 && n <= f.rules.Sources
	}
	known, _ := f.sources(mark)
	return len(known) > 0
}

// cites says what becomes of the citation that rest begins with.
func (f *Filter) cites(rest, mark string, last bool) finding {
	if f.names(mark) { // it stays
		return finding{kind: citation, size: len(mark)}
	}
	lone, sure := f.lone(rest, mark, last)
	apart := false
	if sure && lone == 0 {
		apart, sure = f.joins(rest[len(mark):], last)
		if isLocal(f.prev) { // code that is glued to a word may be an e-mail address
			apart = apart || strings.HasPrefix(rest[len(mark):], "`")
			sure = sure && (last || len(rest) > len(mark))
		}
	}
	if !sure {
		return finding{kind: more}
	}
	apart = apart || growing.MatchString(f.head(f.raw[max(0, f.next-longestMarks):f.next], longestMarks))
	return finding{kind: citation, size: len(mark), lone: lone, apart: apart}
}

// mark is the citation that rest begins with, "" if none.
func (f *Filter) mark(rest string) string {
	if len(rest) > 2 && rest[1] >= '0' && rest[1] <= '9' && rest[2] == ']' { // as most are
		return rest[:3]
	}
	return citing.FindString(f.head(rest, longestCitation))
}

// blankOnly reports whether s says nothing of what follows a citation.
func (f *Filter) blankOnly(s string) bool {
	return s == "" || len(s) < longestMarks && strings.Trim(s, " \t") == "" && f.first(f.next)
}
