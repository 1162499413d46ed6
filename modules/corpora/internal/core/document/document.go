// Package document is what a file turns into before it is cut into passages:
// a title and a list of blocks in reading order. It is a leaf: extractors fill
// it, the chunker reads it, and neither knows the other.
package document

// Hint is what is known of a file besides its content. It never decides against
// that.
type Hint struct {
	Name string // as uploaded
	// Charset is the encoding that somebody declared for it; empty for none.
	Charset string
}

// Extracted is the text of one document as an extractor found it.
type Extracted struct {
	// Title is what the document calls itself, plain text on one line;
	// empty when it does not say. A file name is not a title.
	Title string
	// MIME is the type found from the content, without parameters.
	MIME string
	// Charset is the encoding that a file of plain text or HTML was read in, by
	// its name on the web; empty for other formats.
	Charset string
	// PageCount is nil for formats without pages.
	PageCount *int
	// Blocks are in reading order. An extractor bounds their number and total
	// size; a document with no block that has text is a failed extraction.
	Blocks []Block
	// Warnings are sentences for the owner about what could not be read. A
	// document with warnings is usable, but not complete.
	Warnings []string
}

// Block is one unit that a reader would see as a whole. Blocks are never glued
// together into one sentence.
type Block struct {
	Kind Kind
	// Level is 1–6 for a Heading, the nesting depth from 1 for an Item, else 0.
	Level int
	// Page counts from 1; 0 when the format has no pages.
	Page int
	// Text is UTF-8 without NUL bytes and without markup. Only Code keeps its
	// line breaks; a TableRow separates its cells with " | ".
	Text string
}

// Kind says how a block reads. The zero value is Paragraph.
type Kind uint8

// The kinds of block.
const (
	Paragraph Kind = iota
	Heading
	Item
	Code
	TableRow
)

var names = [...]string{"paragraph", "heading", "item", "code", "table row"}

// String is for messages and test output.
func (k Kind) String() string {
	if int(k) < len(names) {
		return names[k]
	}
	return "unknown kind"
}

// Empty reports whether no block has anything to read.
func (e Extracted) Empty() bool {
	for _, block := range e.Blocks {
		for _, r := range block.Text {
			if r > ' ' && r != '\u00a0' && r != '\ufeff' {
				return false
			}
		}
	}
	return true
}
