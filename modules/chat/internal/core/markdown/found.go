package markdown

import (
	"regexp"
	"strings"
	"unicode/utf8"
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
	part                 // size bytes that a space keeps from what stands before
	refer                // "&" that would begin a reference
)

type finding struct {
	kind kind
	size int
	text string // of an address
	// lone is how much goes with a citation that has a line for itself, 0 if it
	// does not, or stays.
	lone int
	// apart is whether a space must follow a link, or take the place of a citation.
	apart bool
	// glued is whether an "@" is in code that some readers don't take for it.
	glued bool
	// asked is whether it was asked for an address that may be a link.
	asked bool
}

const (
	longestAddress  = 2048
	longestCitation = 200
	longestLabel    = 1000
	longestMarks    = 64 // exclamation marks
	// mostAddresses is how many addresses of an answer may be links: each is
	// looked for in all passages.
	mostAddresses = 1000
	// trailing is what ends a sentence rather than an address.
	trailing = `.,;:!?*_~'")]}\`
)

var (
	citing      = regexp.MustCompile(`^\[\s*\d{1,4}(\s*[,;–-]\s*\d{1,4})*\s*\]`)
	mayCite     = regexp.MustCompile(`^\[[\d\s,;–\xe2\x80-]*$`)
	destination = regexp.MustCompile("^\\]\\([ \t]*<?([^\\s<>`()\\\\]+)>?[ \t]*(\"[^\"`)\n\\[\\]\\\\]*\"[ \t]*)?\\)")
	// addressed ends at a bar, which may divide the cells of a table.
	addressed = regexp.MustCompile("^(?i)((?:https?|ftp)://|www\\.)[^\\s<>`|]*")
	// vanishing is what may not be answered.
	vanishing = regexp.MustCompile(`!|\[[\d\s,;–-]*\]`)
	// halved is what of a citation, or of the number of a list, is left where a
	// line is looked at from its middle on. Half a dash is U+FFFD to a regexp.
	halved = regexp.MustCompile(`^([\d\s,;–\x{FFFD}-]*\]|[.)])`)
	// container is what may stand before a definition on its line.
	container = regexp.MustCompile(`^([\s>*+-]|\d+[.)])*$`)
	// blockMarks are what may begin a block.
	blockMarks = regexp.MustCompile("^[\\s>*+#~=_`|:.)\\d-]*$")
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
		case strings.IndexByte("@:/.", rest[1]) >= 0:
			return f.escape(rest, last)
		case strings.IndexByte("[]!<\\`&", rest[1]) < 0, f.carried(f.next):
			return finding{kind: nothing, size: 1}
		}
		return finding{kind: escaped, size: 2}
	case '@':
		return f.mail(rest, last)
	case '&':
		return f.refers(rest, last)
	case '!':
		return f.bang(rest, last, incomplete)
	case '[':
		if mark := f.mark(rest); mark != "" {
			switch {
			case !last && f.blankOnly(rest[len(mark):]):
				return incomplete
			case len(mark) < len(rest) && rest[len(mark)] == '(':
				return finding{kind: nothing, size: 1}
			}
			return f.cites(rest, mark, last)
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

// carried reports whether the line before a place ends with a backslash behind
// an escaped one: goldmark takes it to escape what the next line begins with,
// which may be another.
func (f *Filter) carried(i int) bool {
	before := f.raw[max(0, i-longestLabel):i]
	line := strings.TrimSuffix(before[:strings.LastIndexByte(before, '\n')+1], "\n")
	return strings.HasSuffix(strings.TrimSuffix(line, "\r"), `\\\`)
}

// begins are what addresses begin with.
var begins = []string{"https://", "http://", "ftp://", "www."}

// scheme is what of s an address begins with, "" if it is none.
func scheme(s string) string {
	for _, begin := range begins {
		if len(s) >= len(begin) && strings.EqualFold(s[:len(begin)], begin) {
			return s[:len(begin)]
		}
	}
	return ""
}

func (f *Filter) bang(rest string, last bool, incomplete finding) finding {
	near := f.head(rest, longestMarks)
	n := len(near) - len(strings.TrimLeft(near, "!"))
	switch {
	case n == longestMarks:
		return finding{kind: nothing, size: 1}
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
	if m := destination.FindStringSubmatch(f.head(rest, longestAddress)); m != nil {
		if f.known(m[1]) {
			apart, sure := f.apart(rest, len(m[0]), last)
			if !sure {
				return finding{kind: more}
			}
			return finding{kind: link, size: len(m[0]), text: m[1], apart: !apart, asked: true}
		}
		return finding{kind: noLink, size: 2, asked: true}
	}
	if !last && len(rest) < longestAddress && !strings.ContainsAny(rest, "\n)`") {
		return incomplete
	}
	return finding{kind: noLink, size: 2}
}

// defines reports whether the bracket that closes at a place may end the name
// of a definition: it began the line, or a line before. Citations and the marks
// of images may be gone when a reader looks.
func (f *Filter) defines(closing int) bool {
	before := f.raw[max(0, closing-longestLabel):closing]
	line := strings.LastIndexByte(before, '\n') + 1
	if before = before[line:]; len(before) == longestLabel { // it began further away
		before = halved.ReplaceAllString(before, "")
	}
	for i := len(before) - 1; i >= 0; i-- {
		if i > 0 && before[i-1] == '\\' {
			continue
		}
		switch before[i] {
		case ']':
			open := strings.LastIndexByte(before[:i], '[')
			if open < 0 || citing.FindString(before[open:i+1]) == "" {
				return false
			}
			i = open
		case '[':
			return container.MatchString(vanishing.ReplaceAllString(before[:i], ""))
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

// first reports whether nothing but what may begin a block stands before a place
// on its line when what may vanish has vanished, or may do.
func (f *Filter) first(i int) bool {
	before := f.head(f.raw[max(0, i-longestCitation):i], longestCitation)
	return blockMarks.MatchString(vanishing.ReplaceAllString(before[strings.LastIndexByte(before, '\n')+1:], ""))
}

// isPrefix reports whether s may become the beginning of an address.
func (f *Filter) isPrefix(s string) bool {
	s = strings.ToLower(f.head(s, len("https://")))
	for _, begin := range begins {
		if strings.HasPrefix(begin, s) {
			return true
		}
	}
	return false
}

func (f *Filter) bare(rest string, last bool) finding {
	// Most words that begin like an address don't go on like one.
	if len(rest) > 1 && rest[1]|0x20 != 't' && rest[1]|0x20 != 'w' {
		return finding{kind: nothing, size: 1}
	}
	switch begin := scheme(rest); {
	case begin == "" && !last && f.isPrefix(rest):
		return finding{kind: more}
	case begin == "":
		return finding{kind: nothing, size: 1}
	}
	m := addressed.FindString(f.head(rest, longestAddress+1))
	if len(m) == len(rest) && !last {
		return finding{kind: more}
	}
	if n := len(scheme(rest)); strings.HasPrefix(m[n:], "[") { // of no domain
		m = m[:n]
	} else if i := strings.Index(m, "]("); i > 0 && m[i-1] != '\\' { // the label of a link, perhaps
		if _, ok := f.label(); ok {
			m = m[:i]
		}
	}
	long := len(m) > longestAddress
	for len(m) > longestAddress || long && !utf8.RuneStart(rest[len(m)]) {
		m = m[:len(m)-1]
	}
	m = strings.TrimRight(m, trailing)
	if !long && !strings.ContainsAny(m, `[]\`) && f.known(m) {
		if after := strings.TrimLeft(rest[len(m):], trailing); after != "" &&
			strings.IndexByte("`<>|", after[0]) >= 0 { // "<" may become an entity, which is of an address
			return finding{kind: swallow, size: len(m), asked: true}
		}
		return finding{kind: nothing, size: len(m), asked: true}
	}
	return finding{kind: address, size: len(m), text: m, asked: true}
}

// known reports whether an address may be a link.
func (f *Filter) known(address string) bool { return f.asked < mostAddresses && f.rules.Known(address) }

// head is no more than the first n bytes of what is looked at: what a model
// writes is looked at once, and not once more for each of its places.
func (f *Filter) head(s string, n int) string {
	s = s[:min(n, len(s))]
	f.looked += len(s)
	return s
}
