package metrics

import (
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var smallNumbers = map[string]int64{
	"zero":        0,
	"one":         1,
	"two":         2,
	"three":       3,
	"four":        4,
	"five":        5,
	"six":         6,
	"seven":       7,
	"eight":       8,
	"nine":        9,
	"ten":         10,
	"eleven":      11,
	"twelve":      12,
	"thirteen":    13,
	"fourteen":    14,
	"fifteen":     15,
	"sixteen":     16,
	"seventeen":   17,
	"eighteen":    18,
	"nineteen":    19,
	"twenty":      20,
	"thirty":      30,
	"forty":       40,
	"fifty":       50,
	"sixty":       60,
	"seventy":     70,
	"eighty":      80,
	"ninety":      90,
	"first":       1,
	"second":      2,
	"third":       3,
	"fourth":      4,
	"fifth":       5,
	"sixth":       6,
	"seventh":     7,
	"eighth":      8,
	"ninth":       9,
	"tenth":       10,
	"eleventh":    11,
	"twelfth":     12,
	"thirteenth":  13,
	"fourteenth":  14,
	"fifteenth":   15,
	"sixteenth":   16,
	"seventeenth": 17,
	"eighteenth":  18,
	"nineteenth":  19,
	"twentieth":   20,
	"thirtieth":   30,
	"fortieth":    40,
	"fiftieth":    50,
	"sixtieth":    60,
	"seventieth":  70,
	"eightieth":   80,
	"ninetieth":   90,
	"thirds":      3,
	"fourths":     4,
	"fifths":      5,
	"tenths":      10,
	"once":        1,
	"twice":       2,
	"thrice":      3,
	"dozen":       12,
	"single":      1,
	"ii":          2,
	"iii":         3,
	"iv":          4,
	"vi":          6,
	"vii":         7,
	"viii":        8,
	"ix":          9,
	"xi":          11,
	"xii":         12,
	"xiii":        13,
	"xiv":         14,
	"xv":          15,
	"xvi":         16,
	"xvii":        17,
	"xviii":       18,
	"xix":         19,
	"xx":          20,
}

// decades are those of the last century, as "80s" is.
var decades = map[string]int64{
	"twenties": 1920, "thirties": 1930, "forties": 1940, "fifties": 1950, "sixties": 1960, "seventies": 1970, "eighties": 1980, "nineties": 1990,
}

var scales = map[string]int64{
	"hundred": 100, "thousand": 1000, "million": 1e6, "billion": 1e9, "trillion": 1e12,
	"hundredth": 100, "thousandth": 1000, "millionth": 1e6, "mn": 1e6, "bn": 1e9,
}

// digits gives the digits of a number that is one word: 1, 3.50, 2nd, 1990s,
// twelve, XIV. Scales such as "million" are joined to the number before later.
func digits(form string) (string, bool) {
	if n, ok := smallNumbers[form]; ok {
		return strconv.FormatInt(n, 10), true
	}
	if n, ok := decades[form]; ok {
		return strconv.FormatInt(n, 10), true
	}
	if n, ok := scales[form]; ok {
		return strconv.FormatInt(n, 10), true
	}
	if len(form) > 1 && form[0] == 'v' {
		form = form[1:] // "v2.1"
	}
	if form[0] < '0' || form[0] > '9' {
		return "", false
	}
	end := 0
	for end < len(form) && (form[end] >= '0' && form[end] <= '9' || form[end] == '.') {
		end++
	}
	switch form[end:] {
	case "", "st", "nd", "rd", "th", "s", "m", "km", "kg", "k", "c", "f", "am", "pm", "bc", "ad", "bn", "mm", "cm", "ft", "in", "lb", "lbs", "x":
	default:
		return "", false // a code: "4x4", "747b"
	}
	n := form[:end]
	if form[end:] == "bn" {
		if billions, err := strconv.ParseFloat(n, 64); err == nil {
			return format(billions * 1e9), true
		}
	}
	if len(n) == 2 && form[end:] == "s" && n[0] >= '2' && n[1] == '0' {
		n = "19" + n // "the 80s"
	}
	if strings.Count(n, ".") == 1 {
		n = strings.TrimRight(strings.TrimRight(n, "0"), ".")
	}
	if trimmed := strings.TrimLeft(n, "0"); trimmed != "" && trimmed[0] != '.' {
		n = trimmed
	} else if trimmed == "" {
		n = "0"
	}
	return n, true
}

// releases reports whether a text is about versions, whose digits are no
// fraction: 3.10 is not 3.1.
func releases(s string) bool { return release.MatchString(s) }

var release = regexp.MustCompile(`(?i)\b(?:versions?|releases?|builds?|v\d)`)

// rounded reports whether an answer has a version only with other digits behind
// the dot.
func (a *answer) rounded(w word) bool {
	if !strings.Contains(w.key, ".") {
		return false // 2.0 is 2
	}
	return a.once("rounded "+w.form, func() bool {
		return len(a.keys[w.key]) > 0 && !slices.ContainsFunc(a.keys[w.key], func(at int) bool {
			return strings.TrimPrefix(a.words[at].form, "v") == strings.TrimPrefix(w.form, "v")
		})
	})
}

// joinNumbers makes one word of "twenty-five", "3.5 million" and "one hundred
// and five".
func joinNumbers(s string, words []word) []word {
	out := words[:0]
	for i := 0; i < len(words); {
		end, n, ok := compound(s, words[i:])
		if !ok {
			if i > 0 && words[i].form == "00" && s[words[i-1].end:words[i].start] == ":" {
				i++ // "10:00" is "10"
				continue
			}
			out = append(out, words[i])
			i++
			continue
		}
		w := words[i]
		// Its letters are not those of its first word: "10 million" is not "10".
		w.key, w.form, w.end = n, n, words[i+end-1].end
		out = append(out, w)
		i += end
	}
	return out
}

// compound reads a number of several words. Digits only begin one: "5 20" are
// two numbers, and so are "five ten".
func compound(s string, words []word) (used int, n string, ok bool) {
	if !words[0].number {
		return 0, "", false
	}
	sum, part, last := 0.0, 0.0, 0.0
	below := strings.HasPrefix(words[0].key, "-")
	times := func(part float64) float64 { // of a scale
		if part == 0 && sum > 0 {
			return 1
		}
		return part
	}
	joined := func() string {
		if below {
			return format(-sum - part)
		}
		return format(sum + part)
	}
	for i, w := range words {
		if i > 0 {
			gap := s[min(words[i-1].end, w.start):w.start]
			if strings.Trim(gap, " \u00a0\u202f-‐–") != "" {
				break
			}
			if w.form == "and" && i+1 < len(words) && words[i+1].number && last >= 100 && s[words[i-1].start] > '9' && written(words[i+1].form) {
				continue
			}
		}
		if !w.number {
			break
		}
		scale, isScale := scales[w.form]
		v, err := strconv.ParseFloat(w.key, 64)
		if err != nil {
			break
		}
		switch {
		case isScale && i == 0:
			part, last = float64(scale), float64(scale)
		case isScale && scale == 100:
			part, last = times(part)*100, 100
		case isScale:
			sum, part, last = sum+times(part)*float64(scale), 0, float64(scale)
		case i == 0:
			part, last = math.Abs(v), math.Abs(v)
		case !written(w.form) || v >= last || last < 20 || v >= 10 && last < 100:
			return used, joined(), used > 1
		default:
			part, last = part+v, v
		}
		used = i + 1
	}
	return used, joined(), used > 1
}

// written reports whether a number is written as a word.
func written(form string) bool { return form != "" && form[0] > '9' }

func format(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
