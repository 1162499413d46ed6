package extract

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"parley/modules/corpora/internal/core/document"
)

// builder collects blocks within the limits. Its methods do nothing once it
// has failed, so a reader may write on and look at err when that is convenient.
type builder struct {
	ctx    context.Context //nolint:containedctx // of the extraction: the callbacks of parsers have no argument for it
	limits Limits
	err    error

	title     string
	charset   string // that the whole file was read in
	page      int
	pages     *int
	blocks    []document.Block
	textBytes int
	warnings  []string
	// inflated counts what compressed parts have given so far.
	inflated int64
}

func newBuilder(ctx context.Context, limits Limits) *builder {
	return &builder{ctx: ctx, limits: limits}
}

// fail keeps the first error.
func (b *builder) fail(err error) {
	if b.err == nil {
		b.err = err
	}
}

// maxWarnings is how many sentences an owner reads.
const maxWarnings = 20

// warn tells the owner of something in the file that could not be read.
func (b *builder) warn(format string, args ...any) {
	if sentence := fmt.Sprintf(format, args...); len(b.warnings) < maxWarnings && !slices.Contains(b.warnings, sentence) {
		b.warnings = append(b.warnings, sentence)
	}
}

// comment adds what somebody noted beside the text.
func (b *builder) comment(author, text string) { b.paragraph(comment(author, text)) }

func comment(author, text string) string {
	text = oneLine(clean(text))
	if text == "" {
		return ""
	}
	if author = oneLine(clean(author)); author != "" {
		return "Comment by " + author + ": " + text
	}
	return "Comment: " + text
}

// setTitle keeps the first title that says something.
func (b *builder) setTitle(title string) {
	if b.title != "" {
		return
	}
	const longest = 300
	title = oneLine(clean(title))
	if len(title) > longest {
		title = strings.ToValidUTF8(title[:longest], "")
	}
	b.title = title
}

// setPages says how many pages the file has and fails when those are too many.
func (b *builder) setPages(n int) {
	if n > b.limits.MaxPages {
		b.fail(tooLarge("The file has %d pages, and at most %d can be read.", n, b.limits.MaxPages))
		return
	}
	b.pages = &n
}

func (b *builder) heading(level int, text string) {
	b.add(document.Heading, min(max(level, 1), 6), oneLine(clean(text)))
}

// paragraph adds prose. A line break in it is one that the author meant, and
// ends the block.
func (b *builder) paragraph(text string) {
	for line := range strings.SplitSeq(clean(text), "\n") {
		b.add(document.Paragraph, 0, oneLine(line))
	}
}

// item adds a list item; level counts from 1, the outermost list.
func (b *builder) item(level int, text string) {
	b.add(document.Item, max(level, 1), oneLine(clean(text)))
}

func (b *builder) code(text string) { b.add(document.Code, 0, verbatim(clean(text))) }

// row adds one row of a table; empty cells are left out.
func (b *builder) row(cells []string) {
	var text strings.Builder
	for _, cell := range cells {
		cell = oneLine(clean(cell))
		if cell == "" {
			continue
		}
		if text.Len() > 0 {
			text.WriteString(" | ")
		}
		text.WriteString(cell)
	}
	b.add(document.TableRow, 0, text.String())
}

// insertRow puts a row before the block at a place that was reached before.
func (b *builder) insertRow(at int, cells []string) {
	n := len(b.blocks)
	b.row(cells)
	b.moveLast(n, at)
}

// insertHeading is insertRow for a heading.
func (b *builder) insertHeading(at, level int, text string) {
	n := len(b.blocks)
	b.heading(level, text)
	b.moveLast(n, at)
}

// moveLast moves the block at n, if there is one, to a place before it.
func (b *builder) moveLast(n, at int) {
	if len(b.blocks) > n && at < n {
		last := b.blocks[n]
		last.Page = b.blocks[at].Page
		b.blocks = slices.Insert(b.blocks[:n], at, last)
	}
}

func (b *builder) add(kind document.Kind, level int, text string) {
	if b.err != nil || strings.TrimSpace(text) == "" {
		return
	}
	if err := b.ctx.Err(); err != nil {
		b.fail(err)
		return
	}
	b.textBytes += len(text)
	if b.textBytes > b.limits.MaxText {
		b.fail(tooLarge("The file holds more than %d MB of text.", b.limits.MaxText>>20))
		return
	}
	if len(b.blocks) >= b.limits.MaxBlocks {
		b.fail(tooLarge("The file holds more than %d paragraphs or rows.", b.limits.MaxBlocks))
		return
	}
	b.blocks = append(b.blocks, document.Block{Kind: kind, Level: level, Page: b.page, Text: text})
}

// finish hands over the document. Without a title of its own the file's first
// heading is the title, if it comes before any long text.
func (b *builder) finish(f format) (document.Extracted, error) {
	if b.err != nil {
		return document.Extracted{}, b.err
	}
	if len(b.blocks) == 0 {
		if f.silent != "" {
			return document.Extracted{}, ErrNoText.WithMessage(f.silent)
		}
		return document.Extracted{}, ErrNoText.WithMessage("The " + f.what + " has no text.")
	}
	const near = 5
	for _, block := range b.blocks[:min(near, len(b.blocks))] {
		if block.Kind == document.Heading {
			b.setTitle(block.Text)
			break
		}
	}
	if !strings.HasPrefix(f.mime, "text/") && f.mime != "application/json" { // what is in it has encodings of its own
		b.charset = ""
	}
	return document.Extracted{Title: b.title, MIME: f.mime, Charset: b.charset, PageCount: b.pages, Blocks: b.blocks, Warnings: b.warnings}, nil
}
