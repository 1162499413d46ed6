package extractive

import (
	"parley/platform/kernel/lexicon"
	"parley/platform/kernel/text"
)

const (
	relatedLikeness  = 0.9  // times the strength
	reversedLikeness = 0.72 // times the strength, when only the other word names it
	prefixLikeness   = 0.8
	shortestPrefix   = 4 // letters that alike words share
)

// alike lists the stems that are related to one, with their likeness to it.
func alike(stem string) map[string]float64 {
	out := map[string]float64{}
	for _, r := range lexicon.English().Reverse(stem) {
		out[r.Stem] = max(out[r.Stem], reversedLikeness*r.Strength)
	}
	for _, r := range lexicon.English().Related(stem) {
		out[r.Stem] = max(out[r.Stem], relatedLikeness*r.Strength)
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
