package text

import snowball "github.com/kljensen/snowball/english"

// Stem gives the index term of a token's form: Porter's stem (the second,
// "English" version) for words of a–z, anything else as it is. A
// stem is never longer than its word, begins with the same letter, and differs
// from the word's beginning in its last two letters at most.
func Stem(form string) string {
	if len(form) < 3 || !Alphabetic(form) {
		return form
	}
	return snowball.Stem(form, true)
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
