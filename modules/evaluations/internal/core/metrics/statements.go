package metrics

import (
	"regexp"
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
		if x.Shape == text.Heading || x.Shape == text.Code || question(sentence) || gaveUp(sentence) {
			continue
		}
		if words := r.words(quoted(sentence)); claims(words) {
			out = append(out, statement{sentence, words})
		}
		if len(out) == maxStatements {
			break
		}
	}
	return out
}

const maxStatements = 200

func question(sentence string) bool {
	return strings.HasSuffix(strings.TrimRight(sentence, ` "”'*_)`), "?")
}

// asks reports whether an answer has a question. A mark within a sentence, as in
// an address, makes none.
func asks(s string) bool {
	if !strings.Contains(s, "?") {
		return false
	}
	for _, x := range text.Sentences(s) {
		if question(s[x.Start:x.End]) {
			return true
		}
	}
	return false
}

// quoted is a sentence without the words that say where its quote is from:
// "According to the handbook: “…”". They are no claim.
func quoted(s string) string {
	if m := attribution.FindStringIndex(s); m != nil && strings.Count(s[m[1]:], " ") >= leastQuote {
		return s[m[1]:]
	}
	return s
}

var attribution = regexp.MustCompile(`^(?i:according to|in|from|as|see) [^“"]{1,150}: [“"]`)

const leastQuote = 3 // blanks

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
