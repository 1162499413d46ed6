package metrics

import (
	"fmt"
	"regexp"
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
	before := func(n int) string {
		if i < n {
			return ""
		}
		return words[i-n].form
	}
	switch one, two := before(1), before(2); {
	case two == "up" && one == "to":
		return -1
	case two == "at" && one == "least":
		return 1
	case one == "than":
		return bounding[two]
	default:
		return bounding[one]
	}
}

// bounding are words before a number, or before a "than".
var bounding = map[string]int{
	"less": -1, "fewer": -1, "earlier": -1, "under": -1, "below": -1, "before": -1, "until": -1, "by": -1,
	"more": 1, "later": 1, "longer": 1, "over": 1, "above": 1, "after": 1, "exceeding": 1,
}

// outbids reports whether an answer has a number of an expected answer only as
// the other bound: "more than 5" for "up to 5".
func (a *answer) outbids(expected []word) bool {
	for i, w := range expected {
		if !w.number || len(a.keys[w.key]) == 0 {
			continue
		}
		is := bound(expected, i)
		if is != 0 && a.once(fmt.Sprint("bound ", -is, w.key), func() bool { return a.bounds(w.key, -is) }) {
			return true
		}
	}
	return false
}

// bounds reports whether an answer has a number, and only as a bound of a kind.
func (a *answer) bounds(key string, kind int) bool {
	for _, at := range a.keys[key] {
		if bound(a.words, at) != kind {
			return false
		}
	}
	return len(a.keys[key]) > 0
}
