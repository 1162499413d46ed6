package extractive

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

var (
	links    = regexp.MustCompile(`!?\[([^\[\]]*)\]\([^()\s]*(\s+"[^"]*")?\)`)
	notes    = regexp.MustCompile(`\[\^?\d{1,4}\]`)
	tags     = regexp.MustCompile(`</?[a-zA-Z][^<>]{0,200}>`)
	emphasis = regexp.MustCompile(`(\*\*\*|\*\*|\*|___|__|~~)([^\s*_~](?:[^*~]*?[^\s*_~])?)(\*\*\*|\*\*|\*|___|__|~~)`)
	marks    = regexp.MustCompile(`(?m)^\s*(?:>\s*)*(?:#{1,6}\s+|[-*+•]\s+|\d{1,3}[.)]\s+)?`)
	fences   = regexp.MustCompile("(?m)^\\s*(```|~~~).*$")
	loose    = regexp.MustCompile(` ([.,])( |$)`)
	ends     = regexp.MustCompile(`[.!?:;,…。！？]["'”’)\]]*$`)
)

// clean makes a quote of plain words on one line: no Markdown, no reference
// marks that could be taken for citations, list items joined by semicolons,
// double quotes made single.
func clean(s string) string {
	s = fences.ReplaceAllString(s, "")
	s = links.ReplaceAllString(s, "$1")
	s = notes.ReplaceAllString(s, "")
	s = tags.ReplaceAllString(s, "")
	var lines []string
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(marks.ReplaceAllString(line, ""))
		line = strings.TrimSpace(strings.ReplaceAll(strings.Trim(line, "|"), " | ", "; "))
		if line != "" {
			lines = append(lines, line)
		}
	}
	s = joinLines(lines)
	for range 2 {
		s = emphasis.ReplaceAllString(s, "$2")
	}
	s = strings.NewReplacer("`", "", "“", "‘", "”", "’", "\"", "'", "«", "‘", "»", "’").Replace(s)
	s = strings.Join(strings.Fields(s), " ")
	s = loose.ReplaceAllString(s, "$1$2")
	if utf8.RuneCountInString(s) > maxQuote {
		runes := []rune(s)[:maxQuote]
		s = string(runes)
		if k := strings.LastIndexByte(s, ' '); k > len(s)/2 {
			s = s[:k]
		}
		s += " …"
	}
	return strings.TrimSpace(s)
}

// joinLines joins wrapped lines with a blank, and lines that stand alone with
// a semicolon.
func joinLines(lines []string) string {
	var b strings.Builder
	for i, line := range lines {
		if i > 0 {
			if last := lines[i-1]; !ends.MatchString(last) && len(last) < 40 {
				b.WriteByte(';')
			}
			b.WriteByte(' ')
		}
		b.WriteString(line)
	}
	return b.String()
}
