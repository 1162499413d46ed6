package metrics

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

// inOther gives an expected answer with its measure of time in another unit,
// and one that is only a share in words: two weeks are 14 days, 50 % is half.
// They are the same, not nearly so. Numbers stay numbers within a sentence,
// where they are exact.
func (r *reader) inOther(expected string) []string {
	if len(expected) > longestMeasure || !measured(expected) {
		return nil
	}
	var out []string
	text := spelled(expected)
	words := r.words(text)
	swap := func(from, to int, by string) { out = append(out, text[:from]+by+text[to:]) }
	for i, w := range words {
		if w.key == "half" && len(words) == 1 {
			swap(w.start, w.end, "50 percent")
		}
		if !w.number {
			continue
		}
		if i+1 < len(words) && w.key == "3" && words[i+1].form == "quarters" {
			swap(w.start, words[i+1].end, "75 percent")
		}
		if i+1 < len(words) && between(text, w, words[i+1]) == ":" {
			swap(w.end, w.end+1, ".") // "10.30"
		}
		n, err := strconv.ParseFloat(w.key, 64)
		if err != nil || n <= 0 {
			continue
		}
		if c := w.form; len(c) == 5 && strings.HasSuffix(c, "00s") {
			swap(w.start, w.end, strconv.Itoa(int(n)/100+1)+"th century")
		}
		if i+1 == len(words) || strings.Trim(between(text, w, words[i+1]), " -\u00a0") != "" {
			if share, ok := shares[n]; ok && i == 0 && len(words) == 1 && strings.HasPrefix(strings.TrimLeft(text[w.end:], " "), "%") {
				at := w.end + strings.IndexByte(text[w.end:], '%') + 1
				swap(w.start, at, share)
			}
			continue
		}
		next := words[i+1]
		if share, ok := shares[n]; ok && i == 0 && len(words) <= 3 && (next.form == "percent" || next.form == "per") {
			end := next.end
			if next.form == "per" && i+2 < len(words) {
				end = words[i+2].end
			}
			swap(w.start, end, share)
		}
		if next.key == "centuri" && n > 1 {
			swap(w.start, next.end, strconv.Itoa(int(n)-1)+"00s")
		}
		for _, u := range exchanges[next.key] {
			other := n * u.times
			if other != math.Trunc(2*other)/2 || other < 1 {
				continue
			}
			swap(w.start, next.end, format(other)+" "+u.unit)
		}
	}
	return out[:min(len(out), mostOther)]
}

const (
	longestMeasure = 200 // bytes of an expected answer
	mostOther      = 4
)

func measured(s string) bool {
	if !strings.ContainsAny(s, "0123456789") && !strings.Contains(s, " ") && s != "half" && s != "Half" {
		return false // a word
	}
	return unit.MatchString(s)
}

var unit = regexp.MustCompile(`(?i)[:%]|00s|half|quarters|week|day|month|year|hour|minute|second|percent|per cent|centur`)

var shares = map[float64]string{25: "a quarter", 50: "half", 75: "three quarters"}

type exchange struct {
	unit  string
	times float64
}

// exchanges are those of the keys of units.
var exchanges = map[string][]exchange{
	"week":   {{"days", 7}},
	"dai":    {{"weeks", 1. / 7}, {"hours", 24}},
	"day":    {{"weeks", 1. / 7}, {"hours", 24}},
	"month":  {{"years", 1. / 12}},
	"year":   {{"months", 12}},
	"hour":   {{"minutes", 60}, {"days", 1. / 24}},
	"minut":  {{"hours", 1. / 60}, {"seconds", 60}},
	"second": {{"minutes", 1. / 60}},
}
