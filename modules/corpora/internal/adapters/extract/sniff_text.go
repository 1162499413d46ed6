package extract

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"regexp"
	"strings"
)

// isText reports whether head can be the start of a text file in one of the
// encodings that decode knows.
func isText(head []byte) bool {
	if wide, _ := utf16Order(head); len(head) == 0 || wide != nil {
		return true
	}
	odd := 0
	for _, c := range head {
		if c == 0 {
			odd += 10
		} else if c < 0x20 && c != '\t' && c != '\n' && c != '\r' && c != '\f' && c != 0x1b || c == 0x7f {
			odd++
		}
	}
	// A stray control character in a long text is a defect, not another format.
	return odd*100 <= len(head)
}

// htmlStart is a doctype or an element that only begins whole pages, after
// white space, comments and an XML declaration.
var htmlStart = regexp.MustCompile(`(?is)^\s*(<\?xml[^>]*>\s*|<!--.*?-->\s*)*<(!doctype\s+html|html|head|body|title|meta)\b`)

// htmlFragment is a piece of a page.
var htmlFragment = regexp.MustCompile(`(?i)^\s*<(div|p|h[1-6]|table|ul|ol|section|article|main|span|script|style|link)\b[^>]*>`)

func looksLikeHTML(text, ext string) bool {
	if htmlStart.MatchString(text) {
		return true
	}
	named := ext == ".html" || ext == ".htm" || ext == ".xhtml"
	markdown := ext == ".md" || ext == ".markdown"
	return (named || ext == "" && !markdown) && htmlFragment.MatchString(text)
}

// looksLikeJSON accepts one JSON value, or one object per line; a lone number
// or string is text.
func looksLikeJSON(src source, text string) bool {
	trimmed := strings.TrimLeft(text, " \t\r\n\ufeff")
	if trimmed == "" || trimmed[0] != '{' && trimmed[0] != '[' {
		return false
	}
	if line, _, more := strings.Cut(trimmed, "\n"); more && json.Valid([]byte(line)) {
		return true
	}
	data, err := src.all()
	if err != nil {
		return false
	}
	whole, err := decode(data, src.charset)
	return err == nil && json.Valid([]byte(whole))
}

var mailHeader = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9-]*):\s?`)

// mailHeaders are those of which a mail has at least two, and prose none.
var mailHeaders = map[string]bool{
	"from": true, "to": true, "subject": true, "date": true, "message-id": true, "received": true,
	"mime-version": true, "return-path": true, "content-type": true, "reply-to": true, "cc": true, "delivered-to": true,
}

func looksLikeMail(text string) bool {
	known, from := 0, false
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if line == "" {
			break
		}
		if i == 0 && strings.HasPrefix(line, "From ") { // mbox separator
			continue
		}
		if line[0] == ' ' || line[0] == '\t' {
			continue
		}
		m := mailHeader.FindStringSubmatch(line)
		if m == nil {
			return false
		}
		key := strings.ToLower(m[1])
		if mailHeaders[key] {
			known++
		}
		from = from || key == "from" || key == "received" || key == "message-id"
	}
	return from && known >= 2
}

// csvDelimiters in the order in which they win a draw.
var csvDelimiters = []rune{',', ';', '\t', '|'}

// csvDelimiter is the character that cuts most of the first lines into as many
// fields, at least two, as the first of them; 0 if none does. regular: it does
// so with all of them.
func csvDelimiter(text string) (delimiter rune, regular bool) {
	const rows = 20
	best := 0
	for _, d := range csvDelimiters {
		r := csv.NewReader(strings.NewReader(text))
		r.Comma, r.LazyQuotes, r.FieldsPerRecord, r.ReuseRecord = d, true, -1, true
		width, read, same := 0, 0, 0
		for read < rows {
			cells, err := r.Read()
			if err != nil { // the end, or the place where the text was cut off
				break
			}
			if read++; read == 1 {
				width = len(cells)
			}
			if len(cells) == width {
				same++
			}
		}
		if score := width * same; width > 1 && 2*same > read && score > best {
			best, delimiter, regular = score, d, same == read && read > 1
		}
	}
	return delimiter, regular
}

func looksLikeCSV(text, ext string) bool {
	if ext == ".csv" || ext == ".tsv" {
		return true
	}
	d, regular := csvDelimiter(text)
	if !regular {
		return false
	}
	// Two lines of prose may hold one comma each; a table has short cells in
	// several rows.
	rows := strings.Count(strings.TrimSpace(text), "\n") + 1
	first, _, _ := strings.Cut(text, "\n")
	cells := strings.Count(first, string(d)) + 1
	return ext == "" && rows >= 3 && cells >= 3 && len(first) < 40*cells
}

var markdownSigns = []*regexp.Regexp{
	regexp.MustCompile(`(?m)^#{1,6} \S`),
	regexp.MustCompile("(?m)^```"),
	regexp.MustCompile(`(?m)^\s{0,3}\[[^\]]+\]: \S`),
	regexp.MustCompile(`\[[^\]\n]+\]\([^)\s]+\)`),
	regexp.MustCompile(`(?m)^\|?[ :-]*-{3,}[ :-]*\|`),
	regexp.MustCompile(`\*\*[^*\n]+\*\*`),
	regexp.MustCompile(`(?m)^[*+-] \S`),
}

// looksLikeMarkdown wants two different signs, for each alone occurs in plain
// text.
func looksLikeMarkdown(text string) bool {
	signs := 0
	for _, sign := range markdownSigns {
		if sign.MatchString(text) {
			signs++
		}
	}
	return signs >= 2
}

// utf8BOM is dropped from the start of a text.
var utf8BOM = []byte("\xef\xbb\xbf")

func trimBOM(data []byte) []byte { return bytes.TrimPrefix(data, utf8BOM) }
