package extract

import (
	"fmt"
	"mime"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
	"golang.org/x/net/html/charset"
)

func readHTML(src source, out *builder) error {
	data, err := src.all()
	if err != nil {
		return err
	}
	contentType := "text/html"
	if src.charset != "" {
		contentType = mime.FormatMediaType(contentType, map[string]string{"charset": src.charset})
	}
	return htmlDocument(data, contentType, out)
}

// htmlCharset finds a declaration behind where browsers look for it.
var htmlCharset = regexp.MustCompile(`(?i)<(?:meta|\?xml)\b[^>]*?(?:charset|encoding)\s*=\s*["']?([\w-]+)`)

// htmlDocument reads a page in the encoding that contentType or the page
// itself declares, as far as decode believes it.
func htmlDocument(data []byte, contentType string, out *builder) error {
	declared := ""
	const window = 1024 // where browsers look for a declaration
	if _, name, certain := charset.DetermineEncoding(data[:min(len(data), window)], contentType); certain {
		declared = name
	} else if m := htmlCharset.FindSubmatch(data[:min(len(data), headSize)]); m != nil {
		declared = string(m[1])
	}
	text, err := out.decode(data, declared)
	if err != nil {
		return err
	}
	root, err := html.Parse(strings.NewReader(text))
	if err != nil {
		return broken("HTML page", err)
	}
	if title := findElement(root, atom.Title); title != nil {
		out.setTitle(rawText(title))
	}
	w := &htmlWriter{out: out}
	if err := w.walk(root, 0); err != nil {
		return err
	}
	w.flush()
	return out.err
}

// dropped elements hold no text of the page itself.
var dropped = map[atom.Atom]bool{
	atom.Head: true, atom.Script: true, atom.Style: true, atom.Noscript: true, atom.Template: true, atom.Svg: true,
	atom.Nav: true, atom.Iframe: true, atom.Object: true, atom.Embed: true, atom.Canvas: true,
	atom.Audio: true, atom.Video: true, atom.Button: true, atom.Select: true, atom.Input: true, atom.Datalist: true,
}

// inline elements don't break the paragraph that they stand in.
var inline = map[atom.Atom]bool{
	atom.A: true, atom.Abbr: true, atom.B: true, atom.Bdi: true, atom.Bdo: true, atom.Big: true, atom.Cite: true,
	atom.Code: true, atom.Data: true, atom.Del: true, atom.Dfn: true, atom.Em: true, atom.Font: true, atom.I: true,
	atom.Img: true, atom.Ins: true, atom.Kbd: true, atom.Label: true, atom.Mark: true, atom.Math: true, atom.Meter: true,
	atom.Output: true, atom.Picture: true, atom.Q: true, atom.Ruby: true, atom.S: true, atom.Samp: true, atom.Small: true,
	atom.Source: true, atom.Span: true, atom.Strike: true, atom.Strong: true, atom.Sub: true, atom.Sup: true,
	atom.Time: true, atom.Tt: true, atom.U: true, atom.Var: true, atom.Wbr: true,
}

// htmlWriter gathers inline text until a block element begins or ends.
type htmlWriter struct {
	out  *builder
	text strings.Builder
	// lists is the nesting depth of lists; item is that of the item whose text
	// is being gathered, 0 outside.
	lists, item int
}

// maxHTMLDepth is above the parser's own limit of 512 open elements.
const maxHTMLDepth = 2000

func (w *htmlWriter) walk(n *html.Node, depth int) error {
	if w.out.err != nil {
		return w.out.err
	}
	if depth > maxHTMLDepth {
		return tooLarge("The page nests elements more than %d deep.", maxHTMLDepth)
	}
	switch n.Type {
	case html.TextNode:
		w.inlineText(n.Data)
		return nil
	case html.ElementNode:
		return w.element(n, depth)
	case html.DocumentNode:
		return w.children(n, depth)
	}
	return nil
}

