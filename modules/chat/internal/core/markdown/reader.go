package markdown

import (
	"sync"

	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// reader parses blocks and code spans, many texts at once. Definitions of links
// and HTML are left out: none reaches a reader. Tables are too: what is made of
// a paragraph by a row that comes later is too late to know.
var reader = sync.OnceValue(func() parser.Parser {
	return parser.NewParser(
		parser.WithBlockParsers(
			util.Prioritized(setext{parser.NewSetextHeadingParser()}, 100),
			util.Prioritized(parser.NewThematicBreakParser(), 200),
			util.Prioritized(parser.NewListParser(), 300),
			util.Prioritized(parser.NewListItemParser(), 400),
			util.Prioritized(parser.NewCodeBlockParser(), 500),
			util.Prioritized(parser.NewATXHeadingParser(), 600),
			util.Prioritized(parser.NewFencedCodeBlockParser(), 700),
			util.Prioritized(parser.NewBlockquoteParser(), 800),
			util.Prioritized(parser.NewParagraphParser(), 1000),
		),
		parser.WithInlineParsers(util.Prioritized(parser.NewCodeSpanParser(), 100)),
		parser.WithParagraphTransformers(util.Prioritized(tableEnd{extension.NewTableParagraphTransformer()}, 100)),
	)
})

// underlined is the paragraph that may become a heading by the line below it.
var underlined = parser.NewContextKey()

// setext are headings that are underlined.
type setext struct{ parser.BlockParser }

func (s setext) Open(parent ast.Node, r text.Reader, pc parser.Context) (ast.Node, parser.State) {
	n, state := s.BlockParser.Open(parent, r, pc)
	if n != nil {
		pc.Set(underlined, pc.LastOpenedBlock().Node)
	}
	return n, state
}

// tableEnd ends a table where a line would make a heading of the paragraph that
// the table would be without its delimiter row: no line underlines a table, so
// it begins a block. The table stays a paragraph here.
type tableEnd struct{ table parser.ParagraphTransformer }

func (t tableEnd) Transform(p *ast.Paragraph, r text.Reader, pc parser.Context) {
	if pc.Get(underlined) != ast.Node(p) {
		return
	}
	pc.Set(underlined, nil)
	if !t.isTable(p, r, pc) {
		return
	}
	same := ast.NewParagraph()
	same.SetLines(p.Lines())
	same.SetPos(p.Pos())
	p.Parent().InsertAfter(p.Parent(), p, same)
	p.Parent().RemoveChild(p.Parent(), p)
}

// isTable reports whether the whole of a paragraph is a table.
func (t tableEnd) isTable(p *ast.Paragraph, r text.Reader, pc parser.Context) bool {
	lines := text.NewSegments()
	lines.AppendAll(p.Lines().Sliced(0, min(2, p.Lines().Len()))) // its rows don't matter
	alone := ast.NewParagraph()
	alone.SetLines(lines)
	in := ast.NewDocument()
	in.AppendChild(in, alone)
	t.table.Transform(alone, r, pc)
	return alone.Parent() == nil
}
