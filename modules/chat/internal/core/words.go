package core

import (
	"slices"

	"parley/platform/kernel/text"
)

const (
	// maxIndexed is how many different words of a question and its answer can be
	// found, those of the question first.
	maxIndexed = 500
	// usualWords are as many as most questions have with their answers.
	usualWords = 64
	// maxFilterWords is how many words a filter has.
	maxFilterWords = 10
)

// WordsOf are the different words of a question and its answer as they are
// indexed: folded and stemmed.
func WordsOf(question, answer string) []string {
	return make(words, usualWords).of(question, answer)
}

// words are those of one answer after another, whose memory is used again.
type words map[string]bool

func (seen words) of(question, answer string) []string {
	clear(seen)
	out := make([]string, 0, usualWords)
	for _, part := range []string{question, answer} {
		for w := range text.Words(part) {
			stem, before := text.Stem(w.Form), len(seen)
			if seen[stem] = true; len(seen) == before {
				continue
			}
			if len(out) == maxIndexed {
				return out
			}
			out = append(out, stem)
		}
	}
	return out
}

// wordsOfFilter are the words of a text filter; none without one.
func wordsOfFilter(filter string) ([]string, error) {
	if filter == "" {
		return nil, nil
	}
	words := WordsOf(filter, "")
	if len(words) == 0 || len(words) > maxFilterWords {
		return nil, ErrTextFilter
	}
	return words, nil
}

// hasWords reports whether a question and its answer have all of the words.
func hasWords(c Content, words []string) bool {
	if len(words) == 0 {
		return true
	}
	has := WordsOf(c.Question, c.Answer)
	for _, w := range words {
		if !slices.Contains(has, w) {
			return false
		}
	}
	return true
}
