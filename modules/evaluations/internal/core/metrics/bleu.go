package metrics

import (
	"math"
	"strings"
)

const maxOrder = 4 // words of the longest n-gram of BLEU

// bleuStats are the counts that BLEU is made from; those of a corpus are the
// sums of its sentences'.
type bleuStats struct {
	correct, total [maxOrder]int
	given, wanted  int // words of the answer, and of the reference next in length
}

func (b *bleuStats) add(o bleuStats) {
	for n := range maxOrder {
		b.correct[n] += o.correct[n]
		b.total[n] += o.total[n]
	}
	b.given += o.given
	b.wanted += o.wanted
}

// countBLEU compares the tokens of an answer with those of its references. An
// n-gram counts as often as the reference that has it most often.
func countBLEU(given []string, references [][]string) bleuStats {
	b := bleuStats{given: len(given), wanted: -1}
	allowed := map[string]int{}
	for _, r := range references {
		if d, best := abs(len(given)-len(r)), abs(len(given)-b.wanted); b.wanted < 0 || d < best || d == best && len(r) < b.wanted {
			b.wanted = len(r)
		}
		for gram, n := range wordGrams(r) {
			allowed[gram] = max(allowed[gram], n)
		}
	}
	for gram, n := range wordGrams(given) {
		order := strings.Count(gram, "\x00")
		b.total[order] += n
		b.correct[order] += min(n, allowed[gram])
	}
	return b
}

func abs(n int) int { return max(n, -n) }

func wordGrams(words []string) map[string]int {
	out := make(map[string]int, maxOrder*len(words))
	for i := range words {
		for n := 1; n <= maxOrder && i+n <= len(words); n++ {
			out[strings.Join(words[i:i+n], "\x00")]++
		}
	}
	return out
}

// score is BLEU from 0 to 1 with exponential smoothing, as sacrebleu computes
// it. With effective order, orders that the answer is too short for are left
// out, as is right for single sentences.
func (b bleuStats) score(effectiveOrder bool) float64 {
	if b.correct == [maxOrder]int{} {
		return 0
	}
	penalty := 1.0
	if b.given < b.wanted {
		penalty = math.Exp(1 - float64(b.wanted)/float64(b.given))
	}
	order, sum, smooth := maxOrder, 0.0, 1.0
	for n := range maxOrder {
		if b.total[n] == 0 {
			if !effectiveOrder {
				return 0
			}
			break
		}
		if effectiveOrder {
			order = n + 1
		}
		precision := float64(b.correct[n]) / float64(b.total[n])
		if b.correct[n] == 0 {
			smooth *= 2
			precision = 1 / (smooth * float64(b.total[n]))
		}
		sum += math.Log(precision)
	}
	return penalty * math.Exp(sum/float64(order))
}

// sentenceBLEU is BLEU of one answer, with tokenizer 13a and effective order.
func sentenceBLEU(answer string, expected []string) float64 {
	references := make([][]string, len(expected))
	for i, e := range expected {
		references[i] = tokenize13a(e)
	}
	return countBLEU(tokenize13a(answer), references).score(true)
}
