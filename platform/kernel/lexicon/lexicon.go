// Package lexicon knows which English words are related, from two files that
// are part of the program: a part of WordNet, and words of offices and shops
// that WordNet lacks. Words are stems, as platform/kernel/text makes them.
package lexicon

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	_ "embed" // for the two files of words
	"slices"
	"strconv"
	"strings"
	"sync"

	"parley/platform/kernel/text"
)

var (
	// Stems with how often WordNet's texts have them and the stems they are
	// related to. WORDNET-LICENSE goes with it.
	//
	//go:embed wordnet.tsv.gz
	wordnet []byte
	//go:embed office.txt
	office string
)

const (
	officeStrength = 0.9
)

// Lexicon knows words by their stems. It never changes.
type Lexicon struct {
	counts  map[string]int // how common a stem is; all stems that are known
	related map[string][]Relation
	reverse map[string][]Relation
}

// Relation leads to another word.
type Relation struct {
	Stem     string
	Strength float64 // 0 to 1
}

// English answers the one lexicon, which the first call reads.
var English = sync.OnceValue(func() *Lexicon {
	x := &Lexicon{counts: map[string]int{}, related: map[string][]Relation{}, reverse: map[string][]Relation{}}
	x.readOffice()
	x.readWordNet()
	for _, relations := range x.related {
		slices.SortStableFunc(relations, func(a, b Relation) int { return cmp.Compare(b.Strength, a.Strength) })
	}
	return x
})

func (x *Lexicon) relate(from, to string, strength float64) {
	x.related[from] = append(x.related[from], Relation{to, strength})
	x.reverse[to] = append(x.reverse[to], Relation{from, strength})
}

func (x *Lexicon) readOffice() {
	for line := range strings.Lines(office) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		words := strings.Fields(line)
		for i, a := range words {
			for _, b := range words[i+1:] {
				x.relate(text.Stem(a), text.Stem(b), officeStrength)
				x.relate(text.Stem(b), text.Stem(a), officeStrength)
			}
		}
	}
}

// readWordNet reads lines of a stem, its count and "stem:strength" pairs. The
// file is part of the program and tested: a broken one only means fewer words.
func (x *Lexicon) readWordNet() {
	unpacked, err := gzip.NewReader(bytes.NewReader(wordnet))
	if err != nil {
		return
	}
	lines := bufio.NewScanner(unpacked)
	for lines.Scan() {
		stem, rest, _ := strings.Cut(lines.Text(), "\t")
		count, relations, _ := strings.Cut(rest, "\t")
		n, err := strconv.Atoi(count)
		if err != nil {
			continue
		}
		x.counts[stem] = n
		for _, pair := range strings.Fields(relations) {
			to, strength, _ := strings.Cut(pair, ":")
			if s, err := strconv.ParseFloat(strength, 64); err == nil {
				x.relate(stem, to, s)
			}
		}
	}
}

// Count is how often a stem occurs in the tagged texts of WordNet, 0 when it
// does not.
func (x *Lexicon) Count(stem string) int { return x.counts[stem] }

// Knows reports whether a stem is an English word.
func (x *Lexicon) Knows(stem string) bool {
	_, known := x.counts[stem]
	return known
}

// Related lists the words that a word may stand for, strongest first.
func (x *Lexicon) Related(stem string) []Relation { return x.related[stem] }

// Reverse lists the words that may stand for a word.
func (x *Lexicon) Reverse(stem string) []Relation { return x.reverse[stem] }
