package extractive

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"parley/platform/kernel/text"
)

var (
	// "Backups ........ 12", "1.2 Backups 12"
	contents = regexp.MustCompile(`(\. ?){4,}\s*\d*\s*$|…\s*\d+\s*$|^\s*\d+(\.\d+)*\.?\s+[^\d.,;:!?]+\s\d+\s*$`)
	// {"key": 1}, "key": "value",
	data          = regexp.MustCompile(`^\s*("[\w.-]+"\s*:|[{}\]]|\[\s*([{"\[]|$))|\{\s*"[\w.-]+"\s*:|[{}]\s*,?\s*$`)
	contentsTitle = regexp.MustCompile(`(?i)(^|› )(table of )?contents$`)
)

// never reports what answers no question in words: code, data and tables of
// contents. Code is still quoted with the sentence that leads up to it.
func never(s string, shape text.Shape, p *Passage) bool {
	return shape == text.Code || data.MatchString(s) || contents.MatchString(s) || contentsTitle.MatchString(p.Title) && shape == text.Item
}

// junk reports sentences that are hardly words: identifiers, or figures and
// signs.
func junk(s string) bool {
	words := strings.Fields(s)
	joined := 0
	for _, w := range words {
		w = strings.Trim(w, ".…")
		if strings.Count(w, ".")+strings.Count(w, "_") >= 2 {
			joined++
		}
	}
	letters, all := 0, 0
	for _, r := range s {
		if unicode.IsSpace(r) {
			continue
		}
		all++
		if unicode.IsLetter(r) {
			letters++
		}
	}
	return 5*joined > len(words) || 4*(all-letters) > all
}

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
