package core

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkWords finds the words of one answer of 40 words after another.
func BenchmarkWords(b *testing.B) {
	var answer strings.Builder
	for i := range 40 {
		fmt.Fprintf(&answer, "word%d ", i)
	}
	words := words{}
	b.ReportAllocs()
	for b.Loop() {
		if n := len(words.of("How many gages and fudos are in a made?", answer.String())); n < 40 {
			b.Fatal(n)
		}
	}
}
