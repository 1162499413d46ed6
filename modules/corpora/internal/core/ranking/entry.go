package ranking

import "parley/platform/kernel/text"

// Words of a title count this often: they say what the whole passage is about.
const titleWeight = 3

// maxTF keeps a counter in a small integer column, whatever a passage holds.
const maxTF = 30_000

// Entry is what one passage puts into the index: one posting (term, tf) for
// each of its terms, each with the passage's length.
type Entry struct {
	Terms  map[string]int
	Length int
}

// maxStems bounds the words an Indexer remembers.
const maxStems = 50_000

// Indexer reads the terms of passages. It remembers the stems of the words it
// has met, so the passages of one document are best read by one Indexer. It is
// not safe for concurrent use.
type Indexer struct {
	stems map[string]string
}

// NewIndexer makes an Indexer.
func NewIndexer() *Indexer { return &Indexer{stems: map[string]string{}} }

// Entry reads a passage. Stop words are left out; everything else is counted by
// stem, three times when it stands in the title.
func (x *Indexer) Entry(title, body string) Entry {
	e := Entry{Terms: make(map[string]int, len(body)/10+8)}
	x.add(&e, title, titleWeight)
	x.add(&e, body, 1)
	return e
}

func (x *Indexer) add(e *Entry, s string, weight int) {
	for w := range text.Words(s) {
		if text.IsStop(w.Form) {
			continue
		}
		stem := x.stem(w.Form)
		e.Terms[stem] = min(e.Terms[stem]+weight, maxTF)
		e.Length = min(e.Length+weight, maxTF)
	}
}

func (x *Indexer) stem(form string) string {
	if !text.Alphabetic(form) {
		return form
	}
	stem, known := x.stems[form]
	if !known {
		if len(x.stems) == maxStems {
			clear(x.stems)
		}
		stem = text.Stem(form)
		x.stems[form] = stem
	}
	return stem
}
