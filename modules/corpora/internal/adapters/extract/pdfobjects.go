package extract

import (
	"encoding/hex"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/klippa-app/go-pdfium/requests"
)

// pdfObjects are the dictionaries of a PDF by object number, for the few
// questions that PDFium has no function for.
type pdfObjects map[string]string

// objects reads them from a copy of the file as PDFium would save it:
// decrypted, and with no object in a compressed stream. It is made once.
func (f *pdfFile) objects() pdfObjects {
	if f.dictionaries == nil {
		f.dictionaries = pdfObjects{}
		out := &limitedBuffer{left: f.limits.MaxInflated}
		_, err := f.pdfium.FPDF_SaveAsCopy(&requests.FPDF_SaveAsCopy{
			Document: f.doc, Flags: requests.SaveFlagRemoveSecurity, FileWriter: out,
		})
		if err == nil {
			f.dictionaries = parseObjects(out.String())
		}
	}
	return f.dictionaries
}

var (
	pdfObject    = regexp.MustCompile(`(?s)(?:^|[\r\n])(\d+) 0 obj\s*((?:<<.*?>>|\[.*?\]))\s*(?:stream|endobj)`)
	pdfReference = regexp.MustCompile(`^\s*(\d+) 0 R`)
	pdfNumbers   = regexp.MustCompile(`(\d+) 0 R`)
	pdfName      = regexp.MustCompile(`/Name\s*\(((?:[^\\()]|\\.)*)\)|/Name\s*<([0-9A-Fa-f]*)>`)
)

func parseObjects(data string) pdfObjects {
	objects := pdfObjects{}
	for _, m := range pdfObject.FindAllStringSubmatch(data, -1) {
		objects[m[1]] = m[2]
	}
	return objects
}

// value is what stands behind a key of a dictionary, a reference followed.
func (o pdfObjects) value(dict, key string) string {
	_, rest, found := strings.Cut(dict, "/"+key)
	if !found {
		return ""
	}
	if m := pdfReference.FindStringSubmatch(rest); m != nil {
		return o[m[1]]
	}
	return rest
}

// array is the inside of an array behind a key.
func (o pdfObjects) array(dict, key string) string {
	_, rest, _ := strings.Cut(o.value(dict, key), "[")
	inside, _, _ := strings.Cut(rest, "]")
	return inside
}

// layerKey is what can be compared of a layer's name: PDFium takes its bytes
// for UTF-8, whatever they are, and drops those that are not.
func layerKey(name string) string {
	out := make([]byte, 0, len(name))
	for _, c := range []byte(name) {
		if c != 0 && c < utf8.RuneSelf {
			out = append(out, c)
		}
	}
	return string(out)
}

// layersOff finds the keys of layers that the default view does not show.
func (o pdfObjects) layersOff() map[string]bool {
	var properties string
	for _, dict := range o {
		if strings.Contains(dict, "/OCProperties") {
			properties = o.value(dict, "OCProperties")
		}
	}
	view := o.value(properties, "D")
	hidden := map[string]bool{}
	if strings.Contains(view, "/BaseState/OFF") || strings.Contains(view, "/BaseState /OFF") {
		for _, m := range pdfNumbers.FindAllStringSubmatch(o.array(properties, "OCGs"), -1) {
			hidden[m[1]] = true
		}
	}
	for _, m := range pdfNumbers.FindAllStringSubmatch(o.array(view, "ON"), -1) {
		delete(hidden, m[1])
	}
	for _, m := range pdfNumbers.FindAllStringSubmatch(o.array(view, "OFF"), -1) {
		hidden[m[1]] = true
	}
	off, on := map[string]bool{}, map[string]bool{}
	for number, dict := range o {
		m := pdfName.FindStringSubmatch(dict)
		switch {
		case m == nil || !strings.Contains(dict, "/OCG"):
		case hidden[number]:
			off[layerKey(pdfString(m[1], m[2]))] = true
		default:
			on[layerKey(pdfString(m[1], m[2]))] = true
		}
	}
	for name := range on { // of two layers with one name, text may be of either
		delete(off, name)
	}
	return off
}

var (
	pdfBaseFont    = regexp.MustCompile(`/BaseFont\s*/([^\s/<>\[\]()]+)`)
	pdfDifferences = regexp.MustCompile(`\d+|/[^\s/<>\[\]()]+`)
)

// glyphCode is a character code of a font, by the font's name.
type glyphCode struct {
	font string
	code rune
}

// glyphTexts reads, for codes of fonts, what the names of their glyphs say, as
// far as PDFium does not know the name: "f_f_i" is three letters. Two fonts of
// one name that contradict each other say nothing.
func (o pdfObjects) glyphTexts() map[glyphCode]string {
	out := map[glyphCode]string{}
	for _, dict := range o {
		font := pdfBaseFont.FindStringSubmatch(dict)
		if font == nil || !strings.Contains(dict, "/Encoding") {
			continue
		}
		code := 0
		for _, token := range pdfDifferences.FindAllString(o.array(o.value(dict, "Encoding"), "Differences"), -1) {
			if n, err := strconv.Atoi(token); err == nil {
				code = n
				continue
			}
			key := glyphCode{font[1], rune(code)}
			text := glyphName(token[1:])
			if known, found := out[key]; found && known != text {
				text = ""
			}
			out[key] = text
			code++
		}
	}
	return out
}

// glyphName is the text that the name of a glyph says: letters that are
// joined by underscores, each by itself or by its number in Unicode, and
// behind a full stop the form.
func glyphName(name string) string {
	name, _, _ = strings.Cut(name, ".")
	var out strings.Builder
	for part := range strings.SplitSeq(name, "_") {
		digits, numbered := strings.CutPrefix(part, "uni")
		if !numbered {
			digits, numbered = strings.CutPrefix(part, "u")
		}
		n, err := strconv.ParseUint(digits, 16, 32)
		switch {
		case utf8.RuneCountInString(part) == 1:
			out.WriteString(part)
		case numbered && err == nil && len(digits) >= 4 && n <= utf8.MaxRune && !unknown(rune(n)):
			out.WriteRune(rune(n))
		default:
			return ""
		}
	}
	return out.String()
}

var pdfEscape = regexp.MustCompile(`(?s)\\([0-7]{1,3}|.)`)

// pdfString reads the bytes of a string of PDF syntax, given without its
// brackets as literal or as hexadecimal digits.
func pdfString(literal, digits string) string {
	raw := literal
	if digits != "" {
		data, err := hex.DecodeString(digits + strings.Repeat("0", len(digits)%2))
		if err != nil {
			return ""
		}
		raw = string(data)
	} else {
		raw = pdfEscape.ReplaceAllStringFunc(raw, func(s string) string {
			if n, err := strconv.ParseUint(s[1:], 8, 8); err == nil {
				return string([]byte{byte(n)})
			}
			if i := strings.IndexByte("nrtbf", s[1]); i >= 0 {
				return "\n\r\t\b\f"[i : i+1]
			}
			return s[1:]
		})
	}
	return raw
}
