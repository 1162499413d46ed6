package extract

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
)

// run is a piece of text in a straight line. along and across are coordinates
// in the direction of the text and, growing upwards, at a right angle to it.
type run struct {
	text       string
	start, end float64 // along
	across     float64
	size       float64
	dirX, dirY float64
	bold       bool
}

// pdfText is what the characters of one page say.
type pdfText struct {
	runs []run
	// glyphs counts characters but for space, unread those of them whose font
	// does not say what they are.
	glyphs, unread int
	// doubtful are the runs of characters that PDFium could only guess, by
	// their fonts.
	doubtful map[string][]int
}

// maxPageChars bounds the characters of one page.
const maxPageChars = 2_000_000

// text reads the characters of a page, one run each.
func (p *pdfPage) text(every func() error) (out pdfText, err error) {
	loaded, err := p.file.pdfium.FPDFText_LoadPage(&requests.FPDFText_LoadPage{Page: p.request()})
	if err != nil {
		return out, err
	}
	c := &charReader{pdfPage: p, text: loaded.TextPage}
	defer func() {
		_, closing := p.file.pdfium.FPDFText_ClosePage(&requests.FPDFText_ClosePage{TextPage: c.text})
		if err == nil {
			err = closing
		}
	}()
	count, err := p.file.pdfium.FPDFText_CountChars(&requests.FPDFText_CountChars{TextPage: c.text})
	if err != nil {
		return out, err
	}
	if count.Count > maxPageChars {
		return out, tooLarge("Page %d of the PDF holds more than %d characters.", p.index+1, maxPageChars)
	}
	out.runs, out.doubtful = make([]run, 0, count.Count), map[string][]int{}
	for i := range count.Count {
		const often = 512
		if i%often == 0 {
			if err := every(); err != nil {
				return out, err
			}
		}
		if err := c.read(i, &out); err != nil {
			return out, err
		}
	}
	out.settle()
	return out, nil
}

// charReader keeps what consecutive characters share, because each question
// to PDFium costs.
type charReader struct {
	*pdfPage
	text references.FPDF_TEXTPAGE
	// box and style are those of the last character.
	box   charBox
	style run
	// vertical: the last character belongs to a line from top to bottom.
	vertical bool
	// high is the first half of a character beyond the BMP, 0 otherwise.
	high rune
}

type charBox struct{ left, right, top, bottom float64 }

func (c *charReader) read(i int, out *pdfText) error {
	answer, err := c.file.pdfium.FPDFText_GetUnicode(&requests.FPDFText_GetUnicode{TextPage: c.text, Index: i})
	if err != nil {
		return err
	}
	char := rune(answer.Unicode)
	switch {
	case char == '\r' || char == '\n':
		return nil
	case utf16.IsSurrogate(char) && c.high == 0:
		c.high = char
		return nil
	case c.high != 0:
		char = utf16.DecodeRune(c.high, char)
		c.high = 0
	}
	loose, err := c.file.pdfium.FPDFText_GetLooseCharBox(&requests.FPDFText_GetLooseCharBox{TextPage: c.text, Index: i})
	if err != nil {
		return nil //nolint:nilerr // a character that is nowhere is not shown
	}
	box := charBox{float64(loose.Rect.Left), float64(loose.Rect.Right), float64(loose.Rect.Top), float64(loose.Rect.Bottom)}
	if box.left == box.right && box.top == box.bottom {
		return nil // a space or line break that PDFium made up
	}
	vertical := c.below(box, char)
	if !vertical && !c.sameStyle(box) {
		if err := c.readStyle(i); err != nil {
			return nil //nolint:nilerr // as above
		}
	}
	r := c.place(box)
	if vertical {
		r = downwards(r, box)
		if n := len(out.runs); n > 0 && !c.vertical {
			out.runs[n-1] = downwards(out.runs[n-1], c.box)
		}
	}
	c.box, c.vertical = box, vertical
	r.text = string(char)
	if !unicode.IsSpace(char) {
		out.glyphs++
		var font string
		if r.text, font = c.textOf(i, char); font != "" && valid(r) {
			out.doubtful[font] = append(out.doubtful[font], len(out.runs))
		}
	}
	if valid(r) {
		out.runs = append(out.runs, r)
	}
	return nil
}

