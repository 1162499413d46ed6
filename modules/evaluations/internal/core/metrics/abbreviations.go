package metrics

import (
	"regexp"
	"strings"
	"time"
)

// spelled writes out what is as often written short. A hard space that a
// spreadsheet has read in the wrong encoding is a space.
func spelled(s string) string {
	s = strings.ReplaceAll(s, "Â\u00a0", " ")
	if strings.Contains(s, "WW") {
		s = worldWar.ReplaceAllString(s, "World War $1")
	}
	if strings.Contains(s, "-") {
		s = isoDate.ReplaceAllStringFunc(s, func(date string) string {
			d, err := time.Parse(time.DateOnly, date)
			if err != nil {
				return date
			}
			return d.Format("2 January 2006")
		})
	}
	return plainBounds(plain(s))
}

var (
	worldWar = regexp.MustCompile(`\bWW ?(II|I|1|2)\b`)
	isoDate  = regexp.MustCompile(`\b\d{4}-\d{2}-\d{2}\b`)
)

// abbreviates reports whether an answer has the initials of an expected name of
// at least three words, or spells out the initials that are expected: "FBI" and
// "Federal Bureau of Investigation". Initials that the question has prove nothing.
func (a *answer) abbreviates(expected []word, asked map[string]bool) bool {
	for len(expected) > 1 && (expected[len(expected)-1].form == "jr" || expected[len(expected)-1].form == "sr") {
		expected = expected[:len(expected)-1]
	}
	if len(expected) == 1 && expected[0].initial && expected[0].capital {
		return a.spells(strings.ReplaceAll(expected[0].form, ".", ""))
	}
	initials, last := initialsOf(expected)
	if last < len(expected) || len(initials) < leastInitials {
		return false
	}
	for _, w := range a.words {
		if w.initial && w.capital && !asked[w.key] && strings.ReplaceAll(w.form, ".", "") == initials {
			return true
		}
	}
	return false
}

const leastInitials = 3

// spells reports whether an answer has a name with these initials.
func (a *answer) spells(initials string) bool {
	if len(initials) < leastInitials {
		return false
	}
	for i, w := range a.words {
		if !w.capital || w.initial || w.form[0] != initials[0] {
			continue
		}
		for end := i + len(initials); end <= min(len(a.words), i+2*len(initials)); end++ {
			if got, _ := initialsOf(a.words[i:end]); got == initials && a.words[end-1].capital {
				return true
			}
		}
	}
	return false
}

// initialsOf gives the first letters of a name, without its small words, and how
// many words belong to it.
func initialsOf(words []word) (initials string, n int) {
	for _, w := range words {
		switch {
		case w.capital && !w.number && !w.initial:
			initials += w.form[:1]
		case !w.stop:
			return initials, n
		}
		n++
	}
	return initials, n
}
