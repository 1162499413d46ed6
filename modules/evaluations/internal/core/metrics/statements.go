package metrics

import (
	"strings"

	"parley/platform/kernel/text"
)

// statement is one thing that is claimed, as it was written and read.
type statement struct {
	text  string
	words []word
}

// statements splits an answer into what it claims: its sentences without
// questions, without those that say that something is not known, and without
// those that have no content ("Sure!").
func (r *reader) statements(s string) []statement {
	s = uncited(s)
	var out []statement
	for _, x := range text.Sentences(s) {
		sentence := s[x.Start:x.End]
		if x.Shape == text.Heading || x.Shape == text.Code || strings.HasSuffix(strings.TrimRight(sentence, ` "”'*_)`), "?") || gaveUp(sentence) {
			continue
		}
		if words := r.words(sentence); claims(words) {
			out = append(out, statement{sentence, words})
		}
		if len(out) == maxStatements {
			break
		}
	}
	return out
}

const maxStatements = 200

// claims reports whether words say anything: "I agree", "thank you" do not.
func claims(words []word) bool {
	for _, w := range words {
		if !w.stop && !polite[w.form] {
			return true
		}
	}
	return false
}

var polite = set(`hello hi hey thanks thank please sure great good nice cool wow oh ah haha lol hmm yeah yep agree welcome sorry awesome amazing interesting`)
