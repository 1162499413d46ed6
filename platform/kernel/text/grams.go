package text

import (
	"iter"
	"slices"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Gram is four consecutive characters, packed. Equal strings give equal
// grams; unequal ones may, for runes beyond the basic plane only.
type Gram uint64

// Grams yields the character 4-grams of s: folded, with every stretch of
// anything but letters and digits as one space, and a space before and after
// the whole. "a cat" has " a c", "a ca", " cat" and "cat ".
func Grams(s string) iter.Seq[Gram] { return slices.Values(AppendGrams(nil, s)) }

// AppendGrams appends the Grams of s. They are fewer than the bytes of a text in
// a–z.
func AppendGrams(grams []Gram, s string) []Gram {
	if !isASCII(s) && !norm.NFKC.IsNormalString(s) { // what is folded rune by rune must be whole
		s = norm.NFKC.String(s)
	}
	const blank = ' '
	w := gramWindow{grams: grams, last: blank, filled: 1}
	wasBlank := true
	for i := 0; i < len(s); {
		if c := s[i]; c < utf8.RuneSelf {
			i++
			switch k := classOf(rune(c)); {
			case k == letter || k == digit:
				if 'A' <= c && c <= 'Z' {
					c += 'a' - 'A'
				}
				wasBlank = false
				w.push(rune(c))
			case k == separator && !wasBlank:
				wasBlank = true
				w.push(blank)
			}
			continue
		}
		r, n := utf8.DecodeRuneInString(s[i:])
		i += n
		switch classOf(r) {
		case separator:
			if !wasBlank {
				wasBlank = true
				w.push(blank)
			}
		case invisible, apostrophe:
		default:
			for _, f := range foldRune(r) {
				wasBlank = false
				w.push(f)
			}
		}
	}
	if !wasBlank {
		w.push(blank)
	}
	return w.grams
}

// gramWindow collects grams while characters come.
type gramWindow struct {
	grams  []Gram
	last   Gram // the last four characters
	filled int  // how many have come
}

func (w *gramWindow) push(r rune) {
	w.last = w.last<<16 | Gram(r&0xffff)
	if w.filled++; w.filled >= 4 {
		w.grams = append(w.grams, w.last)
	}
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// TermGrams gives the different grams of an index term, with a space before and
// after it. There are none for what has no other forms that are written alike:
// terms of fewer than four letters, with digits, or of scripts that are cut
// into bigrams.
func TermGrams(term string) []Gram {
	letters := termLetters(term)
	if letters == 0 {
		return nil
	}
	all := AppendGrams(make([]Gram, 0, letters+1), term)
	grams := all[:0]
	for _, g := range all {
		if !slices.Contains(grams, g) {
			grams = append(grams, g)
		}
	}
	return grams
}

// HasTermGrams reports whether a term has any TermGrams.
func HasTermGrams(term string) bool { return termLetters(term) > 0 }

// termLetters is how many letters a term has; 0 for one without grams.
func termLetters(term string) int {
	letters := 0
	for _, r := range term {
		switch classOf(r) {
		case letter:
			letters++
		case mark:
		default:
			return 0
		}
	}
	if letters < 4 {
		return 0
	}
	return letters
}

// Alike says how likely it is that two terms of a and b grams, of which they
// share some, are forms of one word or that one is a part of the other: it is
// 0 for terms that hardly are, and otherwise above 0.65 and at most 2. Forms of
// a word differ at its end, and a compound has all but one or two grams of its
// parts.
func Alike(shared, a, b int) float64 {
	const enough = 0.65
	ofA, ofB := float64(shared)/float64(max(a, 1)), float64(shared)/float64(max(b, 1))
	if shared < 2 || max(ofA, ofB) < enough {
		return 0
	}
	return ofA + ofB
}
