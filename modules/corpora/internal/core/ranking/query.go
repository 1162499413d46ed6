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
func (t *Term) weight() float64 { return t.IDF * math.Sqrt(float64(max(t.Times, 1))) }

// target is the indexed word that is looked for.
func (t *Term) target() string {
	if t.Match != "" {
		return t.Match
	}
	return t.Stem
}

// query is a question read once. It is valid until the next one is read with the
// same scratch.
type query struct {
	terms   []Term
	forms   []exactForm
	order   []int // the question as indexes into terms
	pieces  []piece
	english bool
}

// exactForm is a form in which a question has a term.
type exactForm struct {
	form string
	term int
}

// piece is a word, or a stretch of a script without blanks, with the terms it
// gave.
type piece struct {
	text  string
	start int // of the text in the question
	terms []int
}

// read finds the words to look for. Question words are left out unless there
// is nothing else.
func (s *scratch) read(question string) query {
	if len(question) > maxQuestion {
		question = strings.ToValidUTF8(question[:maxQuestion], "")
	}
	q := s.readWords(question, text.IsAsking)
	if len(q.terms) == 0 {
		q = s.readWords(question, func(string) bool { return false })
	}
	q.english = text.English(question)
	return q
}

func (s *scratch) readWords(question string, leaveOut func(form string) bool) query {
	q := query{terms: s.terms[:0], forms: s.exactly[:0], order: s.sequence[:0], pieces: s.pieces[:0]}
	gave := s.pieceTerms[:0]
	reach := 0 // where the last token ended: bigrams of one stretch overlap
	for w := range text.Words(question) {
		i, known := s.formed[w.Form]
		if !known {
			if text.IsStop(w.Form) || leaveOut(w.Form) {
				continue
			}
			stem := text.Stem(w.Form)
			if i, known = s.stems[stem]; !known {
				if len(q.terms) == maxTerms {
					continue
				}
				i = len(q.terms)
				s.stems[stem] = i
				q.terms = append(q.terms, Term{Form: w.Form, Stem: stem})
			}
			s.formed[w.Form] = i
			q.forms = append(q.forms, exactForm{w.Form, i})
		}
		q.terms[i].Times++
		q.order = append(q.order, i)
		if w.Bigram && w.Start < reach && len(q.pieces) > 0 {
			last := &q.pieces[len(q.pieces)-1]
			last.text = question[last.start:w.End]
			gave = append(gave, i)
			last.terms = gave[len(gave)-len(last.terms)-1:]
		} else if !known || w.Bigram {
			gave = append(gave, i)
			q.pieces = append(q.pieces, piece{question[w.Start:w.End], w.Start, gave[len(gave)-1:]})
		}
		reach = w.End
	}
	s.terms, s.exactly, s.sequence, s.pieces, s.pieceTerms = q.terms, q.forms, q.order, q.pieces, gave
	return q
}

// stemsSought is how many stems are looked for.
func (q query) stemsSought() int {
	n := len(q.terms)
	for i := range q.terms {
		n += len(q.terms[i].Forms)
	}
	return n
}

// stemsOf answers the stems of terms, until the next use of names.
func (s *scratch) stemsOf(terms []Term) []string {
	s.names = s.names[:0]
	for i := range terms {
		s.names = append(s.names, terms[i].Stem)
	}
	return s.names
}
