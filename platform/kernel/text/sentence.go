package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Sentence is one sentence, or what stands for one: a heading, a line of code.
type Sentence struct {
	Start, End int // byte offsets, without surrounding blanks and opening marks
	Shape      Shape
}

// Sentences splits running text or Markdown. Offsets ascend and do not
// overlap; every letter and digit of s lies in exactly one sentence, except
// for list numbers and the language named on a code fence. No sentence
// continues over an empty line, a heading, a list item, a table row or a line of code.
func Sentences(s string) []Sentence {
	var out []Sentence
	for _, part := range stretches(s) {
		if part.shape == Code || part.shape == Row || part.shape == Heading {
			out = append(out, Sentence{part.start, part.end, part.shape})
			continue
		}
		start := part.start
		caseless := !strings.ContainsFunc(s[part.start:part.end], unicode.IsUpper)
		for start < part.end {
			end := sentenceEnd(s[:part.end], start, caseless)
			if from, to := trim(s, start, end); from < to {
				out = append(out, Sentence{from, to, part.shape})
			}
			start = end
		}
	}
	return out
}

// sentenceEnd finds where the sentence that begins at start ends in s.
func sentenceEnd(s string, start int, caseless bool) int {
	for i := start; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		switch r {
		case '。', '！', '？', '｡', '．':
			return closers(s, i)
		case '।', '॥', '؟', '۔', '։', '።':
			if end := closers(s, i); end == len(s) || blankAt(s, end) {
				return end
			}
		case '.', '!', '?', '…', '‽':
			for i < len(s) && strings.IndexByte(".!?", s[i]) >= 0 {
				i++
			}
			end := closers(s, i)
			if end == len(s) {
				return end
			}
			if blankAt(s, end) && ends(s, start, i-1, end, caseless) {
				return end
			}
		}
	}
	return len(s)
}

// ends decides about a terminator whose last byte is at and after which, and
// after closing quotes, a space follows at end.
func ends(s string, start, at, end int, caseless bool) bool {
	if at > start && s[at-1] == ' ' { // text that was tokenised: " . "
		return true
	}
	next := strings.TrimLeftFunc(s[end:], func(r rune) bool {
		return unicode.IsSpace(r) || strings.ContainsRune("\"'“‘«([*_`¿¡", r)
	})
	first, _ := utf8.DecodeRuneInString(next)
	if unicode.IsLower(first) && !caseless {
		return false
	}
	if s[at] != '.' || at > start && s[at-1] == '.' {
		return true
	}
	word := lastWord(s[start:at])
	following := firstWord(next)
	switch key := strings.ToLower(word); {
	case neverLast[key]:
		return false
	case beforeNumber[key] && unicode.IsDigit(first):
		return false
	case sometimesLast[key] || initials(word):
		return starters[strings.ToLower(following)] || following == ""
	case number(word) && strings.TrimSpace(s[start:at]) == word:
		return false // a list number at the beginning
	}
	return true
}

// closers skips closing quotes, brackets, emphasis and reference marks.
func closers(s string, i int) int {
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case strings.ContainsRune("\"'”’»)]*_`）」』】》", r):
			i += n
		case r == '[':
			k := i + 1
			for k < len(s) && k < i+6 && s[k] >= '0' && s[k] <= '9' {
				k++
			}
			if k == i+1 || k == len(s) || s[k] != ']' {
				return i
			}
			i = k + 1
		default:
			return i
		}
	}
	return i
}

func blankAt(s string, i int) bool {
	r, _ := utf8.DecodeRuneInString(s[i:])
	return unicode.IsSpace(r)
}

// lastWord is what stands before a dot, inner dots included: "e.g", "Dr".
func lastWord(s string) string {
	i := strings.LastIndexFunc(s, func(r rune) bool {
		return r != '.' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
	if i < 0 {
		return s
	}
	_, n := utf8.DecodeRuneInString(s[i:])
	return s[i+n:]
}

func firstWord(s string) string {
	i := strings.IndexFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	if i < 0 {
		return s
	}
	return s[:i]
}

// initials reports "J", "U.S", "p.m".
func initials(word string) bool {
	letters := 0
	for i, r := range word {
		if i%2 == 1 && r != '.' || i%2 == 0 && !unicode.IsLetter(r) || r >= utf8.RuneSelf {
			return false
		}
		letters++
	}
	return letters > 0
}

func number(word string) bool {
	return word != "" && strings.Trim(word, "0123456789") == ""
}
