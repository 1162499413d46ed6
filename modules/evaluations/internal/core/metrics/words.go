package metrics

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/platform/kernel/text"
)

// word is a word of a text, as the metrics compare it.
type word struct {
	form string
	// key is what is compared: the stem, or the digits of a number however it
	// is written.
	key     string
	start   int // bytes
	end     int
	stop    bool // says nothing by itself
	number  bool
	capital bool // written with a capital
	first   bool // the first of its sentence, whose capital says nothing
	opens   bool // begins a clause: the first of its text, or a mark parts it from the word before
	initial bool // two to five capitals: an acronym
	// money is the sign of the currency of an amount; "" if there is none.
	money string
}

// words reads a text. Numbers written as words become digits, those of
// several words become one word.
func (r *reader) words(s string) []word { return r.appendWords(make([]word, 0, len(s)/5+1), s) }

// appendWords is words with memory that the caller gives; out is empty.
func (r *reader) appendWords(out []word, s string) []word {
	end := 0
	for t := range text.Words(s) {
		form := t.Form
		if split(s, t) {
			if end = t.End; t.Form[0] != 'n' {
				continue
			}
			form = "not"
		}
		w := word{form: form, start: t.Start, end: t.End}
		c, _ := utf8.DecodeRuneInString(s[t.Start:])
		w.capital = unicode.IsUpper(c)
		gap := s[min(end, t.Start):t.Start]
		if w.first, w.opens = len(out) == 0, len(out) == 0; gap != " " && gap != "" {
			w.first = w.first || strings.ContainsAny(gap, ".!?:\n\"“(")
			w.opens = w.opens || partsClauses(gap)
		}
		w.initial = acronym(s[t.Start:t.End])
		known := r.known(form)
		w.key, w.stop, w.number = known.key, known.stop, known.number
		if w.initial && w.capital {
			w.stop = false // "IT", "US"
		}
		out = append(out, w)
		end = t.End
	}
	out = joinNumbers(s, joinNames(signed(s, out)))
	if strings.ContainsAny(s, "0123456789") {
		amounts(s, out)
	}
	return out
}

// split reports whether a word is the ending that a tokeniser split off: "Jolie
// 's", "could n't".
func split(s string, t text.Token) bool {
	if len(t.Form) > len("n't") || t.Start == 0 {
		return false
	}
	switch t.Form {
	case "n't", "n’t", "nt":
		return s[t.Start-1] == ' '
	case "s", "re", "ve", "ll", "d", "m", "t":
		mark, n := utf8.DecodeLastRuneInString(s[:t.Start])
		return (mark == '\'' || mark == '’') && t.Start > n && s[t.Start-n-1] == ' '
	}
	return false
}

// partsClauses reports whether what stands between two words parts clauses.
func partsClauses(gap string) bool {
	return strings.ContainsAny(gap, ",;:()\"“”–—`") || strings.Contains(gap, " -")
}

func acronym(s string) bool {
	letters := 0
	for _, r := range s {
		switch {
		case unicode.IsUpper(r):
			letters++
		case r != '.':
			return false
		}
	}
	return letters >= 2 && letters <= 5
}

// empty are words that carry no fact, beside the stop words of the index.
var empty = set(`up also just only very really quite actually well yes no ok okay e.g i.e etc eg ie mr mrs ms dr sir said called known named`)

var units = map[string]string{
	"km":          "kilomet",
	"kms":         "kilomet",
	"kilometre":   "kilomet",
	"kilometres":  "kilomet",
	"kilometer":   "kilomet",
	"kilometers":  "kilomet",
	"m":           "met",
	"metre":       "met",
	"metres":      "met",
	"meter":       "met",
	"meters":      "met",
	"cm":          "centimet",
	"centimetre":  "centimet",
	"centimetres": "centimet",
	"centimeter":  "centimet",
	"centimeters": "centimet",
	"mm":          "millimet",
	"millimetre":  "millimet",
	"millimetres": "millimet",
	"millimeter":  "millimet",
	"millimeters": "millimet",
	"kg":          "kilogram",
	"kgs":         "kilogram",
	"kilo":        "kilogram",
	"kilos":       "kilogram",
	"kilogramme":  "kilogram",
	"kilogrammes": "kilogram",
	"ft":          "foot",
	"feet":        "foot",
	"lb":          "pound",
	"lbs":         "pound",
	"oz":          "ounc",
	"hr":          "hour",
	"hrs":         "hour",
	"min":         "minut",
	"mins":        "minut",
	"sec":         "second",
	"secs":        "second",
	"usd":         "dollar",
	"eur":         "euro",
	"jan":         "januari",
	"feb":         "februari",
	"mar":         "march",
	"apr":         "april",
	"jun":         "june",
	"jul":         "juli",
	"aug":         "august",
	"sep":         "septemb",
	"sept":        "septemb",
	"oct":         "octob",
	"nov":         "novemb",
	"dec":         "decemb",
	"bce":         "bc",
	"ce":          "ad",
	"st":          "saint",
	"mt":          "mount",
	"centre":      "center",
	"theatre":     "theater",
	"colour":      "color",
	"grey":        "gray",
	"aluminium":   "aluminum",
}

func set(words string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(words) {
		out[w] = true
	}
	return out
}

// joinNames makes one word of a few names that are as often written short.
func joinNames(words []word) []word {
	out := words[:0]
	for i := 0; i < len(words); i++ {
		w := words[i]
		if w.form == "us" && (w.initial || i > 0 && words[i-1].form == "the") {
			w.key, w.stop = usa, false
		}
		if i+1 < len(words) && shortened[w.form] {
			if short := shortNames[w.form+" "+words[i+1].form]; short != "" {
				w.key, w.end = short, words[i+1].end
				i++
				if short == usa && i+2 < len(words) && words[i+1].form == "of" && words[i+2].form == "america" {
					w.end = words[i+2].end
					i += 2
				}
			}
		}
		if short := alone[w.form]; short != "" {
			w.key = short
		}
		if w.form == "america" && (i == 0 || !parts[words[i-1].form]) {
			w.key = usa
		}
		out = append(out, w)
	}
	return out
}

const usa = "usa"

// parts are those of the continent.
var parts = set("north south central latin")

var shortened = set("united great european soviet carbon")

// alone are words of one thing, of which neither is a form of the other.
var alone = map[string]string{"tv": "televis", "holland": "netherland", "burma": "myanmar", "turkiye": "turkei"}

var shortNames = map[string]string{
	"united states":  usa,
	"united kingdom": "uk",
	"great britain":  "uk",
	"european union": "eu",
	"united nations": "un",
	"soviet union":   "ussr",
	"carbon dioxide": "co2",
}
