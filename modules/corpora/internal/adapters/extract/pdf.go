package extract

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

var (
	errNoDirection = errors.New("text without a direction")
	errNoPages     = errors.New("no pages")
)

func readPDF(src source, out *builder) error {
	file, err := openPDF(out.ctx, src, src.size, out.limits)
	if err != nil {
		return err
	}
	defer file.close()
	out.setTitle(pdfTitle(file.title()))
	pages, err := file.pages()
	switch {
	case err != nil:
		return err
	case pages == 0:
		return broken("PDF", errNoPages)
	case pages > out.limits.MaxPages:
		return tooLarge("The PDF has %d pages, and at most %d can be read.", pages, out.limits.MaxPages)
	}
	r := &pdfReader{file: file, out: out, hider: &hider{file: file}, layout: &pdfLayout{}}
	if err := r.pages(pages); err != nil {
		return err
	}
	out.setPages(pages)
	r.layout.write(out)
	if out.err != nil {
		return out.err
	}
	return r.judge()
}

// pdfReader gathers the text of all pages.
type pdfReader struct {
	file   *pdfFile
	out    *builder
	hider  *hider
	layout *pdfLayout
	// glyphs and unread count characters, and those that can't be read.
	glyphs, unread int
	failed         []int // numbers of pages
	bytes          int
}

func (r *pdfReader) pages(n int) error {
	const mostCrashes = 5
	crashes := 0
	var cause error
	for i := range n {
		if err := r.out.ctx.Err(); err != nil {
			return err
		}
		err := r.page(i)
		switch {
		case errors.Is(err, ErrTooLarge), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
			return err
		case err != nil:
			r.failed, cause = append(r.failed, i+1), err
		}
		if r.file.crashed(err) {
			if crashes++; crashes > mostCrashes {
				return broken("PDF", err)
			}
			if err := r.file.restart(r.out.ctx); err != nil {
				return err
			}
		}
	}
	// One odd page should not cost the others; half of them are a broken file.
	if len(r.failed)*2 >= n {
		return broken("PDF", cause)
	}
	return nil
}

func (r *pdfReader) page(index int) (err error) {
	page, err := r.file.page(index)
	if err != nil {
		return err
	}
	defer page.close()
	notes, annotated := page.notes()
	text, artifacts, err := r.visible(page, true)
	if err != nil {
		return err
	}
	// Furniture counts on a page with nothing else.
	furniture := artifacts > 0 && len(text.runs) == 0
	if annotated {
		if err := page.flatten(); err != nil {
			return err
		}
	}
	switch {
	case furniture && !annotated:
		if err := page.reload(); err != nil {
			return err
		}
		fallthrough
	case annotated:
		if text, _, err = r.visible(page, !furniture); err != nil {
			return err
		}
	}
	r.glyphs, r.unread = r.glyphs+text.glyphs, r.unread+text.unread
	r.bytes += r.layout.page(index+1, text.runs, notes)
	if r.bytes > r.out.limits.MaxText {
		return tooLarge("The file holds more than %d MB of text.", r.out.limits.MaxText>>20)
	}
	return nil
}

// visible is the text of a page without what is hidden and, if so asked,
// without its furniture, of which it counts the pieces.
func (r *pdfReader) visible(page *pdfPage, withoutFurniture bool) (pdfText, int, error) {
	artifacts := r.hider.hide(page, withoutFurniture)
	text, err := page.text(r.out.ctx.Err)
	return text, artifacts, err
}

// mostUnread is the share of characters, in percent, up to which a document
// with some that can't be read is worth being found.
const mostUnread = 20

// judge fails a document that is mostly unreadable, and warns of one that is
// so in part.
func (r *pdfReader) judge() error {
	if r.unread*100 > r.glyphs*mostUnread {
		return ErrNoText.WithMessage(fmt.Sprintf("The fonts of the PDF don't say which characters they show: %d%% of its text can't be read. "+
			"Run text recognition (OCR) on it and upload the result.", r.unread*100/r.glyphs))
	}
	if r.unread > 0 {
		r.out.warn("%d of %d characters can't be read, because their fonts don't say what they show.", r.unread, r.glyphs)
	}
	if n := len(r.failed); n > 0 {
		r.out.warn("%d of the pages can't be read, the first of them page %d.", n, r.failed[0])
	}
	return nil
}

// pdfTitle leaves out what programs put in when nobody gave a title.
func pdfTitle(title string) string {
	title = oneLine(clean(title))
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
