package extract

import (
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"
)

// headerRows finds the header among the first rows of a table: the rows from
// the first number to before the second; none when they are equal. heads is
// how many there are if the format says so. sure: not only its looks speak
// for it.
func headerRows(rows [][]cell, heads int) (from, to int, sure bool) {
	if heads > 0 {
		return 0, min(heads, len(rows)), true
	}
	widest := 0
	for _, row := range rows {
		widest = max(widest, filled(row))
	}
	const mostAbove = 8 // titles and notes above the header
	for i, row := range rows[:min(mostAbove, len(rows))] {
		if above := filled(row) == 1 || filled(row)*2 < widest; above && widest > 1 {
			continue
		}
		switch ok, sure := looksLikeHeader(row, rows[i+1:]); {
		case ok:
			return i, i + 1, sure
		case filled(row) == widest:
			return 0, 0, false
		}
	}
	return 0, 0, false
}

const (
	// longHeader is how many characters a header has at most, longPlain how
	// many when nothing else speaks for it.
	longHeader = 200
	longPlain  = 80
)

// looksLikeHeader compares a row with those below it. Text above numbers is a
// header, and so are years in order above numbers. Text above text is one when
// it is short and its cells differ; then it is not sure.
func looksLikeHeader(row []cell, below [][]cell) (ok, sure bool) {
	if filled(row) < 2 || len(below) == 0 {
		return false, false
	}
	years, last, blanks, plain, strong := 0, 0, 0, true, false
	distinct := map[string]bool{}
	for i, c := range row {
		n := utf8.RuneCountInString(c.text)
		switch {
		case c.text == "":
			if i > 0 {
				blanks++
			}
			continue
		case n > longHeader:
			return false, false
		case isNumber(c.text):
			year, ok := yearOf(c.text)
			if !ok || year <= last {
				return false, false
			}
			years, last = years+1, year
			continue
		}
		distinct[c.text] = true
		plain = plain && n <= longPlain
		strong = strong || numbersBelow(below, i)
	}
	if years > 0 {
		ok := years > 1 && !yearsBelow(below) && (row[0].text == "" || !isNumber(row[0].text))
		return ok, ok
	}
	return strong || plain && blanks == 0 && len(distinct)*3 >= filled(row)*2, strong
}

// numbersBelow reports whether a column holds numbers under its first row.
func numbersBelow(rows [][]cell, column int) bool {
	numbers, others := 0, 0
	for _, row := range rows {
		switch {
		case column >= len(row) || row[column].text == "":
		case isNumber(row[column].text):
			numbers++
		default:
			others++
		}
	}
	return numbers > others
}

// yearsBelow: rows that all have years are data.
func yearsBelow(rows [][]cell) bool {
	years, cells := 0, 0
	for _, c := range rows[0] {
		if c.text == "" {
			continue
		}
		cells++
		if _, ok := yearOf(c.text); ok {
			years++
		}
	}
	return years*2 > cells
}

func yearOf(s string) (int, bool) {
	const first, last = 1900, 2100
	n, err := strconv.Atoi(s)
	return n, err == nil && len(s) == 4 && n >= first && n <= last
}

// numeric is a number or a date as sheets show them.
var numeric = regexp.MustCompile(`^[-+(]?[\p{Sc} ]*[-+]?\d[\d.,:/ '\x{2019}-]*(?:[eE][-+]?\d+)?[ )%\p{Sc}‰]*$`)

func isNumber(s string) bool { return numeric.MatchString(strings.TrimSpace(s)) }