func (w *htmlWriter) children(n *html.Node, depth int) error {
	for c := n.FirstChild; c != nil; c = c.NextSibling {
		if err := w.walk(c, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (w *htmlWriter) element(n *html.Node, depth int) error {
	switch {
	case dropped[n.DataAtom] || hidden(n):
		return nil
	case n.DataAtom == atom.Br:
		w.text.WriteByte('\n')
		return nil
	case n.DataAtom == atom.Img:
		w.inlineText(" " + attr(n, "alt") + " ")
		return nil
	case inline[n.DataAtom]:
		return w.children(n, depth)
	}
	w.flush()
	switch n.DataAtom {
	case atom.H1, atom.H2, atom.H3, atom.H4, atom.H5, atom.H6:
		w.out.heading(int(n.Data[1]-'0'), rawText(n))
		return nil
	case atom.Pre:
		w.out.code(rawText(n))
		return nil
	case atom.Table:
		if isDataTable(n) {
			return w.table(n)
		}
	case atom.Ul, atom.Ol, atom.Menu:
		outer := w.item
		w.lists++
		err := w.children(n, depth)
		w.flush()
		w.lists--
		w.item = outer
		return err
	case atom.Li:
		outer := w.item
		w.item = max(w.lists, 1)
		err := w.children(n, depth)
		w.flush()
		w.item = outer
		return err
	}
	err := w.children(n, depth)
	w.flush()
	return err
}

// inlineText collapses white space as a browser does; a line break can only
// come from a br element.
func (w *htmlWriter) inlineText(s string) {
	for i, word := range strings.Fields(s) {
		if i > 0 || w.text.Len() > 0 && startsWithSpace(s) {
			w.text.WriteByte(' ')
		}
		w.text.WriteString(word)
	}
	if endsWithSpace(s) {
		w.text.WriteByte(' ')
	}
}

func startsWithSpace(s string) bool { return s != "" && strings.TrimLeft(s[:1], " \t\r\n\f") == "" }
func endsWithSpace(s string) bool {
	return s != "" && strings.TrimLeft(s[len(s)-1:], " \t\r\n\f") == ""
}

func (w *htmlWriter) flush() {
	text := w.text.String()
	w.text.Reset()
	if w.item > 0 {
		w.out.item(w.item, text)
		return
	}
	w.out.paragraph(text)
}

// rawText is all text below n, with br and block elements as line breaks.
func rawText(n *html.Node) string {
	var b strings.Builder
	var visit func(n *html.Node)
	visit = func(n *html.Node) {
		switch {
		case n.Type == html.TextNode:
			b.WriteString(n.Data)
		case n.Type != html.ElementNode || dropped[n.DataAtom] || hidden(n):
		case n.DataAtom == atom.Br:
			b.WriteByte('\n')
		case n.DataAtom == atom.Img:
			fmt.Fprintf(&b, " %s ", attr(n, "alt"))
		default:
			for c := n.FirstChild; c != nil; c = c.NextSibling {
				visit(c)
			}
			if !inline[n.DataAtom] {
				b.WriteByte('\n')
			}
		}
	}
	visit(n)
	return b.String()
}

func hidden(n *html.Node) bool {
	if n.DataAtom == atom.Dialog && !slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "open" }) {
		return true
	}
	for _, a := range n.Attr {
		switch a.Key {
		case "hidden":
			return a.Val != "until-found"
		case "aria-hidden":
			return a.Val == "true"
		case "role":
			return a.Val == "navigation" || a.Val == "search"
		case "style":
			style := strings.ReplaceAll(strings.ToLower(a.Val), " ", "")
			if strings.Contains(style, "display:none") || strings.Contains(style, "visibility:hidden") {
				return true
			}
		}
	}
	return false
}

func attr(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// findElement looks through n, its descendants and, for a first child, its
// later siblings.
func findElement(n *html.Node, a atom.Atom) *html.Node {
	if n == nil {
		return nil
	}
	if n.Type == html.ElementNode && n.DataAtom == a {
		return n
	}
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && d.DataAtom == a {
			return d
		}
	}
	return nil
}
