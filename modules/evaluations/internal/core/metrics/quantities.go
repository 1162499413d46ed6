package metrics

import (
	"regexp"
	"strconv"
	"strings"
	"time"
)

// plain writes numbers, dates and times that have several spellings in one:
// "2½" is "2.5", "1.000.000" is "1000000", "23.06.1991" is "23 June 1991",
// "19:30" is "7:30 pm".
func plain(s string) string {
	if strings.Contains(s, "ortnight") {
		s = fortnight.ReplaceAllString(s, "2 week$1")
	}
	if strings.Contains(s, "half") || strings.Contains(s, "1/2") || strings.ContainsAny(s, "½¼¾") {
		s = plainFractions(s)
	}
	if marks := marksOfNumbers(s); marks != "" {
		s = plainMarks(s, marks)
	}
	if strings.Contains(s, " below ") {
		s = belowZero.ReplaceAllString(s, "-$1 degrees$2")
	}
	return s
}

func plainFractions(s string) string {
	s = fraction.ReplaceAllStringFunc(s, func(m string) string {
		p := fraction.FindStringSubmatch(m)
		if p[1] == "" {
			return " " + map[string]string{"½": "1/2", "¼": "1/4", "¾": "3/4"}[p[2]]
		}
		return p[1] + map[string]string{"½": ".5", "¼": ".25", "¾": ".75"}[p[2]]
	})
	return andHalf.ReplaceAllStringFunc(s, func(m string) string {
		whole := andHalf.FindStringSubmatch(m)[1]
		if n, ok := smallNumbers[strings.ToLower(whole)]; ok {
			whole = strconv.FormatInt(n, 10)
		}
		return whole + ".5"
	})
}

// marksOfNumbers gives the marks that stand between two digits of a text.
func marksOfNumbers(s string) string {
	marks := ""
	for i := 1; i+1 < len(s); i++ {
		switch s[i] {
		case '.', ',', '/', ':':
			if s[i-1] >= '0' && s[i-1] <= '9' && s[i+1] >= '0' && s[i+1] <= '9' && !strings.Contains(marks, s[i:i+1]) {
				marks += s[i : i+1]
			}
		}
	}
	return marks
}

func plainMarks(s, marks string) string {
	if strings.Contains(marks, ".") {
		if strings.Contains(marks, ",") {
			s = german.ReplaceAllStringFunc(s, func(m string) string {
				return strings.Replace(strings.ReplaceAll(m, ".", ""), ",", ".", 1)
			})
		}
		s = dotted.ReplaceAllStringFunc(s, func(m string) string { return strings.ReplaceAll(m, ".", "") })
		s = clockDot.ReplaceAllString(s, "$1:$2 $3")
	}
	euros := strings.Contains(s, "€") || strings.Contains(s, "EUR") || strings.Contains(s, "euro")
	if euros && strings.Contains(marks, ".") {
		s = thousands.ReplaceAllStringFunc(s, func(m string) string {
			p := thousands.FindStringSubmatch(m)
			if p[4] != "" {
				return m
			}
			return p[1] + p[2] + p[3]
		})
		s = thousandsBefore.ReplaceAllString(s, "$1$2$3")
	}
	if euros && strings.Contains(marks, ",") {
		s = cents.ReplaceAllString(s, "$1$2.$3")
		s = centsBefore.ReplaceAllString(s, "$1.$2$3")
	}
	if strings.ContainsAny(marks, "./") {
		s = dayMonth.ReplaceAllStringFunc(s, plainDate)
	}
	if strings.Contains(marks, ":") {
		s = afternoon.ReplaceAllStringFunc(s, func(m string) string {
			p := afternoon.FindStringSubmatch(m)
			hour, _ := strconv.Atoi(p[1]) // from 13 to 23
			return strconv.Itoa(hour-12) + ":" + p[2] + " pm"
		})
	}
	return s
}

// plainDate writes out a date, unless nobody knows which of its numbers is the
// month.
func plainDate(m string) string {
	p := dayMonth.FindStringSubmatch(m)
	a, _ := strconv.Atoi(p[1]) // at most two digits
	b, _ := strconv.Atoi(p[3])
	year, _ := strconv.Atoi(p[5])
	switch {
	case p[2] != p[4] || p[2] == "/" && a <= 12 && b <= 12:
		return m
	case p[2] == "/" && a <= 12:
		a, b = b, a
	}
	if d := time.Date(year, time.Month(b), a, 0, 0, 0, 0, time.UTC); int(d.Month()) == b {
		return d.Format("2 January 2006")
	}
	return m
}

var (
	fraction  = regexp.MustCompile(`(\d?) ?([½¼¾])`)
	fortnight = regexp.MustCompile(`(?i)\b(?:(?:a|one) )?fortnight(s?)\b`)
	// andHalf is "2 1/2", "two and a half", "2-and-a-half".
	andHalf = regexp.MustCompile(`(?i)\b(\d+|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)(?:[ -]and[ -]a[ -]half| +1/2)\b`)
	// german is "1.234,50", which nobody can read otherwise, as "1.234" can be.
	german = regexp.MustCompile(`\b\d{1,3}(?:\.\d{3})+,\d{1,2}\b`)
	dotted = regexp.MustCompile(`\b\d{1,3}(?:\.\d{3}){2,}\b`)
	// thousands is "€1.234", which has no thousandths of a euro; "€1.234 billion" may.
	thousands = regexp.MustCompile(`(€ ?|EUR )(\d{1,3})\.(\d{3})\b( ?(?:[mbk]|[mb]n|million|billion|trillion|thousand)\b)?`)
	// thousandsBefore is the same with the currency behind.
	thousandsBefore = regexp.MustCompile(`\b(\d{1,3})\.(\d{3})( ?€| euros?\b| EUR\b)`)
	cents           = regexp.MustCompile(`(€ ?|EUR )(\d{1,3}),(\d\d)\b`)
	// centsBefore is the same with the currency behind.
	centsBefore = regexp.MustCompile(`\b(\d{1,3}),(\d\d)( ?€| euros?\b| EUR\b)`)
	clockDot    = regexp.MustCompile(`\b(\d{1,2})\.([0-5]\d) ?([ap]\.?m\b)`)
	dayMonth    = regexp.MustCompile(`\b(\d{1,2})([./])(\d{1,2})([./])(\d{4})\b`)
	// afternoon is a time of a clock with 24 hours, without seconds.
	afternoon = regexp.MustCompile(`\b(1[3-9]|2[0-3]):([0-5]\d)\b(?:[ap]m\b)?`)
	belowZero = regexp.MustCompile(`\b(\d+(?:\.\d+)?) degrees?( \pL+)? below (?:zero|freezing)\b`)
)
