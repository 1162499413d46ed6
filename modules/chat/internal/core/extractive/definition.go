package extractive

import (
	"regexp"
	"slices"

	"parley/platform/kernel/text"
)

const (
	isA        = 0.3
	isOther    = 0.18
	apposition = 0.12
	subject1st = 0.09
)

var (
	defining   = regexp.MustCompile(`(?i)^\s*(is|are|was|were) (an?|the|one of)\b`)
	explaining = regexp.MustCompile(`(?i)^\s*(\([^()]*\) )?(is|are|was|were|means?|stands? for|refers? to|denotes?)\b`)
	beside     = regexp.MustCompile(`^\s*(, (an?|the)\b|\()`)
	whoIs      = regexp.MustCompile(`(?i)^\W*who(’s|'s| is| was| are| were) [\p{L}\d.'-]+( [\p{L}\d.'-]+){0,2}\W*$`)
	calling    = regexp.MustCompile(`(?i)\b(called|known as|named)\s+(an? |the )?$`)
)

// defines is the bonus of a sentence that says what the thing asked for is.
func (q *question) defines(s string) float64 {
	first, last := -1, -1
	var forms []int
	n := 0
	for w := range text.Words(s) {
		i, ok := q.index[q.stem(w.Form)]
		if ok && !q.terms[i].light && !slices.Contains(forms, i) {
			if first < 0 {
				first = w.Start
			}
			last = w.End
			forms = append(forms, i)
		} else if first >= 0 {
			break
		}
		if n++; n > 40 {
			break
		}
	}
	if first < 0 {
		return 0
	}
	before, after := s[:first], s[last:]
	switch {
	case defining.MatchString(after):
		return isA
	case explaining.MatchString(after) || calling.MatchString(before):
		return isOther
	case beside.MatchString(after):
		return apposition
	case wordCount(before) < 2:
		return subject1st
	}
	return 0
}
