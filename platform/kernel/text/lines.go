package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Shape is how a sentence is written, judged by its Markdown marks.
type Shape uint8

// The shapes of a sentence.
const (
	Prose Shape = iota
	Heading
	Item
	Code
	Row
)

// stretch is a part of a text no sentence reaches out of: a paragraph, one
// heading, one list item, one line of code, one table row.
type stretch struct {
	start, end int
	shape      Shape
}

// A newline in a paragraph is taken for wrapping only after a line this long.
const wrappedAt = 40

// stretches cuts a text at empty lines, marks and lines that were not wrapped.
func stretches(s string) []stretch {
	var out []stretch
	open, fenced, afterBlank := false, "", true
	lastLength := 0
	for at := 0; at < len(s); {
		next := len(s)
		if k := strings.IndexByte(s[at:], '\n'); k >= 0 {
			next = at + k + 1
		}
		start, end := trim(s, at, next)
		line := s[start:end]
		indent := width(s[at:start])
		at = next

		fence := fenceOf(line)
		switch {
		case fenced != "":
			if fence == fenced {
				fenced = ""
			} else if line != "" {
				out = append(out, stretch{start, end, Code})
			}
			open, afterBlank = false, true
			continue
		case fence != "":
			fenced, open = fence, false
			continue
		case line == "" || rule(line):
			open, afterBlank = false, true
			continue
		}
		for strings.HasPrefix(s[start:end], ">") {
			start, end = trim(s, start+1, end)
		}
		if start == end {
			open, afterBlank = false, true
			continue
		}
		line = s[start:end]
		last := len(out) - 1
		switch n, shape := marker(line); {
		case n > 0:
			out = append(out, stretch{start + n, end, shape})
			open = shape == Item
		case indent >= 4 && (afterBlank || last >= 0 && out[last].shape == Code) && !(last >= 0 && out[last].shape == Item):
			out = append(out, stretch{start, end, Code})
			open = false
		case strings.HasPrefix(line, "|") || strings.Contains(line, " | "):
			out = append(out, stretch{start, end, Row})
			open = false
		case open && (lastLength >= wrappedAt || lowerFirst(line)):
			out[last].end = end
		default:
			out = append(out, stretch{start, end, Prose})
			open = true
		}
		lastLength, afterBlank = len(line), false
	}
	return out
}

func trim(s string, start, end int) (int, int) {
	for start < end {
		r, n := utf8.DecodeRuneInString(s[start:end])
		if !unicode.IsSpace(r) && r != '\ufeff' {
			break
		}
		start += n
	}
	for start < end {
		r, n := utf8.DecodeLastRuneInString(s[start:end])
		if !unicode.IsSpace(r) {
			break
		}
		end -= n
	}
	return start, end
}

func width(blanks string) (n int) {
	for _, r := range blanks {
		if r == '\t' {
			n += 4
		} else {
			n++
		}
	}
	return n
}

func fenceOf(line string) string {
	switch {
	case strings.HasPrefix(line, "```"):
		return "```"
	case strings.HasPrefix(line, "~~~"):
		return "~~~"
	}
	return ""
}

// rule reports lines made of dashes and the like: rules, underlines of
// headings and of table heads.
func rule(line string) bool {
	marks := 0
	for _, r := range line {
		switch r {
		case '-', '=', '*', '_', '~':
			marks++
		case ' ', '|', ':', '+':
		default:
			return false
		}
	}
	return marks >= 3
}

// marker gives the length of the mark that opens a heading or list item.
func marker(line string) (int, Shape) {
	n := 0
	for n < len(line) && line[n] == '#' {
		n++
	}
	if n > 0 {
		if n > 6 || n == len(line) || line[n] != ' ' {
			return 0, Prose
		}
		return n + blanks(line[n:]), Heading
	}
	for _, bullet := range []string{"-", "*", "+", "•", "–", "·"} {
		if rest, ok := strings.CutPrefix(line, bullet); ok && blanks(rest) > 0 {
			return len(bullet) + blanks(rest), Item
		}
	}
	for n < len(line) && n < 3 && line[n] >= '0' && line[n] <= '9' {
		n++
	}
	if n > 0 && n < len(line) && (line[n] == '.' || line[n] == ')') && blanks(line[n+1:]) > 0 {
		return n + 1 + blanks(line[n+1:]), Item
	}
	return 0, Prose
}

func blanks(s string) int {
	return len(s) - len(strings.TrimLeft(s, " \t"))
}

func lowerFirst(line string) bool {
	r, _ := utf8.DecodeRuneInString(line)
	return unicode.IsLower(r)
}
