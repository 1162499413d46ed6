package extract

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

func marked(text string) (*builder, error) {
	out := newBuilder(context.Background(), DefaultLimits())
	err := readMarkdown(source{ReaderAt: strings.NewReader(text), size: int64(len(text))}, out)
	if err == nil {
		err = out.err
	}
	return out, err
}

func (b *builder) said() string {
	var all strings.Builder
	for _, block := range b.blocks {
		all.WriteString(block.Text + "\n")
	}
	return all.String()
}

// hostile are inputs for which the parser's work grows with their square.
var hostile = map[string]string{
	"links":        strings.Repeat("[a](", 90_000),
	"pictures":     strings.Repeat("![a](", 40_000),
	"angles":       strings.Repeat("[a](<b", 40_000),
	"parentheses":  strings.Repeat("[a]((", 40_000),
	"brackets":     strings.Repeat("[", 60_000) + strings.Repeat("]", 60_000),
	"stars":        strings.Repeat("*_", 40_000) + strings.Repeat("_*", 40_000),
	"tags":         strings.Repeat("<a ", 60_000),
	"many lines":   strings.Repeat("[a]: b\n", 40_000),
	"strong stars": strings.Repeat("*a**a ", 40_000),
}

// Marks that are never closed are text, and so are those that come when too much
// was spent on them. Nothing is lost over it.
func TestMarksThatCostTooMuchAreText(t *testing.T) {
	for name, text := range hostile {
		t.Run(name, func(t *testing.T) {
			out, err := marked(text + " [the end](http://example.com/)\n")
			if err != nil {
				t.Fatal(err)
			}
			if said := out.said(); !strings.Contains(said, "[the end](http://example.com/)") && name != "tags" || !strings.Contains(said, "the end") {
				t.Errorf("%d bytes of text end with %q", len(said), said[max(0, len(said)-60):])
			}
		})
	}
}

func TestALongDocumentKeepsItsLinks(t *testing.T) {
	var text strings.Builder
	for n := range 5000 {
		fmt.Fprintf(&text, "Paragraph %d says *that* a **link** [goes](http://example.com/%d) and [this](is broken, as [%d] is, with a_name and 2 * 3 < 7.\n\n", n, n, n)
	}
	out, err := marked(text.String() + "[The end](http://example.com/)\n")
	if err != nil {
		t.Fatal(err)
	}
	if said := out.said(); strings.Contains(said, "[The end]") || strings.Contains(said, "[goes]") || !strings.Contains(said, "The end") {
		t.Errorf("links are not read: %q", said[max(0, len(said)-200):])
	}
}

func TestATableOfMoreCellsThanThereIsTextIsText(t *testing.T) {
	wide := strings.Repeat("a|", 2000) + "\n" + strings.Repeat("-|", 2000) + "\n" + strings.Repeat("|b\n", 2000)
	out, err := marked(wide)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(out.said()); n > 2*len(wide) {
		t.Errorf("%d bytes of text come of %d", n, len(wide))
	}
}

func TestDeepNestingIsRefusedBeforeItIsRead(t *testing.T) {
	for name, c := range map[string]struct {
		line string
		deep bool
	}{
		"quotes":             {strings.Repeat(">", 10_000) + " a", true},
		"quotes with blanks": {strings.Repeat("> ", 10_000) + "a", true},
		"lists":              {strings.Repeat("- ", 10_000) + "a", true},
		"numbered lists":     {strings.Repeat("1. ", 10_000) + "a", true},
		"both":               {strings.Repeat("> - ", 5_000) + "a", true},
		"indentation":        {strings.Repeat(" ", 2_000) + "- a", true},
		"a rule":             {strings.Repeat("- ", 10_000), false},
		"stars":              {strings.Repeat("* ", 10_000), false},
		"a long line":        {strings.Repeat("-", 10_000), false},
		"text":               {"> - 1. " + strings.Repeat("> a ", 10_000), false},
		"numbers":            {strings.Repeat("1 ", 10_000), false},
	} {
		if got := tooDeep("text\n" + c.line + "\ntext"); got != c.deep {
			t.Errorf("%s: %t", name, got)
		}
	}
	if _, err := marked(strings.Repeat(">", 100_000)); err == nil {
		t.Error("it was read")
	}
}

func BenchmarkHostileMarkdown(b *testing.B) {
	for name, text := range hostile {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				if _, err := marked(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
