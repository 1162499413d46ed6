package extract

import (
	"bytes"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	gtext "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// What the parser does for some inputs grows with their square: each bracket,
// backtick or tag that is never closed has it look through the rest of its
// paragraph, each star through all the stars before it, and each row of a table
// gets as many cells as its head. So its parts are wrapped, and what they spend
// in vain is counted. When all is spent, the marks of the rest are text like
// any other: nothing of the document is lost.
const (
	// maxVain is what a file may spend in vain, in steps of a few nanoseconds.
	maxVain = 30_000_000
	// maxReferences is how many definitions of links may follow each other
	// without a blank line.
	maxReferences = 5_000
	// maxCells bounds the cells of one table.
	maxCells = 200_000
)

// newMarkdown is CommonMark with tables, strikethrough, task lists, bare links,
// footnotes and definition lists.
func newMarkdown() goldmark.Markdown {
	p := parser.NewParser(
		parser.WithBlockParsers(append(parser.DefaultBlockParsers(), util.Prioritized(footnotes{extension.NewFootnoteBlockParser()}, 999))...),
		parser.WithInlineParsers(
			util.Prioritized(extension.NewTaskCheckBoxParser(), 0),
			util.Prioritized(bounded{parser.NewCodeSpanParser()}, 100),
			util.Prioritized(bounded{extension.NewFootnoteParser()}, 101),
			util.Prioritized(bounded{parser.NewLinkParser()}, 200),
			util.Prioritized(bounded{parser.NewAutoLinkParser()}, 300),
			util.Prioritized(bounded{parser.NewRawHTMLParser()}, 400),
			util.Prioritized(bounded{parser.NewEmphasisParser()}, 500),
			util.Prioritized(bounded{extension.NewStrikethroughParser()}, 500),
			util.Prioritized(extension.NewLinkifyParser(), 999),
		),
		parser.WithParagraphTransformers(
			util.Prioritized(boundedReferences{parser.LinkReferenceParagraphTransformer}, 100),
			util.Prioritized(boundedTable{extension.NewTableParagraphTransformer()}, 200)),
		parser.WithASTTransformers(util.Prioritized(extension.NewTableASTTransformer(), 0), util.Prioritized(extension.NewFootnoteASTTransformer(), 999)),
	)
	return goldmark.New(goldmark.WithParser(p), goldmark.WithExtensions(extension.DefinitionList))
}

// vain is what one file has spent.
type vain struct {
	spent int
	// marks counts the stars, underscores and tildes of the open block, and open
	// its brackets that are not closed.
	marks, open int
	// notes counts the footnotes, all of which each reference to one looks through.
	notes int
}

var vainKey = parser.NewContextKey()

func vainOf(pc parser.Context) *vain {
	v, ok := pc.Get(vainKey).(*vain)
	if !ok {
		v = &vain{}
		pc.Set(vainKey, v)
	}
	return v
}

// bounded is a parser of inline text that stops when all is spent.
type bounded struct{ parser.InlineParser }

// Parse implements parser.InlineParser. The parent is always the block.
func (b bounded) Parse(parent ast.Node, block gtext.Reader, pc parser.Context) ast.Node {
	v := vainOf(pc)
	if v.spent > maxVain {
		return nil
	}
	line, at := block.PeekLine()
	mark := line[0]
	if len(line) > 1 && mark == '[' && line[1] == '^' {
		v.spent += v.notes
	}
	opens := mark == ']' && len(line) > 1 && (line[1] == '(' || line[1] == '[')
	found := b.InlineParser.Parse(parent, block, pc)
	switch mark {
	case '*', '_', '~':
		v.marks++
		v.spent += v.marks
	case '[', '!':
		if found != nil {
			v.open++
		}
	case ']':
		v.spent += v.open + parent.Lines().Len()/16
		v.open = max(0, v.open-1)
		if found == nil && opens {
			v.spent += rest(parent, at)
		}
	case '<':
		if found == nil {
			v.spent += rest(parent, at)
		}
	case '`':
		if _, closed := found.(*ast.CodeSpan); !closed {
			v.spent += rest(parent, at)
		}
	}
	return found
}

// rest is how many bytes of the block are left.
func rest(block ast.Node, at gtext.Segment) int {
	lines := block.Lines()
	if lines.Len() == 0 {
		return 0
	}
	return lines.At(lines.Len()-1).Stop - at.Start
}

// CloseBlock implements parser.CloseBlocker.
func (b bounded) CloseBlock(parent ast.Node, block gtext.Reader, pc parser.Context) {
	v := vainOf(pc)
	v.marks, v.open = 0, 0
	if closer, ok := b.InlineParser.(parser.CloseBlocker); ok {
		closer.CloseBlock(parent, block, pc)
	}
}

// footnotes counts the footnotes of a file.
type footnotes struct{ parser.BlockParser }

// Open implements parser.BlockParser.
func (f footnotes) Open(parent ast.Node, reader gtext.Reader, pc parser.Context) (ast.Node, parser.State) {
	node, state := f.BlockParser.Open(parent, reader, pc)
	if node != nil {
		vainOf(pc).notes++
	}
	return node, state
}

// boundedReferences leaves a paragraph alone that would be too many definitions
// of links.
type boundedReferences struct{ parser.ParagraphTransformer }

// Transform implements parser.ParagraphTransformer.
func (b boundedReferences) Transform(node *ast.Paragraph, reader gtext.Reader, pc parser.Context) {
	if node.Lines().Len() <= maxReferences {
		b.ParagraphTransformer.Transform(node, reader, pc)
	}
}

// boundedTable leaves a paragraph alone that would be too large a table.
type boundedTable struct{ parser.ParagraphTransformer }

// Transform implements parser.ParagraphTransformer.
func (b boundedTable) Transform(node *ast.Paragraph, reader gtext.Reader, pc parser.Context) {
	widest, lines := 0, node.Lines()
	for i := range lines.Len() {
		line := lines.At(i)
		widest = max(widest, 1+bytes.Count(line.Value(reader.Source()), []byte("|")))
	}
	if widest*lines.Len() <= maxCells {
		b.ParagraphTransformer.Transform(node, reader, pc)
	}
}

// tooDeep reports a line that opens more quotes and lists than may be nested.
// It is looked for before the parser, which walks all that are open for each
// that is opened.
func tooDeep(text string) bool {
	for len(text) > 0 {
		line := text
		if end := strings.IndexByte(text, '\n'); end >= 0 {
			line, text = text[:end], text[end+1:]
		} else {
			text = ""
		}
		if len(line) <= maxMarkdownDepth {
			continue
		}
		indent := len(line) - len(strings.TrimLeft(line, " "))
		if n := opens(line); n > maxMarkdownDepth || n > 0 && indent > 3*maxMarkdownDepth {
			return true
		}
	}
	return false
}

// opens counts the marks of quotes and lists in front of a line. A line of one
// mark alone is a rule.
func opens(line string) int {
	count, kinds := 0, map[byte]bool{}
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == ' ' || c == '\t':
		case c == '>':
			count++
			kinds[c] = true
		case c == '-' || c == '*' || c == '+':
			if i+1 < len(line) && line[i+1] != ' ' && line[i+1] != '\t' {
				return count
			}
			count++
			kinds[c] = true
		case '0' <= c && c <= '9':
			for i < len(line) && '0' <= line[i] && line[i] <= '9' {
				i++
			}
			if i >= len(line) || line[i] != '.' && line[i] != ')' {
				return count
			}
			count++
			kinds['1'] = true
		default:
			return count
		}
	}
	if len(kinds) == 1 && (kinds['-'] || kinds['*']) {
		return 0
	}
	return count
}
