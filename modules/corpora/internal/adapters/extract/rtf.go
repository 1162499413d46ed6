package extract

import (
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
)

func readRTF(src source, out *builder) error {
	data, err := src.all()
	if err != nil {
		return err
	}
	r := &rtfReader{out: out, data: data, page: charmap.Windows1252, fonts: map[int]encoding.Encoding{}, styles: map[int]int{}, state: rtfState{fallback: 1}}
	return r.read()
}

// rtfState is what a group of braces keeps for itself.
type rtfState struct {
	skip     bool // the text is not the document's
	hidden   bool
	dest     string // what is being read: fonttbl, stylesheet, title, a comment, a footnote
	font     int
	style    int
	fallback int // characters that stand for one of Unicode
}

type rtfReader struct {
	out  *builder
	data []byte
	at   int

	state rtfState
	saved []rtfState
	// page is the encoding of bytes where the font does not say another.
	page   encoding.Encoding
	fonts  map[int]encoding.Encoding
	styles map[int]int // heading levels of styles

	text    strings.Builder
	raw     []byte // bytes that are not decoded yet
	high    rune   // the first half of a character beyond the BMP
	ignore  int    // characters left to leave out, which stand for the last one
	style   int    // of the paragraph
	outline int    // heading level of the paragraph
	table   grid
	inTable bool
	spans   []rtfSpan // of the cells of the row
	cells   int       // cells of the row so far
	name    strings.Builder
}

// rtfSpan says how a cell of a row lies: the first of a span, or part of one.
type rtfSpan struct{ left, above bool }

// maxRTFDepth bounds groups within groups.
const maxRTFDepth = 10_000

func (r *rtfReader) read() error {
	for r.at < len(r.data) && r.out.err == nil {
		const often = 1 << 16
		if r.at%often == 0 && r.out.ctx.Err() != nil {
			return r.out.ctx.Err()
		}
		c := r.data[r.at]
		r.at++
		switch c {
		case '{':
			r.flushRaw()
			if len(r.saved) >= maxRTFDepth {
				return tooLarge("The RTF file nests groups more than %d deep.", maxRTFDepth)
			}
			r.saved = append(r.saved, r.state)
		case '}':
			r.endGroup()
		case '\\':
			r.control()
		case '\r', '\n':
		default:
			r.char(c)
		}
	}
	r.paragraph()
	r.endTable()
	return r.out.err
}

func (r *rtfReader) endGroup() {
	r.flushRaw()
	n := len(r.saved)
	if n == 0 {
		return
	}
	inner := r.state
	r.state, r.saved = r.saved[n-1], r.saved[:n-1]
	if inner.dest == r.state.dest {
		return
	}
	switch inner.dest {
	case "title":
		r.out.setTitle(r.name.String())
	case "stylesheet", "fonttbl", "author":
	case "footnote":
		r.out.paragraph(r.name.String())
	case "annotation":
		r.out.comment("", r.name.String())
	}
	r.name.Reset()
}

// char takes a byte of text in the encoding of the current font.
func (r *rtfReader) char(c byte) {
	if r.ignore > 0 {
		r.ignore--
		return
	}
	if !r.state.skip && !r.state.hidden {
		r.raw = append(r.raw, c)
	}
}

func (r *rtfReader) flushRaw() {
	if len(r.raw) == 0 {
		return
	}
	page := r.page
	if own := r.fonts[r.state.font]; own != nil {
		page = own
	}
	text, err := page.NewDecoder().Bytes(r.raw)
	if err != nil {
		text = r.raw
	}
	r.raw = r.raw[:0]
	r.write(string(text))
}

func (r *rtfReader) write(s string) {
	if r.state.skip || r.state.hidden {
		return
	}
	if r.state.dest != "" {
		r.name.WriteString(s)
		return
	}
	r.text.WriteString(s)
}

// control reads a control word or symbol.
func (r *rtfReader) control() {
	if r.at >= len(r.data) {
		return
	}
	start := r.at
	for r.at < len(r.data) && (r.data[r.at]|0x20) >= 'a' && (r.data[r.at]|0x20) <= 'z' {
		r.at++
	}
	word := string(r.data[start:r.at])
	if word == "" {
		r.symbol()
		return
	}
	start = r.at
	if r.at < len(r.data) && r.data[r.at] == '-' {
		r.at++
	}
	for r.at < len(r.data) && r.data[r.at] >= '0' && r.data[r.at] <= '9' {
		r.at++
	}
	number, err := strconv.Atoi(string(r.data[start:r.at]))
	if r.at < len(r.data) && r.data[r.at] == ' ' {
		r.at++
	}
	r.word(word, number, err == nil)
}

var characterStyle = regexp.MustCompile(`^\\[cdt]s\d`)

func (r *rtfReader) symbol() {
	c := r.data[r.at]
	r.at++
	switch c {
	case '\'':
		if r.at+2 <= len(r.data) {
			if n, err := strconv.ParseUint(string(r.data[r.at:r.at+2]), 16, 8); err == nil {
				r.at += 2
				r.char(byte(n))
			}
		}
	case '*': // a destination that may be passed over
		r.flushRaw()
		rest := r.data[r.at:min(r.at+40, len(r.data))]
		for _, known := range []string{`\shpinst`, `\annotation`, `\shppict`} {
			if strings.HasPrefix(string(rest), known) {
				return
			}
		}
		if characterStyle.Match(rest) && r.state.dest != "stylesheet" { // no destination, whatever StarWriter says
			return
		}
		r.state.skip = true
	case '~':
		r.flushRaw()
		r.write(" ")
	case '_':
		r.char('-')
	case '{', '}', '\\':
		r.char(c)
	case '\r', '\n':
		r.paragraph()
	}
}

func (r *rtfReader) paragraph() {
	r.flushRaw()
	if r.state.dest != "" {
		r.name.WriteByte('\n')
		return
	}
	if r.inTable && r.cells < len(r.spans)-1 {
		r.text.WriteByte('\n')
		return
	}
	text := r.text.String()
	r.text.Reset()
	if strings.TrimSpace(text) == "" {
		return
	}
	r.endTable()
	level := max(r.outline, r.styles[r.style])
	mark := bullet.FindString(text)
	switch {
	case level > 0:
		r.out.heading(level, text)
	case mark != "" && strings.ContainsAny(mark, "0123456789"):
		r.out.item(1, text)
	case mark != "":
		r.out.item(1, text[len(mark):])
	default:
		r.out.paragraph(text)
	}
}

func (r *rtfReader) endTable() {
	if len(r.table.rows) == 0 {
		return
	}
	writeTable(r.out, r.table.rows, 0)
	r.table = grid{}
}
