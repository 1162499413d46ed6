package markdown

import (
	"html"
	"regexp"
	"strings"
)

// What is no address where it stands may become one: by what is taken out of its
// middle, and for readers that look for addresses once escapes and references
// are read.

// longestReference is how long a reference to a character is.
const longestReference = 32

var (
	reference = regexp.MustCompile(`^&(#\d{1,7}|#[xX][\da-fA-F]{1,6}|[A-Za-z][A-Za-z\d]+);`)
	// referring is what may become a reference.
	referring = regexp.MustCompile(`^&#?[A-Za-z\d]*$`)
	// growing is what is a part of an e-mail address or a reference as it ends.
	growing = regexp.MustCompile(`(?:@[A-Za-z\d._-]*|&#?[A-Za-z\d]*)$`)
	// passing is what readers don't see.
	passing = regexp.MustCompile(`\\|\[[\d\s,;–-]*\]`)
)

// refers says what the "&" at the start of rest is: a reference to a character
// that addresses have is left for its readers to see, not to read.
func (f *Filter) refers(rest string, last bool) finding {
	near := f.head(rest, longestReference)
	m := reference.FindString(near)
	switch {
	case m == "" && !last && len(near) < longestReference && referring.MatchString(near):
		return finding{kind: more}
	case m == "":
		return finding{kind: nothing, size: 1}
	}
	if c := html.UnescapeString(m); len(c) == 1 && (isAlnum(c[0]) || strings.IndexByte(":/.@+_-", c[0]) >= 0) {
		return finding{kind: refer, size: 1}
	}
	return finding{kind: nothing, size: len(m)}
}

// joins reports whether what stands before a place and what follows make the
// beginning of an address together. It is not sure while that may come.
func (f *Filter) joins(after string, last bool) (joins, sure bool) {
	before := f.head(f.raw[max(0, f.next-longestMarks):f.next], longestMarks)
	before = before[strings.LastIndexAny(before, " \t\n")+1:]
	near := f.head(after, longestMarks)
	open := !last && len(near) == len(after) && len(near) < longestMarks
	before, near = passing.ReplaceAllString(before, ""), passing.ReplaceAllString(near, "")
	for _, begin := range begins {
		for i := 1; i < len(begin); i++ {
			if n := len(before) - i; n < 0 || !strings.EqualFold(before[n:], begin[:i]) {
				continue
			}
			next := begin[i:]
			switch {
			case len(near) >= len(next) && strings.EqualFold(near[:len(next)], next):
				return true, true
			case open && (strings.ContainsRune(near, '[') || len(near) < len(next) && strings.EqualFold(near, next[:len(near)])):
				return false, false
			}
		}
	}
	return false, true
}

// escape says what a backslash before a mark of addresses is.
func (f *Filter) escape(rest string, last bool) finding {
	if rest[1] == '@' {
		if isLocal(f.prev) {
			return finding{kind: part, size: 2}
		}
		return finding{kind: nothing, size: 2}
	}
	switch joins, sure := f.joins(rest, last); {
	case !sure:
		return finding{kind: more}
	case joins:
		return finding{kind: part, size: 2}
	}
	return finding{kind: nothing, size: 2}
}
