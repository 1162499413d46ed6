package markdown_test

import (
	"strings"
	"testing"

	"parley/modules/chat/internal/core/markdown"
)

// BenchmarkAnswer is one answer that comes word by word.
func BenchmarkAnswer(b *testing.B) {
	for name, answer := range map[string]string{
		"40 words": "The keeper wrote down every ship and its cargo [1], the weather of the day, the lamp, the flag, " +
			"and the names of those who came ashore before the evening; nothing else was noted about the house that year [1].",
		"a list": "The keeper wrote down:\n\n" + strings.Repeat("- every ship and its **cargo** [1], the `weather` of the day, the lamp,\n", 8) + "\nNothing else was noted [2].",
	} {
		b.Run(name, func(b *testing.B) {
			pieces := strings.SplitAfter(answer, " ")
			b.ReportAllocs()
			for b.Loop() {
				f := markdown.New(rules())
				for _, p := range pieces {
					f.Add(p)
				}
				f.Close()
			}
		})
	}
}
