package metrics

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// plainBounds writes bounds in one way: "not more than 5", "at most 5" and "a maximum
// of 5" are "up to 5", "no less than 5" is "at least 5".
func plainBounds(s string) string {
	if strings.Contains(s, " than ") || strings.Contains(s, "t most ") || strings.Contains(s, "imum of ") {
		s = atMost.ReplaceAllString(s, "up to")
		s = atLeast.ReplaceAllString(s, "at least")
	}
	return s
}

var (
	atMost  = regexp.MustCompile(`(?i)\b(?:(?:not|no) (?:more|longer|later|higher|greater) than|at most|(?:a )?maximum of)\b`)
	atLeast = regexp.MustCompile(`(?i)\b(?:(?:not|no) (?:less|fewer|earlier|sooner) than|(?:a )?minimum of)\b`)
)

// bound says whether a number is what something is at most, -1, or at least, 1.
func bound(words []word, i int) int {
	form := func(at int) string {
		if at < 0 || at >= len(words) {
			return ""
		}
		return words[at].form
	}
	first := i
	if month[form(i-1)] { // "by May 5"
		first--
	}
	switch one, two := form(first-1), form(first-2); {
	case two == "up" && one == "to":
		return -1
	case two == "at" && one == "least":
		return 1
	case one == "than":
		return bounding[two]
	case one == "by": // "by 5 May", but "grew by 5 percent"
		if first < i || moment[form(i+1)] || month[form(i+1)] || form(i+1) == "" && year.MatchString(words[i].key) {
			return -1
		}
		return 0
	default:
		return bounding[one]
	}
}

var (
	month = set(`january february march april may june july august september october november december
		jan feb mar apr jun jul aug sep sept oct nov dec`)
	moment = set("am pm a.m p.m o'clock o’clock noon")
)

// bounding are words before a number, or before a "than".
var bounding = map[string]int{
	"less": -1, "fewer": -1, "earlier": -1, "under": -1, "below": -1, "before": -1, "until": -1,
	"more": 1, "later": 1, "longer": 1, "over": 1, "above": 1, "after": 1, "exceeding": 1,
}

// outbids reports whether an answer has a number of an expected answer only as
// the other bound: "more than 5" for "up to 5". Where one of the two says what is
// not so, "more than 5 are refused", nothing is known.
func (a *answer) outbids(expected []word) bool {
	for i, w := range expected {
		if !w.number || len(a.keys[w.key]) == 0 {
			continue
		}
		is := bound(expected, i)
		if is != 0 && !excluded(expected, i) && a.once(fmt.Sprint("bound ", -is, w.key), func() bool { return a.bounds(w.key, -is) }) {
			return true
		}
	}
	return false
}

// bounds reports whether an answer has a number, and only as a bound of a kind.
func (a *answer) bounds(key string, kind int) bool {
	for _, at := range a.keys[key] {
		if bound(a.words, at) != kind || excluded(a.words, at) {
			return false
		}
	}
	return len(a.keys[key]) > 0
}

// excluded reports whether the sentence of a word says near it what is not so.
func excluded(words []word, i int) bool {
	from, to := i, i+1
	for from > max(0, i-near) && !words[from].first {
		from--
	}
	for to < min(len(words), i+near) && !words[to].first {
		to++
	}
	return slices.ContainsFunc(words[from:to], func(w word) bool {
		return negators[w.form] || opposing[w.form] || excluding[w.form]
	})
}

const near = 12 // words

// excluding also say that something is not so.
var excluding = set(
	"nor reject rejected rejects fail failed fails forbid forbids void late too nowhere barred banned blocked ended ends ceased stopped abandoned",
)
