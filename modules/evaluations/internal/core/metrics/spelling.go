package metrics

import (
	"strings"

	"parley/platform/kernel/lexicon"
	"parley/platform/kernel/text"
)

// locate finds a word, and says how well: 1, or less for another spelling.
func (a *answer) locate(w word) (place int, how float64) {
	if at := a.keys[w.key]; len(at) > 0 {
		return at[0], 1
	}
	if w.number || a.spellings <= 0 {
		return -1, 0
	}
	a.spellings -= len(a.words)
	for i, o := range a.words {
		if len(w.form) >= 3 && len(o.form) > len(w.form) && strings.TrimRight(o.form, "0123456789") == w.form {
			return i, 1 // "Hahn1": the number of a footnote
		}
	}
	letters := len(w.form)
	if letters < 5 || !text.Alphabetic(w.form) {
		return -1, 0
	}
	limit := 1
	if letters >= 8 {
		limit = 2
	}
	known := lexicon.English().Knows(text.Stem(w.form))
	for i, o := range a.words {
		if o.number || o.form[0] != w.form[0] && (letters < 7 || !w.capital) || len(o.form) < 5 || !text.Alphabetic(o.form) {
			continue
		}
		if sameRoot(w, o) {
			return i, 0.85
		}
		if known && lexicon.English().Knows(text.Stem(o.form)) {
			continue // two words, not two spellings
		}
		if text.Distance(w.form, o.form, limit) <= limit || squeezed(w.form) == squeezed(o.form) {
			return i, 0.9
		}
	}
	return -1, 0
}

// american is a word with the American ending: "organisation", "labour". Where
// both spellings end so it changes both.
func american(form string) string {
	for _, e := range endings {
		if stem, ok := strings.CutSuffix(form, e.british); ok && len(stem) >= 3 {
			return stem + e.american
		}
	}
	return form
}

var endings = []struct{ british, american string }{
	{
		"isations",
		"izations",
	},
	{"isation", "ization"},
	{"ising", "izing"},
	{"ised", "ized"},
	{"ises", "izes"},
	{"ise", "ize"},
	{"ours", "ors"},
	{"our", "or"},
	{"oured", "ored"},
}

// squeezed is a word with each doubled letter once: "Gaddafi", "Gadaffi".
func squeezed(s string) string {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		if i == 0 || s[i] != s[i-1] {
			out = append(out, s[i])
		}
	}
	return string(out)
}

// sameRoot reports whether two words differ in their endings alone:
// "sharecropping" and "sharecroppers". Names have no endings.
func sameRoot(a, b word) bool {
	n, longer := 0, max(len(a.form), len(b.form))
	for n < min(len(a.form), len(b.form)) && a.form[n] == b.form[n] {
		n++
	}
	return (n >= 6 && 10*n >= 7*longer || n >= 8 && 10*n >= 6*longer) && (!a.capital || !b.capital)
}
