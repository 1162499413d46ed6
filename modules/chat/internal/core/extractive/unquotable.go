package extractive

import (
	"regexp"
	"strings"
	"unicode"

	"parley/platform/kernel/text"
)

var (
	// "Backups ........ 12", "1.2 Backups 12"
	contents = regexp.MustCompile(`(\. ?){4,}\s*\d*\s*$|…\s*\d+\s*$|^\s*\d+(\.\d+)*\.?\s+[^\d.,;:!?]+\s\d+\s*$`)
	// {"key": 1}, "key": "value",
	data          = regexp.MustCompile(`^\s*("[^"]{1,60}"\s*:|[{}\]]|\[\s*([{"\[]|$))|\{\s*"[\w.-]+"\s*:|[{}]\s*,?\s*$`)
	contentsTitle = regexp.MustCompile(`(?i)(^|› )(table of )?contents$`)
)

// never reports what answers no question in words: code, data and tables of
// contents. Code is still quoted with the sentence that leads up to it.
func never(s string, shape text.Shape, line, section string) bool {
	return shape == text.Code || data.MatchString(s) || contents.MatchString(line) || contentsTitle.MatchString(section) && shape == text.Item
}

// lineAround is the line of a text in which a stretch begins.
func lineAround(s string, start int) string {
	from := strings.LastIndexByte(s[:start], '\n') + 1
	line, _, _ := strings.Cut(s[from:], "\n")
	return line
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
