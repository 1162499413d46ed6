package metrics

import (
	"strings"
	"unicode"
)

// normalized gives the words of an answer as SQuAD compares them: lower case,
// without ASCII punctuation and without articles.
func normalized(s string) []string {
	s = strings.Map(func(r rune) rune {
		if r < unicode.MaxASCII && (unicode.IsPunct(r) || unicode.IsSymbol(r)) {
			return -1
		}
		return unicode.ToLower(r)
	}, s)
	words := strings.Fields(s)
	out := words[:0]
	for _, w := range words {
		if w != "a" && w != "an" && w != "the" {
			out = append(out, w)
		}
	}
	return out
}

// exactMatch is 1 when the answer is one of the expected ones, in SQuAD's
// normalisation.
func exactMatch(answer string, expected []string) float64 {
	given := strings.Join(normalized(answer), " ")
	for _, e := range expected {
		if given == strings.Join(normalized(e), " ") {
			return 1
		}
	}
	return 0
}

// tokenF1 is the harmonic mean of the parts of the words that the answer and
// an expected one share, in SQuAD's normalisation.
func tokenF1(answer string, expected []string) float64 {
	given := normalized(answer)
	best := 0.0
	for _, e := range expected {
		best = max(best, f1(given, normalized(e)))
	}
	return best
}

func f1(given, wanted []string) float64 {
	if len(given) == 0 || len(wanted) == 0 {
		// As SQuAD 2 has it: nothing agrees with nothing alone.
		if len(given) == len(wanted) {
			return 1
		}
		return 0
	}
	counts := make(map[string]int, len(wanted))
	for _, w := range wanted {
		counts[w]++
	}
	same := 0
	for _, w := range given {
		if counts[w] > 0 {
			counts[w]--
			same++
		}
	}
	if same == 0 {
		return 0
	}
	precision, recall := float64(same)/float64(len(given)), float64(same)/float64(len(wanted))
	return 2 * precision * recall / (precision + recall)
}
