package extractive

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed" // for the two files of words
	"strconv"
	"strings"
	"sync"

	"parley/platform/kernel/text"
)

var (
	// Stems with how often WordNet's texts have them and the stems they are
	// related to. WORDNET-LICENSE goes with it.
	//
	//go:embed words/wordnet.tsv.gz
	wordnet []byte
	//go:embed words/office.txt
	office string
)

const (
	officeStrength = 0.9
)

// lexicon knows English words by their stems.
type lexicon struct {
	counts  map[string]int // how common a stem is; all stems that are known
	related map[string][]relation
	reverse map[string][]relation
}

type relation struct {
	stem     string
	strength float64 // 0 to 1
}

// english is read when the first question needs it.
var english = sync.OnceValue(func() *lexicon {
	x := &lexicon{counts: map[string]int{}, related: map[string][]relation{}, reverse: map[string][]relation{}}
	x.readOffice()
	x.readWordNet()
	return x
})

func (x *lexicon) relate(from, to string, strength float64) {
	x.related[from] = append(x.related[from], relation{to, strength})
	x.reverse[to] = append(x.reverse[to], relation{from, strength})
}

func (x *lexicon) readOffice() {
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
func (x *lexicon) readWordNet() {
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

// knows reports whether a stem is an English word.
func (x *lexicon) knows(stem string) bool {
	_, known := x.counts[stem]
	return known
}

const (
	relatedLikeness  = 0.9  // times the strength
	reversedLikeness = 0.72 // times the strength, when only the other word names it
	prefixLikeness   = 0.8
	shortestPrefix   = 4 // letters that alike words share
)

// alike lists the stems that are related to one, with their likeness to it.
func (x *lexicon) alike(stem string) map[string]float64 {
	out := map[string]float64{}
	for _, r := range x.reverse[stem] {
		out[r.stem] = max(out[r.stem], reversedLikeness*r.strength)
	}
	for _, r := range x.related[stem] {
		out[r.stem] = max(out[r.stem], relatedLikeness*r.strength)
	}
	delete(out, stem)
	return out
}

// sharePrefix reports words of one family that the stemmer keeps apart, as
// "prolong" and "prolongation": they differ in little but their end.
func sharePrefix(a, b string) bool {
	shorter, longer := min(len(a), len(b)), max(len(a), len(b))
	same := 0
	for same < shorter && a[same] == b[same] {
		same++
	}
	return same >= shortestPrefix && same >= shorter-1 && 5*same >= 3*longer && text.Alphabetic(a) && text.Alphabetic(b)
}
