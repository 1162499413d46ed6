package markdown_test

import (
	"html"
	"regexp"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/text"

	"parley/modules/chat/internal/core/markdown"
)

// What readers make of an answer. One kind is goldmark; the other looks for
// addresses in the words of each paragraph once escapes and references are read,
// as cmark-gfm does for e-mail and remark-gfm for all.

var gfm = goldmark.New(goldmark.WithExtensions(extension.GFM))

// trailing is what readers don't count at the end of an address.
const trailing = `.,;:!?*_~'")]}\`

func read(answer string) (root ast.Node, source []byte) {
	source = []byte(answer)
	return gfm.Parser().Parse(text.NewReader(source)), source
}

// planted is what a browser would fetch, or follow, of an answer.
func planted(answer string) string { return plantedBy(answer, rules()) }

func plantedBy(answer string, rules markdown.Rules) string {
	root, source := read(answer)
	out := ""
	_ = ast.Walk(root, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.Image:
			out = "an image of " + string(n.Destination)
		case *ast.Link:
			if len(n.Destination) == 0 || !rules.Known(string(n.Destination)) {
				out = "a link to " + string(n.Destination)
			}
		case *ast.AutoLink:
			switch url := string(n.URL(source)); {
			case n.AutoLinkType == ast.AutoLinkEmail:
				// goldmark looks for addresses before it knows where code is.
				if !strings.Contains(url, "`") && !rules.Known("mailto:"+strings.TrimPrefix(url, "mailto:")) {
					out = "an e-mail link of " + url
				}
			case !rules.Known(strings.TrimRight(url, trailing)):
				out = "a link of " + url
			}
		case *ast.RawHTML, *ast.HTMLBlock:
			out = "HTML"
		default:
			if found := inWords(n, source, rules); found != "" {
				out = found
			}
		}
		return ast.WalkContinue, nil
	})
	return out
}

var (
	// seeming is an address of the web in words.
	seeming = regexp.MustCompile(`(?i)(?:https?://|www\.)[-.\w]+[^\s<]*`)
	// meant are escapes and references.
	meant = regexp.MustCompile("\\\\[!-/:-@\\[-`{-~]|&#?\\w+;")
	// mailing is an e-mail address in words.
	mailing = regexp.MustCompile(`[-.\w+]+@[-\w]+(?:\.[-\w]+)+`)
)

// inWords is the first address in the words right below a node that is not
// known.
func inWords(parent ast.Node, source []byte, rules markdown.Rules) string {
	if _, ok := parent.(*ast.CodeSpan); ok {
		return ""
	}
	var words strings.Builder
	for n := parent.FirstChild(); n != nil; n = n.NextSibling() {
		t, ok := n.(*ast.Text)
		if !ok {
			words.WriteByte('\n')
			continue
		}
		words.WriteString(meant.ReplaceAllStringFunc(string(t.Segment.Value(source)), func(s string) string {
			if s[0] == '\\' {
				return s[1:]
			}
			return html.UnescapeString(s)
		}))
		if t.SoftLineBreak() || t.HardLineBreak() {
			words.WriteByte('\n')
		}
	}
	for _, m := range seeming.FindAllString(words.String(), -1) {
		if m = strings.TrimRight(m, trailing+">"); !rules.Known(m) {
			return "words that are the address " + m
		}
	}
	for _, m := range mailing.FindAllString(words.String(), -1) {
		if m = strings.Trim(m, "_-."); strings.ContainsAny(m[len(m)-1:], "0123456789") || strings.IndexByte(m[strings.IndexByte(m, '@'):], '.') < 0 {
			continue
		}
		if !rules.Known("mailto:" + m) {
			return "words that are the e-mail address " + m
		}
	}
	return ""
}

// knownLinks is how many links a reader sees whose address is known.
func knownLinks(s string, rules markdown.Rules) int {
	root, _ := read(s)
	n := 0
	_ = ast.Walk(root, func(node ast.Node, entering bool) (ast.WalkStatus, error) {
		if link, ok := node.(*ast.Link); ok && entering && len(link.Destination) > 0 && rules.Known(string(link.Destination)) {
			n++
		}
		return ast.WalkContinue, nil
	})
	return n
}

var (
	// empty is a line that has nothing but a character that nobody sees, with the
	// line behind it.
	empty = regexp.MustCompile(`(?m)^[ \t]*\x{200b}[ \t\x{200b}]*\r?$\n?(.*)`)
	// meaning is a line that would be read as another without one before it.
	meaning = regexp.MustCompile("^(?:[ \t>]*[~`#>+*=_|:0-9-]|    |\t| +\t)")
)

// leftOver is what the answer has in the place of what was taken out, though
// nothing needs it.
func leftOver(said, answer string) string {
	if strings.Contains(said, "\u200b") {
		return ""
	}
	for _, m := range empty.FindAllStringSubmatch(answer, -1) {
		if !meaning.MatchString(m[1]) {
			return "a line with an invisible character alone"
		}
	}
	return ""
}