// sameStyle: characters of one font and size on one line have boxes of the
// same height at the same place.
func (c *charReader) sameStyle(box charBox) bool {
	switch {
	case c.style.size == 0:
		return false
	case c.style.dirY == 0:
		return box.top == c.box.top && box.bottom == c.box.bottom
	case c.style.dirX == 0:
		return box.left == c.box.left && box.right == c.box.right
	}
	return false
}

// below reports whether an East Asian character stands right under the last
// one, as in vertical lines, whose direction PDFium does not tell.
func (c *charReader) below(box charBox, char rune) bool {
	if c.style.size == 0 || c.style.dirX != 1 || !isIdeographic(char) {
		return false
	}
	near := 0.2 * c.style.size
	// Punctuation is narrower, and to the right.
	aligned := math.Abs(box.right-c.box.right) < near || math.Abs(box.left+box.right-c.box.left-c.box.right) < 2*near
	return aligned && math.Abs(box.top-c.box.bottom) < near
}

// downwards turns a run into one of a vertical line.
func downwards(r run, box charBox) run {
	r.dirX, r.dirY = 0, -1
	r.start, r.end = -box.top, -box.bottom
	r.across = box.right
	return r
}

// readStyle asks for the direction, size and weight at a character, and for
// how far its line is from the page's origin.
func (c *charReader) readStyle(i int) error {
	c.style.size = 0 // ask again unless all questions are answered
	m, err := c.file.pdfium.FPDFText_GetMatrix(&requests.FPDFText_GetMatrix{TextPage: c.text, Index: i})
	if err != nil {
		return err
	}
	origin, err := c.file.pdfium.FPDFText_GetCharOrigin(&requests.FPDFText_GetCharOrigin{TextPage: c.text, Index: i})
	if err != nil {
		return err
	}
	size, err := c.file.pdfium.FPDFText_GetFontSize(&requests.FPDFText_GetFontSize{TextPage: c.text, Index: i})
	if err != nil {
		return err
	}
	x, y := float64(m.Matrix.A), float64(m.Matrix.B)
	if size.FontSize < 0 { // mirrored twice
		x, y = -x, -y
	}
	length := math.Hypot(x, y)
	if length == 0 {
		return errNoDirection
	}
	c.style = run{dirX: straight(x / length), dirY: straight(y / length)}
	c.style.start = origin.X*c.style.dirX + origin.Y*c.style.dirY
	c.style.across = origin.Y*c.style.dirX - origin.X*c.style.dirY
	if font, err := c.file.pdfium.FPDFText_GetFontInfo(&requests.FPDFText_GetFontInfo{TextPage: c.text, Index: i}); err == nil {
		c.style.bold = isBold(font.FontName)
	}
	c.style.size = math.Abs(size.FontSize) * math.Hypot(float64(m.Matrix.C), float64(m.Matrix.D))
	return nil
}

// straight makes a direction that is nearly along an axis exactly so.
func straight(v float64) float64 {
	if r := math.Round(v); math.Abs(v-r) < 1e-3 {
		return r
	}
	return v
}

func isBold(font string) bool {
	font = strings.ToLower(font)
	return strings.Contains(font, "bold") || strings.Contains(font, "black") || strings.Contains(font, "heavy")
}

// place gives a character's run its position. The box is upright, whatever
// the direction of the text; its sides are w·cos + h·sin and w·sin + h·cos of
// the width w and the height h of the character.
func (c *charReader) place(box charBox) run {
	r := c.style
	switch {
	case r.dirY == 0 && r.dirX > 0:
		r.start, r.end = box.left, box.right
	case r.dirY == 0:
		r.start, r.end = -box.right, -box.left
	case r.dirX == 0 && r.dirY > 0:
		r.start, r.end = box.bottom, box.top
	case r.dirX == 0:
		r.start, r.end = -box.top, -box.bottom
	default:
		cos, sin := math.Abs(r.dirX), math.Abs(r.dirY)
		width := r.size / 2
		if d := cos*cos - sin*sin; math.Abs(d) > 0.2 {
			width = max(((box.right-box.left)*cos-(box.top-box.bottom)*sin)/d, 0)
		}
		r.end = r.start + width
	}
	return r
}

// valid: a position from a damaged file may be anything.
func valid(r run) bool {
	for _, v := range []float64{r.start, r.end, r.across, r.size} {
		if math.IsNaN(v) || math.IsInf(v, 0) || math.Abs(v) > 1e7 {
			return false
		}
	}
	return r.size > 0
}
