package extract

import (
	"strconv"
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
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

// rtfSkipped are destinations whose text is not the document's.
var rtfSkipped = map[string]bool{
	"colortbl": true, "info": true, "pict": true, "object": true, "header": true, "footer": true, "headerl": true, "headerr": true,
	"headerf": true, "footerl": true, "footerr": true, "footerf": true, "fldinst": true, "themedata": true, "datastore": true,
	"sp": true, "nonshppict": true, "xe": true, "tc": true, "bkmkstart": true, "bkmkend": true, "listtable": true, "revtbl": true, "filetbl": true,
}

// rtfSymbols are control words that stand for a character.
var rtfSymbols = map[string]string{
	"tab": "\t", "emdash": "—", "endash": "–", "lquote": "‘", "rquote": "’", "ldblquote": "“", "rdblquote": "”",
	"bullet": "•", "emspace": " ", "enspace": " ", "line": "\n",
}

func (r *rtfReader) word(word string, n int, given bool) {
	r.flushRaw()
	switch {
	case rtfSkipped[word]:
		r.state.skip = true
		return
	case rtfSymbols[word] != "":
		r.write(rtfSymbols[word])
		return
	}
	on := !given || n != 0
	switch word {
	case "ansicpg":
		r.page = codePage(n, r.page)
	case "fonttbl", "stylesheet", "title", "footnote", "annotation", "author":
		r.state.dest = word
		r.state.skip = false
		r.name.Reset()
	case "f":
		r.state.font = n
	case "fcharset":
		if r.state.dest == "fonttbl" {
			r.fonts[r.state.font] = charsetOf(n)
		}
	case "s":
		r.state.style = n
		if r.state.dest == "" {
			r.style = n
		}
	case "outlinelevel":
		level := 0
		if n >= 0 && n < 9 {
			level = n + 1
		}
		if r.state.dest == "stylesheet" {
			r.styles[r.state.style] = level
		} else {
			r.outline = level
		}
	case "v", "deleted":
		r.state.hidden = on
	case "uc":
		r.state.fallback = max(n, 0)
	case "u":
		r.unicode(n)
	case "bin":
		r.at = min(r.at+max(n, 0), len(r.data))
	case "pard":
		r.style, r.outline, r.inTable = 0, 0, false
	case "par", "sect", "page":
		r.paragraph()
	default:
		r.tableWord(word)
	}
}

func (r *rtfReader) tableWord(word string) {
	if len(r.spans) == 0 {
		r.spans = []rtfSpan{{}}
	}
	switch word {
	case "trowd":
		r.spans, r.cells = []rtfSpan{{}}, 0
	case "intbl":
		r.inTable = true
	case "clmrg":
		r.spans[len(r.spans)-1].left = true
	case "clvmrg":
		r.spans[len(r.spans)-1].above = true
	case "cellx":
		if len(r.spans) < maxColumns {
			r.spans = append(r.spans, rtfSpan{})
		}
	case "cell", "nestcell":
		r.cell()
	case "row", "nestrow":
		if r.cells > 0 {
			r.table.endRow()
		}
		r.cells = 0
	}
}

func (r *rtfReader) cell() {
	text := r.text.String()
	r.text.Reset()
	if r.cells == 0 {
		r.table.startRow()
	}
	span := rtfSpan{}
	if r.cells < len(r.spans) {
		span = r.spans[r.cells]
	}
	r.cells++
	row := &r.table.rows[len(r.table.rows)-1]
	switch {
	case span.above && strings.TrimSpace(text) == "":
		r.table.continued(1)
	case span.left && len(*row) > 0:
		r.table.put(cell{text: (*row)[len(*row)-1].text, again: true})
	default:
		r.table.add(text, 1, 1)
	}
}

// unicode writes a character by its number, of which 16 bits are signed.
func (r *rtfReader) unicode(n int) {
	char := rune(uint16(n))
	switch {
	case utf16.IsSurrogate(char) && r.high == 0:
		r.high = char
	case r.high != 0:
		r.write(string(utf16.DecodeRune(r.high, char)))
		r.high = 0
	default:
		r.write(string(char))
	}
	r.ignore = r.state.fallback
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

func codePage(n int, otherwise encoding.Encoding) encoding.Encoding {
	pages := map[int]encoding.Encoding{
		437: charmap.CodePage437, 850: charmap.CodePage850, 852: charmap.CodePage852, 866: charmap.CodePage866,
		874: charmap.Windows874, 932: japanese.ShiftJIS, 936: simplifiedchinese.GBK, 949: korean.EUCKR, 950: traditionalchinese.Big5,
		1250: charmap.Windows1250, 1251: charmap.Windows1251, 1252: charmap.Windows1252, 1253: charmap.Windows1253, 1254: charmap.Windows1254,
		1255: charmap.Windows1255, 1256: charmap.Windows1256, 1257: charmap.Windows1257, 1258: charmap.Windows1258,
		10000: charmap.Macintosh, 10007: charmap.MacintoshCyrillic,
	}
	if page := pages[n]; page != nil {
		return page
	}
	return otherwise
}

// charsetOf is the encoding of a font, nil when it says none of its own.
func charsetOf(n int) encoding.Encoding {
	pages := map[int]int{
		77: 10000, 128: 932, 129: 949, 134: 936, 136: 950, 161: 1253, 162: 1254, 163: 1258, 177: 1255, 178: 1256, 186: 1257, 204: 1251, 222: 874, 238: 1250,
	}
	return codePage(pages[n], nil)
}
