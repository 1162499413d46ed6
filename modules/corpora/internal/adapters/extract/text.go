package extract

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

func readText(src source, out *builder) error {
	data, err := src.all()
	if err != nil {
		return err
	}
	text, err := out.decode(data, src.charset)
	if err != nil {
		return err
	}
	plainText(text, out)
	return out.err
}

var bullet = regexp.MustCompile(`^\s*(?:[-*+•‣–▪●]|\(?\d{1,3}[.)])\s+`)

// plainText writes paragraphs, which empty lines separate, list items, and
// underlined headings.
func plainText(text string, out *builder) {
	text = lineFeeds(text)
	var para []string
	flush := func() {
		writeParagraph(para, out)
		para = para[:0]
	}
	for line := range strings.SplitSeq(text, "\n") {
		if out.err != nil {
			return
		}
		line = strings.TrimRight(line, " \t\f\v")
		switch {
		case strings.TrimSpace(line) == "":
			flush()
		case len(para) == 1 && isUnderline(line, para[0]):
			level := 1
			if line[0] == '-' {
				level = 2
			}
			out.heading(level, para[0])
			para = para[:0]
		case bullet.MatchString(line):
			flush()
			para = append(para, line)
		default:
			para = append(para, line)
		}
	}
	flush()
}

// lineFeeds ends lines in one way. Some files have only carriage returns.
func lineFeeds(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
}

func isUnderline(line, above string) bool {
	return len(line) >= 3 && (strings.Trim(line, "=") == "" || strings.Trim(line, "-") == "") &&
		2*len(line) >= utf8.RuneCountInString(above)
}

func writeParagraph(para []string, out *builder) {
	if len(para) == 0 {
		return
	}
	text := unwrap(para)
	if mark := bullet.FindString(text); mark != "" {
		if strings.ContainsAny(mark, "0123456789") { // a number is content
			out.item(1, text)
			return
		}
		out.item(1, text[len(mark):])
		return
	}
	out.paragraph(text)
}

// unwrap joins the lines of text that was wrapped at a fixed width, and leaves
// lines alone that end where the author ended them, as in verse and logs.
func unwrap(para []string) string {
	widest := 0
	for _, line := range para {
		widest = max(widest, utf8.RuneCountInString(line))
	}
	var b strings.Builder
	for i, line := range para {
		if i > 0 {
			if wrapped(para[i-1], line, widest) {
				b.WriteByte(' ')
			} else {
				b.WriteByte('\n')
			}
		}
		b.WriteString(strings.TrimSpace(line))
	}
	return b.String()
}

// wrapped reports whether line goes on where prev left off: prev is nearly as
// wide as the widest line, or the first word of line would not have fitted.
func wrapped(prev, line string, widest int) bool {
	const narrow, wide = 40, 200
	if widest < narrow || widest > wide {
		return false
	}
	line = strings.TrimSpace(line)
	word, _, _ := strings.Cut(line, " ")
	if utf8.RuneCountInString(prev)+1+utf8.RuneCountInString(word) <= widest-widest/8 {
		return false
	}
	last, _ := utf8.DecodeLastRuneInString(prev)
	first, _ := utf8.DecodeRuneInString(line)
	return !strings.ContainsRune(":;", last) || unicode.IsLower(first)
}
