package extract

import (
	"encoding/xml"
	"strconv"
	"strings"
)

// paragraphStyle is what the style of a paragraph says about it.
type paragraphStyle struct {
	heading int
	list    listPlace
}

// paragraphStyles reads them, each with what it takes from the style that it
// is based on.
func (a *archive) paragraphStyles(part string) (map[string]paragraphStyle, error) {
	type style struct {
		paragraphStyle
		name, base string
	}
	all := map[string]style{}
	id, current := "", style{}
	err := a.each(part, func(tok xml.Token) error {
		switch e := tok.(type) {
		case xml.StartElement:
			switch e.Name.Local {
			case "style":
				id, current = xmlAttr(e, "styleId"), style{}
			case "name":
				current.name = strings.ToLower(xmlAttr(e, "val"))
			case "basedOn":
				current.base = xmlAttr(e, "val")
			case "outlineLvl":
				current.heading = outlineLevel(e)
			case "numId":
				current.list.list = xmlAttr(e, "val")
			case "ilvl":
				current.list.level, _ = strconv.Atoi(xmlAttr(e, "val"))
			}
		case xml.EndElement:
			if e.Name.Local == "style" {
				all[id] = current
			}
		}
		return nil
	})
	out := make(map[string]paragraphStyle, len(all))
	for id, s := range all {
		own := s.paragraphStyle
		const longestChain = 20
		for range longestChain {
			if own.heading == 0 {
				own.heading = max(s.heading, headingName(s.name))
			}
			if own.list.list == "" {
				own.list = s.list
			}
			base, ok := all[s.base]
			if !ok {
				break
			}
			s = base
		}
		out[id] = own
	}
	return out, err
}

// outlineLevel counts from 1; 9 in the file is body text, 0 here.
func outlineLevel(e xml.StartElement) int {
	n, err := strconv.Atoi(xmlAttr(e, "val"))
	if err != nil || n < 0 || n > 8 {
		return 0
	}
	return n + 1
}

// headingName knows the built-in styles, whose names in the file are English
// in every language of the program.
func headingName(name string) int {
	if name == "title" {
		return 1
	}
	if rest, ok := strings.CutPrefix(name, "heading "); ok {
		if n, err := strconv.Atoi(rest); err == nil && n >= 1 && n <= 9 {
			return n
		}
	}
	return 0
}
