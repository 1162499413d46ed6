package extract

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/ledongthuc/pdf"
)

func readPDF(src source, out *builder) error {
	r, err := openPDF(src)
	if err != nil {
		return err
	}
	out.setTitle(pdfTitle(r))
	pages, err := pdfPages(r, out)
	if err != nil {
		return err
	}
	reader := &pageReader{ctx: out.ctx, limit: out.limits.MaxInflated, fonts: newFontCache()}
	layout := &pdfLayout{}
	var failed int
	var cause error
	total := 0
	for i, page := range pages {
		reader.runs = reader.runs[:0]
		err := readPage(reader, page)
		switch {
		case out.ctx.Err() != nil:
			return out.ctx.Err()
		case errors.Is(err, errContentTooLarge):
			return tooLarge("The pages of the PDF unpack to more than %d MB.", out.limits.MaxInflated>>20)
		case err != nil:
			failed, cause = failed+1, err
		}
		total += layout.page(i+1, reader.runs)
		if total > out.limits.MaxText {
			return tooLarge("The file holds more than %d MB of text.", out.limits.MaxText>>20)
		}
	}
	// One odd page should not cost the others; half of them are a broken file.
	if failed > 0 && failed*2 >= len(pages) {
		return broken("PDF", cause)
	}
	out.setPages(len(pages))
	layout.write(out)
	if out.err == nil && len(out.blocks) == 0 && reader.unreadable > 0 {
		return ErrNoText.WithMessage("The fonts of the PDF don't say which characters they show, so its text can't be read. Run text recognition (OCR) on it and upload the result.")
	}
	return out.err
}

// readPage keeps the text that came before a panic of the library.
func readPage(reader *pageReader, page pdf.Value) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return reader.read(page)
}

// openPDF passes over what the library is too strict about: bytes before the
// header, a version it has not heard of, and bytes after the end.
func openPDF(src source) (*pdf.Reader, error) {
	head, err := src.head()
	if err != nil {
		return nil, err
	}
	start := max(bytes.Index(head[:min(len(head), pdfHeaderWindow)], []byte("%PDF-")), 0)
	end, err := pdfEnd(src)
	if err != nil {
		return nil, err
	}
	// Offsets count from the header in some files, from the first byte in others.
	offsets := []int64{int64(start)}
	if start > 0 {
		offsets = append(offsets, 0)
	}
	for _, offset := range offsets {
		const smallest = 100 // the library reads this much from the end
		if end-offset < smallest {
			return nil, broken("PDF", errors.New("too short"))
		}
		var r *pdf.Reader
		section := io.NewSectionReader(src, offset, end-offset)
		if r, err = pdf.NewReader(&patchedHeader{section}, end-offset); err == nil {
			return r, nil
		}
	}
	if errors.Is(err, pdf.ErrInvalidPassword) || strings.Contains(err.Error(), "encryption") {
		return nil, fmt.Errorf("%w: %w", ErrEncrypted, err)
	}
	return nil, broken("PDF", err)
}

// pdfEnd is the offset behind the last end-of-file mark.
func pdfEnd(src source) (int64, error) {
	const window = 64 << 10
	from := max(src.size-window, 0)
	tail := make([]byte, src.size-from)
	if n, err := src.ReadAt(tail, from); err != nil && !errors.Is(err, io.EOF) {
		return 0, fmt.Errorf("reading the source: %w", err)
	} else if n < len(tail) {
		tail = tail[:n]
	}
	mark := []byte("%%EOF")
	i := bytes.LastIndex(tail, mark)
	if i < 0 {
		return 0, broken("PDF", errors.New("no end-of-file mark"))
	}
	return from + int64(i+len(mark)), nil
}

// patchedHeader shows the library a header that it accepts.
type patchedHeader struct{ io.ReaderAt }

func (p *patchedHeader) ReadAt(b []byte, off int64) (int, error) {
	n, err := p.ReaderAt.ReadAt(b, off)
	if header := "%PDF-1.7\n"; off >= 0 && off < int64(len(header)) {
		copy(b[:n], header[off:])
	}
	return n, err
}

// pdfTitle leaves out what programs put in when nobody gave a title.
func pdfTitle(r *pdf.Reader) (title string) {
	defer func() {
		if recover() != nil {
			title = ""
		}
	}()
	title = oneLine(clean(r.Trailer().Key("Info").Key("Title").Text()))
	title = strings.TrimPrefix(title, "Microsoft Word - ")
	lower := strings.ToLower(title)
	if strings.HasPrefix(lower, "untitled") || strings.Contains(lower, "\\") || lower == "powerpoint presentation" {
		return ""
	}
	for _, ext := range []string{".doc", ".docx", ".dvi", ".tex", ".indd", ".qxd", ".ppt", ".pptx", ".xls", ".xlsx"} {
		if strings.HasSuffix(lower, ext) { // a file name
			return ""
		}
	}
	return title
}

// pdfPages walks the tree of pages once; the library would walk it again for
// each page, and for ever when it bites its tail.
func pdfPages(r *pdf.Reader, out *builder) (pages []pdf.Value, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = broken("PDF", fmt.Errorf("panic: %v", p))
		}
	}()
	nodes := 0
	var visit func(v pdf.Value, depth int) error
	visit = func(v pdf.Value, depth int) error {
		if err := out.ctx.Err(); err != nil {
			return err
		}
		const deepest = 60
		if nodes++; depth > deepest || nodes > 4*out.limits.MaxPages {
			return broken("PDF", errors.New("the tree of pages has no end"))
		}
		kids := v.Key("Kids")
		if kids.Kind() != pdf.Array {
			if v.Kind() == pdf.Dict {
				pages = append(pages, v)
			}
			if len(pages) > out.limits.MaxPages {
				return tooLarge("The PDF has more than %d pages, which is the most that can be read.", out.limits.MaxPages)
			}
			return nil
		}
		for i := range kids.Len() {
			if err := visit(kids.Index(i), depth+1); err != nil {
				return err
			}
		}
		return nil
	}
	if err := visit(r.Trailer().Key("Root").Key("Pages"), 0); err != nil {
		return nil, err
	}
	if len(pages) == 0 {
		return nil, broken("PDF", errors.New("no pages"))
	}
	return pages, nil
}

// scope is the resources that a page's or form's content names.
type scope struct {
	resources pdf.Value
	fonts     map[string]*pdfFont
}

func newScope(resources pdf.Value) *scope {
	return &scope{resources: resources, fonts: map[string]*pdfFont{}}
}

// fontCache keeps the fonts of all pages, by the text of the dictionary that
// names them, where an indirect object is its number.
type fontCache struct{ fonts map[string]*pdfFont }

func newFontCache() *fontCache { return &fontCache{fonts: map[string]*pdfFont{}} }

// maxFonts is where the cache stops to grow.
const maxFonts = 2_000

// get returns nil for a font that is not there.
func (c *fontCache) get(in *scope, name string) *pdfFont {
	if f, ok := in.fonts[name]; ok {
		return f
	}
	dict := in.resources.Key("Font")
	key := name + " " + dict.String()
	f, ok := c.fonts[key]
	if !ok {
		if v := dict.Key(name); v.Kind() == pdf.Dict {
			f = loadFont(v)
		}
		if len(c.fonts) < maxFonts {
			c.fonts[key] = f
		}
	}
	in.fonts[name] = f
	return f
}
