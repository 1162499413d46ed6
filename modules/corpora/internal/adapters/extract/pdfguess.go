package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/klippa-app/go-pdfium/requests"
)

// unreadable stands where a font does not say which character it shows.
const unreadable = "\uFFFD"

// settle keeps the guesses of fonts whose text reads like text, and gives up
// those of the others.
func (t *pdfText) settle() {
	for _, runs := range t.doubtful {
		var text strings.Builder
		for _, i := range runs {
			text.WriteString(t.runs[i].text)
		}
		legible := readable(text.String())
		for _, i := range runs {
			if r, _ := utf8.DecodeRuneInString(t.runs[i].text); !legible || unknown(r) {
				t.runs[i].text = unreadable
				t.unread++
			}
		}
	}
}

// readable tells the codes of a font that are characters from those that are
// only the numbers of glyphs: the latter have control characters among them,
// scripts that nobody mixes, or words without vowels.
func readable(s string) bool {
	plain, letters, vowels, kana, lost, all := 0, 0, 0, 0, 0, 0
	for _, r := range s {
		all++
		switch {
		case unknown(r):
			lost++
		case r < utf8.RuneSelf:
			plain++
			if unicode.IsLetter(r) {
				letters++
				if strings.ContainsRune("aeiouyAEIOUY", r) {
					vowels++
				}
			}
		case unicode.In(r, unicode.Hiragana, unicode.Katakana) || r >= 0x3000 && r < 0x3100:
			kana++
		}
	}
	const few = 8 // letters, which say nothing yet
	switch {
	case lost*30 > all:
		return false
	case kana*10 >= all:
		return true
	case plain*10 < all*6:
		return false
	}
	return letters < few || vowels*5 >= letters && vowels*3 <= letters*2
}

// textOf is what a character says that PDFium takes for char. When that is
// only a guess, doubted is the name of its font, or some name.
func (c *charReader) textOf(i int, char rune) (text, doubted string) {
	// With an error, char is the code in the font.
	answer, err := c.file.pdfium.FPDFText_HasUnicodeMapError(&requests.FPDFText_HasUnicodeMapError{TextPage: c.text, Index: i})
	lost := err == nil && answer.HasUnicodeMapError
	const lineHyphen = 2 // where PDFium takes a hyphen for one that only divides a word
	switch {
	case char == lineHyphen && !lost:
		return "-", ""
	case !lost && !unknown(char):
		return string(char), ""
	}
	doubted = "?"
	if font, err := c.file.pdfium.FPDFText_GetFontInfo(&requests.FPDFText_GetFontInfo{TextPage: c.text, Index: i}); err == nil {
		doubted += font.FontName
		if c.file.glyphs == nil {
			c.file.glyphs = c.file.objects().glyphTexts()
		}
		if text := c.file.glyphs[glyphCode{font.FontName, char}]; text != "" {
			return text, ""
		}
	}
	return string(char), doubted
}

// unknown characters are what PDFium answers without knowing better.
func unknown(r rune) bool {
	return r == 0 || r == unicode.ReplacementChar || unicode.Is(unicode.Co, r) || r < ' ' || r == 0xfffe || r == 0xffff
}

// isIdeographic: Chinese and Japanese, which have no space between words.
func isIdeographic(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana) || r >= 0x3000 && r < 0x3040 || r >= 0xff00 && r < 0xff60
}
