package text

import (
	"hash/maphash"
	"strings"
	"sync/atomic"

	snowball "github.com/kljensen/snowball/english"
)

// Stem gives the index term of a token's form: Porter's stem (the second,
// "English" version) for words of a–z, Arabic words without their article,
// anything else as it is. A stem is never longer than its word. That of a word
// of a–z begins with the same letter, and differs from the word's beginning in
// its last two letters at most.
func Stem(form string) string {
	if len(form) < 3 || !Alphabetic(form) {
		return withoutArticle(form)
	}
	if len(form) > longestKept {
		return snowball.Stem(form, true)
	}
	place := &stems[maphash.String(stemSeed, form)%uint64(len(stems))]
	if kept := place.Load(); kept != nil && kept.form == form {
		return kept.stem
	}
	stem := snowball.Stem(form, true)
	place.Store(&stemmed{strings.Clone(form), strings.Clone(stem)})
	return stem
}

// stemmed is a word with its stem.
type stemmed struct{ form, stem string }

// longestKept is the length of the longest word whose stem is kept, in bytes.
const longestKept = 32

// stems are those of words that were met, each in the place of its hash, where
// it stays until another word needs it. Texts are made of few words again and
// again, and a stem takes twenty times as long to find as to look up. There are
// several places for each word of a usual vocabulary, so that few share one; all
// together take less than four megabytes.
var (
	stems    [1 << 15]atomic.Pointer[stemmed]
	stemSeed = maphash.MakeSeed()
)

// articles are the Arabic article, alone and with the particles that are
// written together with it.
var articles = []string{"ال", "وال", "بال", "كال", "فال", "لل"}

// withoutArticle leaves words of fewer than three more letters alone.
func withoutArticle(form string) string {
	if form == "" || form[0] != 0xd8 && form[0] != 0xd9 { // the first byte of Arabic letters
		return form
	}
	for _, a := range articles {
		if rest, ok := strings.CutPrefix(form, a); ok && len(rest) >= 6 {
			return rest
		}
	}
	return form
}

// Alphabetic reports whether a form is made of a–z alone, which is where
// English spelling rules may be applied.
func Alphabetic(form string) bool {
	for i := 0; i < len(form); i++ {
		if form[i] < 'a' || form[i] > 'z' {
			return false
		}
	}
	return form != ""
}
