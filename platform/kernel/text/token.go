package text

import (
	"iter"
	"strings"
	"unicode/utf8"
)

// MaxWord bounds the bytes of a token's form; what is longer (encoded data) is
// known by its beginning.
const MaxWord = 64

// Token is one word, number or bigram of a text.
type Token struct {
	Form       string // folded; never empty, at most MaxWord bytes
	Start, End int    // byte offsets of what was written
	Bigram     bool   // from a script without blanks: neighbours overlap
}

// Words yields the tokens of s in order. "don't" is one word, "user's" is
// "user", "l'eau" and "high-speed" and "DATA_DIR" are two each, "1,000" is
// 1000, "U.S." is "us", and "3.14" and "1.26.8" stay whole. Bytes that are not UTF-8 separate.
func Words(s string) iter.Seq[Token] {
	return func(yield func(Token) bool) {
		for i := 0; i < len(s); {
			r, n := rune(s[i]), 1
			if r >= utf8.RuneSelf {
				r, n = utf8.DecodeRuneInString(s[i:])
			}
			var ok bool
			switch classOf(r) {
			case letter, digit:
				i, ok = word(s, i, yield)
			case ideograph, brahmic:
				i, ok = run(s, i, yield)
			default:
				i, ok = i+n, true
			}
			if !ok {
				return
			}
		}
	}
}

// word yields the word that begins at i and says where to go on.
func word(s string, i int, yield func(Token) bool) (int, bool) {
	start, thousands, initials := i, false, false
	for i < len(s) {
		r, n := rune(s[i]), 1
		if r >= utf8.RuneSelf {
			r, n = utf8.DecodeRuneInString(s[i:])
		}
		switch classOf(r) {
		case letter, digit, mark, invisible:
			i += n
			continue
		case apostrophe:
			suffix := contraction(s[i+n:])
			if suffix == 0 {
				return i + n, emit(s, start, i, yield)
			}
			if negation(s[start:i], s[i+n:i+n+suffix]) {
				i += n + suffix
				return i, yield(Token{Form: clip(Fold(s[start:i-n-suffix]) + "t"), Start: start, End: i})
			}
			return i + n + suffix, emit(s, start, i, yield)
		}
		if r == '.' && initialAt(s, start, i) {
			initials = true
			i++
			continue
		}
		if (r == '.' || r == ',') && digitAt(s, i-1) && digitAt(s, i+1) {
			if r == '.' {
				i++
				continue
			}
			if thousandsAt(s, start, i) {
				thousands = true
				i++
				continue
			}
		}
		break
	}
	if thousands {
		return i, yield(Token{Form: clip(Fold(strings.ReplaceAll(s[start:i], ",", ""))), Start: start, End: i})
	}
	if initials {
		return i, yield(Token{Form: clip(Fold(strings.ReplaceAll(s[start:i], ".", ""))), Start: start, End: i})
	}
	return i, emit(s, start, i, yield)
}

// initialAt reports whether the dot at i stands between single letters, as in
// "U.S.A.", which is the word "usa".
func initialAt(s string, start, i int) bool {
	if i-1 != start && s[i-2] != '.' || i+1 >= len(s) || !asciiLetter(s[i-1]) || !asciiLetter(s[i+1]) {
		return false
	}
	return i+2 == len(s) || s[i+2] < utf8.RuneSelf && !asciiLetter(s[i+2]) && !digitAt(s, i+2)
}

func asciiLetter(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func emit(s string, start, end int, yield func(Token) bool) bool {
	form := clip(Fold(s[start:end]))
	return form == "" || yield(Token{Form: form, Start: start, End: end})
}

func clip(form string) string {
	if len(form) <= MaxWord {
		return form
	}
	cut := MaxWord
	for cut > 0 && !utf8.RuneStart(form[cut]) {
		cut--
	}
	return form[:cut]
}

func digitAt(s string, i int) bool {
	return i >= 0 && i < len(s) && '0' <= s[i] && s[i] <= '9'
}

// thousandsAt reports whether the comma at i groups digits: one to three
// before the first, exactly three after each.
func thousandsAt(s string, start, i int) bool {
	before := i - start
	if k := strings.LastIndexByte(s[start:i], ','); k >= 0 {
		before = i - start - k - 1
		if before != 3 {
			return false
		}
	}
	if before < 1 || before > 3 {
		return false
	}
	for k := i - before; k < i; k++ {
		if !digitAt(s, k) {
			return false
		}
	}
	return digitAt(s, i+1) && digitAt(s, i+2) && digitAt(s, i+3) && !digitAt(s, i+4)
}

// contraction gives the length of an English ending ('s 'm 'd 't 're 've 'll)
// at the beginning of s, 0 for none.
func contraction(s string) int {
	ends := func(n int) bool {
		if len(s) == n {
			return true
		}
		r, _ := utf8.DecodeRuneInString(s[n:])
		c := classOf(r)
		return c != letter && c != digit && c != mark
	}
	if len(s) >= 1 && strings.IndexByte("smdtSMDT", s[0]) >= 0 && ends(1) {
		return 1
	}
	if len(s) >= 2 {
		switch strings.ToLower(s[:2]) {
		case "re", "ve", "ll":
			if ends(2) {
				return 2
			}
		}
	}
	return 0
}

func negation(stem, suffix string) bool {
	return (suffix == "t" || suffix == "T") && (strings.HasSuffix(stem, "n") || strings.HasSuffix(stem, "N"))
}

// run yields the bigrams of the stretch of one script that begins at i; a
// stretch of one unit is its own token.
func run(s string, i int, yield func(Token) bool) (int, bool) {
	first, _ := utf8.DecodeRuneInString(s[i:])
	kind := classOf(first)
	before, last, units := -1, i, 0
	flush := func(end int) bool {
		if before < 0 {
			return true
		}
		return emitBigram(s, before, end, yield)
	}
	for i < len(s) {
		r, n := utf8.DecodeRuneInString(s[i:])
		c := classOf(r)
		if c == mark || c == invisible {
			i += n
			continue
		}
		if c != kind {
			break
		}
		if units > 0 {
			if !flush(i) {
				return i, false
			}
			before = last
		}
		last = i
		units++
		i += n
	}
	if units == 1 {
		before = last
	}
	return i, flush(i)
}

func emitBigram(s string, start, end int, yield func(Token) bool) bool {
	form := clip(Fold(s[start:end]))
	return form == "" || yield(Token{Form: form, Start: start, End: end, Bigram: true})
}
