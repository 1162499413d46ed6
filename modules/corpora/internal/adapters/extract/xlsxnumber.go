package extract

import (
	"encoding/xml"
	"math"
	"strconv"
	"strings"
	"time"
)

// dateKind says what of a number a style shows.
type dateKind uint8

const (
	showDate dateKind = 1 << iota
	showTime
)

// builtinDate knows the number formats that every file knows without declaring
// them (ECMA-376 part 1, 18.8.30), and those of East Asian locales.
func builtinDate(id int) dateKind {
	switch {
	case id >= 14 && id <= 17, id >= 27 && id <= 31, id == 36, id >= 50 && id <= 58:
		return showDate
	case id >= 18 && id <= 21, id >= 32 && id <= 35, id >= 45 && id <= 47:
		return showTime
	case id == 22:
		return showDate | showTime
	}
	return 0
}

// customDate looks for letters of dates and times in a format, outside of
// quotes, brackets and escapes.
func customDate(code string) dateKind {
	var kind dateKind
	code, _, _ = strings.Cut(code, ";")
	for i := 0; i < len(code); i++ {
		switch code[i] {
		case '"', '[':
			closing := byte('"')
			if code[i] == '[' {
				closing = ']'
			}
			end := strings.IndexByte(code[i+1:], closing)
			if end < 0 {
				return kind
			}
			i += end + 1
		case '\\', '_', '*':
			i++
		case 'y', 'Y', 'd', 'D':
			kind |= showDate
		case 'h', 'H', 's', 'S':
			kind |= showTime
		}
	}
	return kind
}

func (b *workbook) readStyles(part string) error {
	b.dates = map[int]dateKind{}
	custom := map[int]dateKind{}
	in, style := false, 0
	return b.each(part, func(tok xml.Token) error {
		switch e := tok.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "numFmt":
				if id, err := strconv.Atoi(xmlAttr(e, "numFmtId")); err == nil {
					custom[id] = customDate(xmlAttr(e, "formatCode"))
				}
			case "cellXfs":
				in = true
			case "xf":
				if !in {
					return nil
				}
				id, err := strconv.Atoi(xmlAttr(e, "numFmtId"))
				kind, declared := custom[id]
				if !declared {
					kind = builtinDate(id)
				}
				if err == nil && kind != 0 {
					b.dates[style] = kind
				}
				style++
			}
		case xml.EndElement:
			if e.Name.Local == "cellXfs" {
				in = false
			}
		}
		return nil
	})
}

// number shows a number as a person would write it: a date as a date, and no
// digits that are only an artefact of binary fractions.
func (b *workbook) number(text string, style int) string {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return text
	}
	const lastDay = 2958466 // 9999-12-31
	if kind := b.dates[style]; kind != 0 && v >= 0 && v < lastDay {
		return b.date(v, kind)
	}
	if math.Abs(v) < 1e15 {
		return strconv.FormatFloat(roundTo15(v), 'f', -1, 64)
	}
	return text
}

// roundTo15 keeps the 15 significant digits that spreadsheets show.
func roundTo15(v float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 15, 64), 64)
	if err != nil {
		return v
	}
	return r
}

// date reads a count of days since the end of 1899, which takes 1900 for a
// leap year, or since the start of 1904.
func (b *workbook) date(v float64, kind dateKind) string {
	day, fraction := math.Modf(v)
	seconds := int(math.Round(fraction * 86400))
	start := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case b.date1904:
		start = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case day < 60:
		day++
	}
	t := start.AddDate(0, 0, int(day)).Add(time.Duration(seconds) * time.Second)
	switch {
	case kind == showDate && seconds == 0:
		return t.Format(time.DateOnly)
	case kind == showTime:
		return t.Format(time.TimeOnly)
	case seconds == 0:
		return t.Format(time.DateOnly)
	}
	return t.Format(time.DateOnly + " 15:04")
}
