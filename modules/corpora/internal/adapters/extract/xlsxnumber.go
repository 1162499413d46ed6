package extract

import (
	"encoding/xml"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/nfp"
)

// builtinFormats are those that every file knows without declaring them
// (ECMA-376 part 1, 18.8.30).
var builtinFormats = map[int]string{
	1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00",
	5: `"$"#,##0_);("$"#,##0)`, 6: `"$"#,##0_);("$"#,##0)`, 7: `"$"#,##0.00_);("$"#,##0.00)`, 8: `"$"#,##0.00_);("$"#,##0.00)`,
	9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?", 13: "# ??/??",
	15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM", 20: "h:mm", 21: "h:mm:ss",
	37: "#,##0_);(#,##0)", 38: "#,##0_);(#,##0)", 39: "#,##0.00_);(#,##0.00)", 40: "#,##0.00_);(#,##0.00)",
	41: "#,##0_);(#,##0)", 42: `"$"#,##0_);("$"#,##0)`, 43: "#,##0.00_);(#,##0.00)", 44: `"$"#,##0.00_);("$"#,##0.00)`,
	45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0", 48: "##0.0E+0", 49: "@",
}

// isLocalDate: what these formats show depends on the reader's country, so
// that dates are written as ISO 8601 has them.
func isLocalDate(id int) bool {
	return id == 14 || id == 22 || id >= 27 && id <= 36 || id >= 50 && id <= 58
}

// numberFormat is how a style shows a number.
type numberFormat struct {
	sections []nfp.Section
	iso      bool // a date, whatever the sections
}

func (b *workbook) readStyles(part string) error {
	b.formats = map[int]numberFormat{}
	custom := map[int]string{}
	known := map[int]numberFormat{}
	in, style := false, 0
	return b.each(part, func(tok xml.Token) error {
		switch e := tok.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "numFmt":
				if id, err := strconv.Atoi(xmlAttr(e, "numFmtId")); err == nil {
					custom[id] = xmlAttr(e, "formatCode")
				}
			case "cellXfs":
				in = true
			case "xf":
				if !in {
					return nil
				}
				id, _ := strconv.Atoi(xmlAttr(e, "numFmtId"))
				f, found := known[id]
				if !found {
					f = formatOf(id, custom)
					known[id] = f
				}
				if f.iso || len(f.sections) > 0 {
					b.formats[style] = f
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

func formatOf(id int, custom map[int]string) numberFormat {
	code, declared := custom[id]
	if !declared {
		if isLocalDate(id) {
			return numberFormat{iso: true}
		}
		code = builtinFormats[id]
	}
	const longest = 1000
	if code == "" || strings.EqualFold(code, "General") || len(code) > longest {
		return numberFormat{}
	}
	parser := nfp.NumberFormatParser()
	return numberFormat{sections: parser.Parse(code)}
}

// number shows a number as the sheet does: by its format, and without digits
// that are only an artefact of binary fractions.
func (b *workbook) number(text string, style int) string {
	v, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return text
	}
	const largest = 1e15
	if math.Abs(v) >= largest {
		return text
	}
	v = roundTo15(v)
	f := b.formats[style]
	if f.iso {
		if t, ok := b.time(v); ok {
			return isoTime(t, v)
		}
		return plainNumber(v)
	}
	section, found := f.section(v)
	if !found {
		return plainNumber(v)
	}
	items := section.items
	if isTime(items) {
		if t, ok := b.time(math.Abs(v)); ok {
			return showTime(items, t, math.Abs(v))
		}
		return plainNumber(v)
	}
	return showNumber(items, v, section.signed)
}

// text shows a text by its format, which may add to it.
func (b *workbook) text(s string, style int) string {
	for _, section := range b.formats[style].sections {
		for _, item := range section.Items {
			if item.TType != nfp.TokenTypeTextPlaceHolder {
				continue
			}
			var out strings.Builder
			for _, item := range section.Items {
				switch item.TType {
				case nfp.TokenTypeTextPlaceHolder:
					out.WriteString(s)
				case nfp.TokenTypeLiteral:
					out.WriteString(item.TValue)
				}
			}
			return out.String()
		}
	}
	return s
}

type chosenSection struct {
	items []nfp.Token
	// signed: the section does not say by itself that a number is negative.
	signed bool
}

// section picks the part of a format that is for a number: by its conditions,
// else the second for negative numbers and the third for zero.
func (f numberFormat) section(v float64) (chosenSection, bool) {
	var numbers []nfp.Section
	for _, s := range f.sections {
		if s.Type != nfp.TokenSectionText {
			numbers = append(numbers, s)
		}
	}
	if len(numbers) == 0 {
		return chosenSection{}, false
	}
	for i, s := range numbers {
		for _, item := range s.Items {
			if item.TType == nfp.TokenTypeCondition && holds(item, v) {
				return chosenSection{numbers[i].Items, true}, true
			}
		}
	}
	conditional := false
	for _, item := range numbers[0].Items {
		conditional = conditional || item.TType == nfp.TokenTypeCondition
	}
	switch {
	case conditional:
		return chosenSection{numbers[len(numbers)-1].Items, true}, len(numbers) > 1
	case v < 0 && len(numbers) > 1:
		return chosenSection{numbers[1].Items, false}, true
	case v == 0 && len(numbers) > 2:
		return chosenSection{numbers[2].Items, false}, true
	}
	return chosenSection{numbers[0].Items, true}, true
}

func holds(condition nfp.Token, v float64) bool {
	if len(condition.Parts) < 2 {
		return false
	}
	limit, err := strconv.ParseFloat(condition.Parts[1].Token.TValue, 64)
	if err != nil {
		return false
	}
	switch condition.Parts[0].Token.TValue {
	case "<":
		return v < limit
	case "<=":
		return v <= limit
	case ">":
		return v > limit
	case ">=":
		return v >= limit
	case "<>":
		return v != limit
	}
	return v == limit
}

func plainNumber(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// roundTo15 keeps the 15 significant digits that spreadsheets show.
func roundTo15(v float64) float64 {
	r, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 15, 64), 64)
	if err != nil {
		return v
	}
	return r
}

// time reads a count of days since the end of 1899, which takes 1900 for a
// leap year, or since the start of 1904.
func (b *workbook) time(v float64) (time.Time, bool) {
	const lastDay = 2958466 // 9999-12-31
	if v < 0 || v >= lastDay {
		return time.Time{}, false
	}
	day, fraction := math.Modf(v)
	const dayMillis = 86_400_000
	millis := time.Duration(math.Round(fraction*dayMillis)) * time.Millisecond
	start := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case b.date1904:
		start = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case day < 60:
		day++
	}
	return start.AddDate(0, 0, int(day)).Add(millis), true
}

func isoTime(t time.Time, v float64) string {
	t = t.Round(time.Second)
	switch midnight := t.Hour() == 0 && t.Minute() == 0 && t.Second() == 0; {
	case midnight:
		return t.Format(time.DateOnly)
	case v < 1: // a time of no day
		return t.Format(time.TimeOnly)
	}
	return t.Format(time.DateOnly + " 15:04")
}
