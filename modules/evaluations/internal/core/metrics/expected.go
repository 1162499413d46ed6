package metrics

import (
	"regexp"
	"strings"

	"parley/platform/kernel/text"
)

var bracketed = regexp.MustCompile(`\s*\([^()]*\)`)

// variants adds to the expected answers those without what stands in brackets:
// "Mercury (planet)" is also "Mercury". Of a place that was asked for, the larger
// one that it lies in may be left out, "Landover, Maryland", or stand for it,
// "a stadium in Landover". A few words with an "or" are two answers.
func variants(expected []string, query string) []string {
	out := expected
	where, inYear := text.Asks(query) == text.Place, asksForYear(query)
	for _, e := range expected {
		if at := within.FindStringIndex(e); where && at != nil {
			out = append(out[:len(out):len(out)], e[:at[0]])
		}
		if _, larger, ok := strings.Cut(e, " in "); where && ok {
			out = append(out[:len(out):len(out)], larger)
		}
		if one, other, ok := strings.Cut(e, " or "); ok && strings.Count(e, " ") < shortChoice {
			out = append(out[:len(out):len(out)], one, other)
		}
		if years := year.FindAllString(e, 2); inYear && len(years) == 1 && years[0] != e && !limits.MatchString(e) {
			out = append(out[:len(out):len(out)], years[0])
		}
		if short := strings.TrimSpace(bracketed.ReplaceAllString(e, "")); short != "" && short != e {
			out = append(out[:len(out):len(out)], short)
		}
	}
	return out
}

// asksForYear reports whether a question asks for a year, and for nothing else.
func asksForYear(query string) bool {
	at := asksYear.FindStringIndex(query)
	return at != nil && !asksMore.MatchString(query[:at[0]]) && !asksMore.MatchString(query[at[1]:]) && !yearAnd.MatchString(query[at[1]:])
}

var (
	asksYear = regexp.MustCompile(`(?i)\b(?:what|which) year\b`)
	asksMore = regexp.MustCompile(`(?i)\b(?:what|which|who|whom|whose|where|when|why|how)\b`)
	yearAnd  = regexp.MustCompile(`(?i)^ (?:and|or) `)
	year     = regexp.MustCompile(`\b[12]\d{3}\b`)
	// limits are words of a bound, without which the year is another answer.
	limits = regexp.MustCompile(`(?i)\b(?:before|after|until|by|since|than|least|most)\b`)
)

var within = regexp.MustCompile(`(?:, | in )\p{Lu}[^,]*(?:, \p{Lu}[^,]*)?$`)

const shortChoice = 6 // blanks

// content gives the words of an expected answer that say something new: those
// that are no stop words and not in the question, else those that are no stop
// words, else all.
func content(words []word, asked map[string]bool) []word {
	var fresh, full []word
	for _, w := range words {
		if w.stop {
			continue
		}
		full = append(full, w)
		if !asked[w.key] {
			fresh = append(fresh, w)
		}
	}
	switch {
	case len(fresh) > 0:
		return fresh
	case len(full) > 0:
		return full
	}
	return words
}
