package extract

import (
	"encoding/xml"
	"strconv"
	"strings"
)

// listLevel says how the paragraphs of one level of a list are numbered.
type listLevel struct {
	format string // as decimal, lowerRoman or bullet
	text   string // as "%1.%2"
	start  int
}

const listLevels = 9

// numbering gives paragraphs of lists the numbers that a reader sees.
type numbering struct {
	abstract map[string]*[listLevels]listLevel
	lists    map[string]string // a list's abstract definition
	starts   map[listPlace]int // where a list begins otherwise than its definition
	counts   map[string]*[listLevels]int
}

// listPlace is a level of a list.
type listPlace struct {
	list  string
	level int
}

func (a *archive) numbering(part string) (*numbering, error) {
	n := &numbering{
		abstract: map[string]*[listLevels]listLevel{}, lists: map[string]string{},
		starts: map[listPlace]int{}, counts: map[string]*[listLevels]int{},
	}
	var levels *[listLevels]listLevel
	list, level := "", 0
	return n, a.each(part, func(tok xml.Token) error {
		e, ok := tok.(xml.StartElement)
		if !ok {
			return nil
		}
		value := xmlAttr(e, "val")
		number, _ := strconv.Atoi(value)
		switch e.Name.Local {
		case "abstractNum":
			levels, list = &[listLevels]listLevel{}, ""
			n.abstract[xmlAttr(e, "abstractNumId")] = levels
		case "num":
			levels, list = nil, xmlAttr(e, "numId")
		case "abstractNumId":
			n.lists[list] = value
		case "lvl", "lvlOverride":
			level, _ = strconv.Atoi(xmlAttr(e, "ilvl"))
			level = min(max(level, 0), listLevels-1)
			if levels != nil {
				levels[level] = listLevel{format: "decimal", start: 1}
			}
		case "startOverride":
			n.starts[listPlace{list, level}] = number
		case "start":
			if levels != nil {
				levels[level].start = number
			}
		case "numFmt":
			if levels != nil {
				levels[level].format = value
			}
		case "lvlText":
			if levels != nil {
				levels[level].text = value
			}
		}
		return nil
	})
}

// next counts a paragraph of a list and answers its number as it shows, or ""
// when it has only a bullet.
func (n *numbering) next(list string, level int) string {
	levels := n.abstract[n.lists[list]]
	if levels == nil || level < 0 || level >= listLevels {
		return ""
	}
	// Lists of one definition count on, unless one begins anew.
	key := n.lists[list]
	start, own := n.starts[listPlace{list, level}]
	if own {
		key += "/" + list
	} else {
		start = levels[level].start
	}
	counts := n.counts[key]
	if counts == nil {
		counts = &[listLevels]int{}
		for i := range counts {
			counts[i] = levels[i].start - 1
		}
		counts[level] = start - 1
		n.counts[key] = counts
	}
	counts[level]++
	for deeper := level + 1; deeper < listLevels; deeper++ {
		counts[deeper] = levels[deeper].start - 1
	}
	if levels[level].format == "bullet" || levels[level].format == "none" {
		return ""
	}
	out := levels[level].text
	for i := range listLevels {
		place := "%" + strconv.Itoa(i+1)
		if strings.Contains(out, place) {
			out = strings.ReplaceAll(out, place, listNumber(max(counts[i], levels[i].start), levels[i].format))
		}
	}
	return strings.TrimSpace(out)
}

// listNumber writes a number in a format; those not known are decimal.
func listNumber(n int, format string) string {
	switch format {
	case "lowerLetter":
		return strings.ToLower(letterNumber(n))
	case "upperLetter":
		return letterNumber(n)
	case "lowerRoman":
		return strings.ToLower(romanNumber(n))
	case "upperRoman":
		return romanNumber(n)
	case "decimalZero":
		if n < 10 {
			return "0" + strconv.Itoa(n)
		}
	}
	return strconv.Itoa(n)
}

// letterNumber counts A to Z, AA to ZZ and so on.
func letterNumber(n int) string {
	const letters = 26
	if n < 1 || n > 100*letters {
		return strconv.Itoa(n)
	}
	return strings.Repeat(string(rune('A'+(n-1)%letters)), (n-1)/letters+1)
}

func romanNumber(n int) string {
	const largest = 5000
	if n < 1 || n > largest {
		return strconv.Itoa(n)
	}
	var b strings.Builder
	for _, r := range []struct {
		value int
		text  string
	}{{1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"}, {40, "XL"}, {10, "X"}, {9, "IX"}, {5, "V"}, {4, "IV"}, {1, "I"}} {
		for n >= r.value {
			b.WriteString(r.text)
			n -= r.value
		}
	}
	return b.String()
}
