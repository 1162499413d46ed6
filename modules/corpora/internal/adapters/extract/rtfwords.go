package extract

import (
	"strings"
	"unicode/utf16"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
)

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
