package extract

import (
	"io"
	"strconv"
	"strings"

	"github.com/ledongthuc/pdf"
	"golang.org/x/text/encoding/charmap"
)

// pdfFont turns the codes of a font into text and widths.
type pdfFont struct {
	// composite fonts have codes of more than one byte.
	composite bool
	codeBytes int
	unicode   *charMap
	utf16     bool // the codes are UTF-16
	encoder   pdf.TextEncoding
	named     map[uint32]string // codes whose glyph's name says the character
	widths    map[uint32]float64
	otherwise float64 // width of codes without one; negative: look it up
	scale     float64 // of widths, 1/1000 but for Type 3 fonts
	bold      bool
	glyphs    map[charCode]glyph
}

type glyph struct {
	text  string
	width float64 // in text space at size 1
}

// maxFontStream bounds a character map that is inflated.
const maxFontStream = 16 << 20

func loadFont(v pdf.Value) *pdfFont {
	f := &pdfFont{codeBytes: 1, scale: 0.001, widths: map[uint32]float64{}, glyphs: map[charCode]glyph{}}
	name := strings.ToLower(v.Key("BaseFont").Name())
	f.bold = strings.Contains(name, "bold") || strings.Contains(name, "black") || strings.Contains(name, "heavy")
	if to := v.Key("ToUnicode"); to.Kind() == pdf.Stream {
		if data, err := io.ReadAll(io.LimitReader(to.Reader(), maxFontStream)); err == nil || len(data) > 0 {
			f.unicode = parseCharMap(data)
		}
	}
	if v.Key("Subtype").Name() == "Type0" {
		f.loadComposite(v)
	} else {
		f.loadSimple(v)
	}
	return f
}

func (f *pdfFont) loadComposite(v pdf.Value) {
	f.composite, f.codeBytes = true, 2
	if f.unicode != nil && f.unicode.width > 0 {
		f.codeBytes = f.unicode.width
	}
	encoding := v.Key("Encoding").Name()
	f.utf16 = strings.Contains(encoding, "UCS2") || strings.Contains(encoding, "UTF16")
	descendant := v.Key("DescendantFonts").Index(0)
	f.otherwise = 1000
	if dw := descendant.Key("DW"); dw.Kind() == pdf.Integer || dw.Kind() == pdf.Real {
		f.otherwise = dw.Float64()
	}
	w := descendant.Key("W")
	for i := 0; i+1 < w.Len() && len(f.widths) < maxCharMap; {
		first := uint32(w.Index(i).Int64())
		if list := w.Index(i + 1); list.Kind() == pdf.Array {
			for j := range list.Len() {
				f.widths[first+uint32(j)] = list.Index(j).Float64()
			}
			i += 2
			continue
		}
		last, width := uint32(w.Index(i+1).Int64()), w.Index(i+2).Float64()
		for c := first; c <= last && len(f.widths) < maxCharMap; c++ {
			f.widths[c] = width
		}
		i += 3
	}
}

func (f *pdfFont) loadSimple(v pdf.Value) {
	font := pdf.Font{V: v}
	f.encoder = font.Encoder()
	first := font.FirstChar()
	for i, w := range font.Widths() {
		f.widths[uint32(first+i)] = w
	}
	f.otherwise = v.Key("FontDescriptor").Key("MissingWidth").Float64()
	if len(f.widths) == 0 {
		f.otherwise = -1
		if strings.Contains(v.Key("BaseFont").Name(), "Courier") {
			f.otherwise = 600
		}
	}
	if m := v.Key("FontMatrix"); v.Key("Subtype").Name() == "Type3" && m.Len() == 6 {
		f.scale = m.Index(0).Float64()
	}
	f.named = namedGlyphs(v.Key("Encoding").Key("Differences"))
}

// namedGlyphs reads names such as uni20AC, which the library doesn't know.
func namedGlyphs(differences pdf.Value) map[uint32]string {
	out := map[uint32]string{}
	code := uint32(0)
	for i := range differences.Len() {
		d := differences.Index(i)
		if d.Kind() == pdf.Integer {
			code = uint32(d.Int64())
			continue
		}
		if hex, ok := strings.CutPrefix(d.Name(), "uni"); ok && len(hex) == 4 {
			if r, err := strconv.ParseUint(hex, 16, 32); err == nil {
				out[code] = string(rune(r))
			}
		}
		code++
	}
	return out
}

// glyph decodes one code. Text that the font doesn't tell is empty.
func (f *pdfFont) glyph(code string) glyph {
	key := charCode{len(code), bigEndian(code)}
	if g, ok := f.glyphs[key]; ok {
		return g
	}
	g := glyph{text: f.text(key, code), width: f.width(key.value) * f.scale}
	f.glyphs[key] = g
	return g
}

func (f *pdfFont) width(code uint32) float64 {
	if w, ok := f.widths[code]; ok {
		return w
	}
	if f.otherwise >= 0 {
		return f.otherwise
	}
	return helveticaWidth(code)
}

func (f *pdfFont) text(key charCode, code string) string {
	if f.unicode != nil {
		if text, ok := f.unicode.text[key]; ok {
			return text
		}
	}
	if text, ok := f.named[key.value]; ok {
		return text
	}
	if f.composite {
		if f.utf16 {
			return utf16Text(code)
		}
		return ""
	}
	text := f.encoder.Decode(code)
	// The library takes what it doesn't know for Latin-1, or hands it through.
	if r := []rune(text); len(r) == 1 && (r[0] == '\ufffd' || r[0] >= 0x80 && r[0] < 0xa0) && code[0] >= 0x80 {
		return string(charmap.Windows1252.DecodeByte(code[0]))
	}
	if text == "\x00" {
		return ""
	}
	return text
}

// helveticaWidths are those of the codes 32–126 in Adobe's metrics of
// Helvetica, in 1/1000. A reader must know them, for files may leave out the
// widths of this font; others are near enough to see the gaps between words.
var helveticaWidths = [...]uint16{
	278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
	556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
	1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
	667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
	333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
	556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
}

func helveticaWidth(code uint32) float64 {
	if code >= 32 && int(code-32) < len(helveticaWidths) {
		return float64(helveticaWidths[code-32])
	}
	return 556
}
