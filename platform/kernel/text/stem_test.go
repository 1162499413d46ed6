package text

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	snowball "github.com/kljensen/snowball/english"
)

// More words than there are places, by several at once and twice: what is kept
// is never the stem of another word.
func TestAKeptStemIsThatOfItsWord(t *testing.T) {
	letters := strings.NewReplacer("0", "a", "1", "b", "2", "c", "3", "e", "4", "i", "5", "o", "6", "r", "7", "s", "8", "t", "9", "l")
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for n := range 2 * len(stems) * 2 {
				word := letters.Replace(fmt.Sprint(n%(2*len(stems))+worker)) + "ings"
				if got, want := Stem(word), snowball.Stem(word, true); got != want {
					t.Errorf("the stem of %s is %s, want %s", word, got, want)
					return
				}
			}
		})
	}
	all.Wait()
	long := strings.Repeat("lighthouse", 5) + "s"
	if got, want := Stem(long), snowball.Stem(long, true); got != want {
		t.Errorf("%s is %s, want %s", long, got, want)
	}
}

func BenchmarkStem(b *testing.B) {
	words := strings.Fields("the keeper wrote down every ship and its cargo weather of day lamp flag names those who came ashore before evening nothing else was noted about house year")
	for b.Loop() {
		for _, w := range words {
			Stem(w)
		}
	}
}
