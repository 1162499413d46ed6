package markdown

import (
	"strings"
	"unicode/utf8"
)

// Readers make a link of an e-mail address wherever it stands in words. One that
// may not be a link gets a space before its "@".

const (
	longestLocal  = 64
	longestDomain = 255
	mailto        = "mailto:"
)

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// isLocal reports whether c may stand before the "@" in angle brackets, and for
// some readers anywhere.
func isLocal(c byte) bool { return isAlnum(c) || strings.IndexByte(".!#$%&'*+/=?^_`{|}~-", c) >= 0 }

// isDomain reports whether c may stand behind the "@": some readers take letters
// of any language.
func isDomain(c byte) bool {
	return isAlnum(c) || strings.IndexByte(".-_", c) >= 0 || c >= utf8.RuneSelf
}

// length is how many of the first bytes of s, most at most, are of a kind.
func length(s string, most int, of func(byte) bool) int {
	n := 0
	for n < len(s) && n < most && of(s[n]) {
		n++
	}
	return n
}

// mail says what the "@" at the start of rest is.
func (f *Filter) mail(rest string, last bool) finding {
	if !isLocal(f.prev) {
		return finding{kind: nothing, size: 1}
	}
	near := f.head(rest[1:], longestDomain+2)
	n := length(near, longestDomain, isDomain)
	end := near[n:]
	if !last && len(rest) == 1+len(near) && (end == "" || end == `\`) && n < longestDomain {
		return finding{kind: more}
	}
	goesOn := n == longestDomain || strings.HasPrefix(end, "&") || len(end) > 1 && end[0] == '\\' && strings.IndexByte(".-_", end[1]) >= 0
	host := strings.TrimRight(near[:n], ".-_")
	if i := strings.IndexFunc(host, func(r rune) bool { return r >= utf8.RuneSelf }); i >= 0 && strings.IndexByte(host[i:], '.') < 0 {
		host = host[:i] // a word without a space before it
	}
	start, sure := f.local()
	angled := start > 0 && f.raw[start-1] == '<'
	whole := f.raw[start:f.next]
	if !angled {
		whole = strings.TrimLeft(whole, ".!#$%&'*+/=?^_`{|}~-")
	}
	glued := strings.IndexByte(whole, '`') >= 0
	switch {
	case host == "", host[0] == '.', !goesOn && !angled && strings.IndexByte(host, '.') < 0:
		return finding{kind: nothing, size: 1}
	case goesOn, !sure, glued:
		return finding{kind: part, size: 1, glued: glued}
	}
	name := f.raw[f.next-length(reversed(f.raw[start:f.next]), longestLocal, isName) : f.next]
	if strings.Contains(near[len(host):n], "_") { // emphasis
		name = strings.TrimLeft(name, "_")
	}
	if name == "" || !f.known(mailto+name+"@"+host) || whole != name && !f.known(mailto+whole+"@"+host) {
		return finding{kind: part, size: 1, asked: true}
	}
	return finding{kind: nothing, size: 1 + len(host), asked: true}
}

// isName reports whether readers of words take c to be of an address.
func isName(c byte) bool { return isAlnum(c) || strings.IndexByte(".+_-", c) >= 0 }

func reversed(s string) string {
	b := []byte(s)
	for i, j := 0, len(b)-1; i < j; i, j = i+1, j-1 {
		b[i], b[j] = b[j], b[i]
	}
	return string(b)
}

// local is where what stands before an "@" begins; it is not sure where the
// answer has something else there than the text, or more of the address.
func (f *Filter) local() (start int, sure bool) {
	start = f.next
	for start > 0 && f.next-start <= longestLocal && isLocal(f.raw[start-1]) {
		start--
	}
	switch {
	case f.next-start > longestLocal, start == f.next, start < f.changed:
		return start, false
	case start == f.changed && (isLocal(f.joint) || f.joint == ';'):
		return start, false
	case start > 0 && f.raw[start-1] == ';': // of a reference to a letter, perhaps
		before := f.raw[max(0, start-1-longestReference):start]
		before = before[max(0, strings.LastIndexByte(before, '&')):]
		return start, reference.FindString(before) != before
	}
	return start, true
}

// mailbox is how long the address in angle brackets is that rest begins with, if
// it is known; more may come.
func (f *Filter) mailbox(rest string, last bool) (found finding, ok bool) {
	near := f.head(rest[1:], longestLocal+longestDomain+2)
	n := length(near, longestLocal, isLocal)
	if n == len(near) {
		return finding{kind: more}, !last && n < longestLocal
	}
	if near[n] != '@' {
		return finding{}, false
	}
	end := n + 1 + length(near[n+1:], longestDomain, isDomain)
	if end == len(near) {
		return finding{kind: more}, !last && end-n-1 < longestDomain
	}
	if near[end] != '>' || end == n+1 {
		return finding{}, false
	}
	if f.known(mailto + near[:end]) {
		return finding{kind: autolink, size: end + 2, asked: true}, true
	}
	return finding{kind: tag, size: 1, asked: true}, true
}
