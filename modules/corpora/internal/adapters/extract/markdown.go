package extract

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark/ast"
	east "github.com/yuin/goldmark/extension/ast"
	gtext "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

func readMarkdown(src source, out *builder) error {
	data, err := src.all()
	if err != nil {
		return err
	}
	text, err := out.decode(data, src.charset)
	if err != nil {
		return err
	}
	text = lineFeeds(text)
	text = frontMatter(text, out)
	body := []byte(text)
	if tooDeep(text) {
		return tooNested()
	}
	root := newMarkdown().Parser().Parse(gtext.NewReader(body))
	w := &markdownWriter{out: out, src: body}
	w.blocks(root, 0)
	return out.err
}

// frontMatter takes the header of "key: value" lines between two lines of
// dashes off a text. The title is the document's, the rest is a table row.
func frontMatter(text string, out *builder) string {
	const marker = "---\n"
	rest, ok := strings.CutPrefix(text, marker)
	if !ok {
		return text
	}
	head, body, ok := strings.Cut(rest, "\n"+marker)
	if !ok || strings.Contains(head, "\n\n") {
		return text
	}
	var cells []string
	for line := range strings.SplitSeq(head, "\n") {
		key, value, ok := strings.Cut(line, ":")
		if !ok && !strings.HasPrefix(strings.TrimSpace(line), "- ") {
			return text
		}
		if value = strings.Trim(strings.TrimSpace(value), `"'`); strings.EqualFold(key, "title") {
			out.setTitle(value)
			continue
		}
		cells = append(cells, line)
	}
	out.row(cells)
	return body
}

type markdownWriter struct {
	out *builder
	src []byte
	// nested counts the open blocks around the current one.
	nested int
}

// maxMarkdownDepth bounds the nesting of quotes and lists.
const maxMarkdownDepth = 500

func tooNested() error {
	return tooLarge("The Markdown file nests lists or quotes more than %d deep.", maxMarkdownDepth)
}

// blocks writes the blocks in n; depth is that of lists.
func (w *markdownWriter) blocks(n ast.Node, depth int) {
	if w.nested++; w.nested > maxMarkdownDepth {
		w.out.fail(tooNested())
	}
	defer func() { w.nested-- }()
	for c := n.FirstChild(); c != nil && w.out.err == nil; c = c.NextSibling() {
		switch c := c.(type) {
		case *ast.Heading:
			w.out.heading(c.Level, w.inline(c))
		case *ast.Paragraph, *ast.TextBlock, *east.DefinitionTerm:
			w.out.paragraph(w.inline(c))
		case *ast.FencedCodeBlock, *ast.CodeBlock:
			w.out.code(w.rawLines(c))
		case *ast.HTMLBlock:
			w.htmlBlock(c)
		case *ast.ListItem:
			w.item(c, depth)
		case *ast.List:
			w.blocks(c, depth+1)
		case *east.Table:
			w.table(c)
		default:
			if c.Type() == ast.TypeBlock {
				w.blocks(c, depth)
			}
		}
	}
}

// item writes the item's own text as one block and whatever else it holds,
// such as code and nested lists, as blocks of their own.
func (w *markdownWriter) item(n ast.Node, depth int) {
	first := n.FirstChild()
	if first == nil {
		return
	}
	switch first.(type) {
	case *ast.Paragraph, *ast.TextBlock:
		w.out.item(depth, w.inline(first))
		rest := ast.NewDocument()
		for c := first.NextSibling(); c != nil; {
			next := c.NextSibling()
			rest.AppendChild(rest, c)
			c = next
		}
		w.blocks(rest, depth)
	default:
		w.blocks(n, depth)
	}
}

func (w *markdownWriter) table(n ast.Node) {
	var rows [][]cell
	for row := n.FirstChild(); row != nil; row = row.NextSibling() {
		var cells []string
		for cell := row.FirstChild(); cell != nil; cell = cell.NextSibling() {
			cells = append(cells, w.inline(cell))
		}
		rows = append(rows, cellsOf(cells))
	}
	writeTable(w.out, rows, 1)
}

// htmlBlock reads the text between the tags; a comment has none.
func (w *markdownWriter) htmlBlock(n *ast.HTMLBlock) {
	raw := w.rawLines(n)
	if n.HasClosure() {
		raw += string(n.ClosureLine.Value(w.src))
	}
	// A page's title is not that of the Markdown around it.
	title := w.out.title
	w.out.title = "-"
	err := htmlDocument([]byte(raw), "text/html; charset=utf-8", w.out)
	w.out.title = title
	if err != nil {
		w.out.fail(err)
	}
}

func (w *markdownWriter) rawLines(n ast.Node) string {
	var b strings.Builder
	for i := range n.Lines().Len() {
		line := n.Lines().At(i)
		b.Write(line.Value(w.src))
	}
	return b.String()
}

// inline is the text of n as a reader sees it: a link's words without its
// address, a picture's description.
func (w *markdownWriter) inline(n ast.Node) string {
	var b strings.Builder
	_ = ast.Walk(n, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Text:
			b.Write(unescape(n, w.src))
			if n.HardLineBreak() {
				b.WriteByte('\n')
			} else if n.SoftLineBreak() {
				b.WriteByte(' ')
			}
		case *ast.String:
			b.Write(n.Value)
		case *ast.CodeSpan:
			for c := n.FirstChild(); c != nil; c = c.NextSibling() {
				if t, ok := c.(*ast.Text); ok {
					b.Write(t.Value(w.src))
				}
			}
			return ast.WalkSkipChildren, nil
		case *ast.AutoLink:
			b.Write(n.Label(w.src))
		case *ast.RawHTML:
			b.WriteString(lineBreakTag(n, w.src))
		}
		return ast.WalkContinue, nil
	})
	return b.String()
}

// unescape undoes backslash escapes and character references.
func unescape(n *ast.Text, src []byte) []byte {
	value := n.Value(src)
	if n.IsRaw() || bytes.IndexByte(value, '\\') < 0 && bytes.IndexByte(value, '&') < 0 {
		return value
	}
	return util.ResolveEntityNames(util.ResolveNumericReferences(util.UnescapePunctuations(value)))
}

func lineBreakTag(n *ast.RawHTML, src []byte) string {
	if n.Segments.Len() > 0 {
		first := n.Segments.At(0)
		if strings.HasPrefix(strings.ToLower(string(first.Value(src))), "<br") {
			return " "
		}
	}
	return ""
}
