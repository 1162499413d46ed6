package markdown

import (
	"regexp"
	"strings"
)

type kind int

const (
	nothing  kind = iota // size bytes are as they are
	more                 // what it is depends on what comes
	citation             // size bytes with its brackets
	image                // size marks that would make a link an image
	link                 // size bytes from "](" to ")"
	noLink               // "](" to an address that is not known
	define               // "]:" that would define a link
	tag                  // "<" that would begin HTML
	autolink             // size bytes of "<address>"
	address              // size bytes of an address
	swallow              // size bytes of a known address, which readers take to go on
	escaped              // size bytes that mean no syntax
)

type finding struct {
	kind kind
	size int
	text string // of an address
}

const (
	longestAddress  = 2048
	longestCitation = 64
	longestLabel    = 1000
	// trailing is what ends a sentence rather than an address.
	trailing = `.,;:!?*_~'")]}\`
)

var (
	citing      = regexp.MustCompile(`^\[\s*\d{1,4}(\s*[,;–-]\s*\d{1,4})*\s*\]`)
	mayCite     = regexp.MustCompile(`^\[[\d\s,;–\xe2\x80-]*$`)
	destination = regexp.MustCompile("^\\]\\([ \t]*<?([^\\s<>`()\\\\]+)>?[ \t]*(\"[^\"`\\[\\]\\\\]*\"[ \t]*)?\\)")
	addressed   = regexp.MustCompile("^(?i)((?:https?|ftp)://|www\\.)[^\\s<>`]*")
	scheme      = regexp.MustCompile(`^(?i)((?:https?|ftp)://|www\.)`)
	// container is what may stand before a definition on its line.
	container = regexp.MustCompile(`^[\s>*+-]*(\d+[.)])?[\s>*+-]*$`)
)

// find says what begins at the start of rest.
func (f *Filter) find(rest string, last bool) finding {
	incomplete := finding{kind: more}
	if last {
		incomplete = finding{kind: nothing, size: 1}
	}
	switch rest[0] {
	case '\\':
		switch {
		case len(rest) == 1:
			return incomplete
		case strings.IndexByte("[]!<\\`", rest[1]) < 0:
			return finding{kind: nothing, size: 1}
		}
		return finding{kind: escaped, size: 2}
	case '!':
		return f.bang(rest, last, incomplete)
	case '[':
		if mark := citing.FindString(rest); mark != "" {
			switch {
			case len(mark) == len(rest) && !last:
				return incomplete
			case len(mark) < len(rest) && rest[len(mark)] == '(':
				return finding{kind: nothing, size: 1}
			}
			return finding{kind: citation, size: len(mark)}
		}
		if !last && len(rest) < longestCitation && mayCite.MatchString(rest) {
			return incomplete
		}
		return finding{kind: nothing, size: 1}
	case ']':
		return f.bracket(rest, last, incomplete)
	case '<':
		return f.angle(rest, last, incomplete)
	}
	return f.bare(rest, last)
}

func (f *Filter) bang(rest string, last bool, incomplete finding) finding {
	n := len(rest) - len(strings.TrimLeft(rest, "!"))
	switch {
	case n == len(rest):
		return incomplete
	case rest[n] != '[':
		return finding{kind: nothing, size: n}
	}
	switch inner := f.find(rest[n:], last); inner.kind {
	case more:
		return inner
	case citation:
		return finding{kind: nothing, size: n}
	}
	return finding{kind: image, size: n}
}

func (f *Filter) bracket(rest string, last bool, incomplete finding) finding {
	switch {
	case len(rest) == 1:
		return incomplete
	case rest[1] == ':' && f.defines(f.next):
		return finding{kind: define, size: 1}
	case rest[1] != '(':
		return finding{kind: nothing, size: 1}
	}
	if m := destination.FindStringSubmatch(rest); m != nil {
		if f.rules.Known(m[1]) {
			return finding{kind: link, size: len(m[0]), text: m[1]}
		}
		return finding{kind: noLink, size: 2}
	}
	if !last && len(rest) < longestAddress && !strings.ContainsAny(rest, "\n)`") {
		return incomplete
	}
	return finding{kind: noLink, size: 2}
}

// defines reports whether the bracket that closes at a place may end the name
// of a definition: it began the line, or a line before.
func (f *Filter) defines(closing int) bool {
	before := f.raw[max(0, closing-longestLabel):closing]
	before = before[strings.LastIndexByte(before, '\n')+1:]
	for i := len(before) - 1; i >= 0; i-- {
		if i > 0 && before[i-1] == '\\' {
			continue
		}
		switch before[i] {
		case ']':
			return false
		case '[':
			return container.MatchString(before[:i])
		}
	}
	return true
}

// leads reports whether a place is the first of its line but for marks of
// quotes and lists.
func (f *Filter) leads(i int) bool {
	before := f.raw[max(0, i-longestLabel):i]
	return container.MatchString(before[strings.LastIndexByte(before, '\n')+1:])
}

func (f *Filter) angle(rest string, last bool, incomplete finding) finding {
	if len(rest) == 1 {
		return incomplete
	}
	c := rest[1] | 0x20
	if (c < 'a' || c > 'z') && strings.IndexByte("/!?", rest[1]) < 0 {
		return finding{kind: nothing, size: 1}
	}
	inner := rest[1:]
	if m := addressed.FindString(inner); m != "" && scheme.FindString(inner) != "" && inner[0]|0x20 == 'h' {
		switch {
		case len(m) == len(inner) && !last && len(m) < longestAddress:
			return finding{kind: more}
		case len(m) < len(inner) && inner[len(m)] == '>' && f.rules.Known(m):
			return finding{kind: autolink, size: len(m) + 2}
		}
	} else if !last && isPrefix(inner) {
		return finding{kind: more}
	}
	return finding{kind: tag, size: 1}
}

// isPrefix reports whether s may become the beginning of an address.
func isPrefix(s string) bool {
	s = strings.ToLower(s)
	for _, begin := range []string{"https://", "http://", "ftp://", "www."} {
		if strings.HasPrefix(begin, s) {
			return true
		}
	}
	return false
}

func (f *Filter) bare(rest string, last bool) finding {
	switch begin := scheme.FindString(rest); {
	case begin == "" && !last && isPrefix(rest):
		return finding{kind: more}
	case begin == "":
		return finding{kind: nothing, size: 1}
	}
	m := addressed.FindString(rest)
	if len(m) == len(rest) && !last && len(m) < longestAddress {
		return finding{kind: more}
	}
	m = strings.TrimRight(m, trailing)
	if !strings.ContainsAny(m, `[]\`) && f.rules.Known(m) {
		if after := strings.TrimLeft(rest[len(m):], trailing); after != "" && strings.IndexByte("`>", after[0]) >= 0 {
			return finding{kind: swallow, size: len(m)}
		}
		return finding{kind: nothing, size: len(m)}
	}
	return finding{kind: address, size: len(m), text: m}
}
