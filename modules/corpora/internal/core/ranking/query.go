package ranking

import (
	"math"
	"strings"

	"parley/platform/kernel/text"
)

// A question is cut to this many bytes, and to this many different terms.
const (
	maxQuestion = 8_000
	maxTerms    = 128
)

// Term is one word of a question.
type Term struct {
	Form  string  // as it was written, folded
	Stem  string  // as it is indexed
	DF    int     // passages with it, or with Match; 0 means nobody knows the word
	IDF   float64 // its weight; highest for a word nobody knows
	Match string  // the known word that is looked for instead, "" for Stem itself
	Forms []Form  // what is looked for besides; DF is that of the commonest for OnlyForms
	// OnlyForms is whether nobody knows the word, but other forms of it.
	OnlyForms bool
	// Unused terms did not help to find candidates, for being unknown or too
	// common; common ones still count when candidates are compared.
	Unused bool
	// Related terms are not in the question: a word that nobody knows may
	// stand for them.
	Related bool
	Times   int // how often the question has it; 0 for a related term
}

// weight is what the term counts by itself. What a question repeats counts
// more, by the root of how often: whole descriptions of a subject gain much by
// it, and short questions repeat nothing.
func (t Term) weight() float64 { return t.IDF * math.Sqrt(float64(max(t.Times, 1))) }

// target is the indexed word that is looked for.
func (t Term) target() string {
	if t.Match != "" {
		return t.Match
	}
	return t.Stem
}

// query is a question read once.
type query struct {
	terms   []Term
	forms   map[string]int // exact form → index into terms
	order   []int          // the question as indexes into terms
	pieces  []piece
	english bool
}

// piece is a word, or a stretch of a script without blanks, with the terms it
// gave.
type piece struct {
	text  string
	terms []int
}

// read finds the words to look for. Question words are left out unless there
// is nothing else.
func read(question string) query {
	if len(question) > maxQuestion {
		question = strings.ToValidUTF8(question[:maxQuestion], "")
	}
	q := readWords(question, text.IsAsking)
	if len(q.terms) == 0 {
		q = readWords(question, func(string) bool { return false })
	}
	q.english = text.English(question)
	return q
}

func readWords(question string, leaveOut func(form string) bool) query {
	const usual = 8
	q := query{terms: make([]Term, 0, usual), forms: map[string]int{}}
	index := map[string]int{}
	reach := 0 // where the last token ended: bigrams of one stretch overlap
	for w := range text.Words(question) {
		if text.IsStop(w.Form) || leaveOut(w.Form) {
			continue
		}
		stem := text.Stem(w.Form)
		i, known := index[stem]
		if !known {
			if len(q.terms) == maxTerms {
				continue
			}
			i = len(q.terms)
			index[stem] = i
			q.terms = append(q.terms, Term{Form: w.Form, Stem: stem})
		}
		q.terms[i].Times++
		q.forms[w.Form] = i
		q.order = append(q.order, i)
		if w.Bigram && w.Start < reach && len(q.pieces) > 0 {
			last := &q.pieces[len(q.pieces)-1]
			last.text += question[reach:w.End]
			last.terms = append(last.terms, i)
		} else if !known || w.Bigram {
			q.pieces = append(q.pieces, piece{question[w.Start:w.End], []int{i}})
		}
		reach = w.End
	}
	return q
}

// stemsSought is how many stems are looked for.
func (q query) stemsSought() int {
	n := len(q.terms)
	for _, t := range q.terms {
		n += len(t.Forms)
	}
	return n
}

func (q query) stems() []string {
	out := make([]string, len(q.terms))
	for i, t := range q.terms {
		out[i] = t.Stem
	}
	return out
}
