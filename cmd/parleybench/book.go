package main

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// vocabulary is how many words the book is written with. They are drawn as
// words of a language are: the second half as often as the first, and so on,
// so that most words of a question stand in few passages.
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

// draws answers a source of words by their frequency, the same at every call.
func draws(seed uint64) func() string {
	r := rand.New(rand.NewPCG(seed, 1))
	frequency := rand.NewZipf(r, 1.07, 10, vocabulary-1)
	return func() string { return word(int(frequency.Uint64())) }
}

// book is Markdown of about so many passages, which the agent answers from.
func book(passages int) string {
	const passage = 700 // bytes, with what neighbours share
	var text strings.Builder
	next := draws(1)
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

// question is the n-th one, of five words that may stand in the book.
func question(n int) string {
	next := draws(uint64(n) + 2)
	return fmt.Sprintf("What is known about %s %s, and about %s %s near %s?", next(), next(), next(), next(), next())
}
