package bench

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// vocabulary is how many words the book is written with. They are drawn as
// words of a language are: a few often, most of them seldom.
const vocabulary = 4000

// word is the n-th most frequent one, made of syllables.
func word(n int) string {
	const consonants, vowels = "bdfgklmnprstvz", "aeiou"
	var w strings.Builder
	for n += 80; n > 0; n /= len(consonants) * len(vowels) {
		s := n % (len(consonants) * len(vowels))
		w.WriteByte(consonants[s/len(vowels)])
		w.WriteByte(vowels[s%len(vowels)])
	}
	return w.String()
}

// Book is Markdown of about so many passages, which the agent answers from.
// It is the same at every call.
func Book(passages int) string {
	const passage = 700 // bytes, with what neighbours share
	frequency := rand.NewZipf(rand.New(rand.NewPCG(1, 1)), 1.07, 10, vocabulary-1)
	next := func() string { return word(int(frequency.Uint64())) }
	var text strings.Builder
	for n := 0; text.Len() < passages*passage; n++ {
		if n%60 == 0 {
			fmt.Fprintf(&text, "\n\n## About %s and %s\n\n", next(), next())
		}
		first := next()
		text.WriteString(strings.ToUpper(first[:1]) + first[1:])
		for range 11 {
			text.WriteString(" " + next())
		}
		text.WriteString(". ")
	}
	return text.String()
}

// Question is the n-th one. It asks for four words that stand in about one
// passage of a hundred each, as the telling words of a question do.
func Question(n int) string {
	r := rand.New(rand.NewPCG(uint64(n), 2))
	next := func() string { return word(vocabulary/4 + r.IntN(vocabulary/2)) }
	return fmt.Sprintf("What is known about %s %s and about %s %s?", next(), next(), next(), next())
}
