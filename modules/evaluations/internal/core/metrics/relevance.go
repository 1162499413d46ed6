package metrics

import (
	"context"

	"parley/platform/kernel/text"
)

const noQuery = "the question has no words to look for"

// similarity is how alike an answer and the expected one that is most like it
// are: the mean of two cosines, of their stems and of their character 4-grams.
func (r *reader) similarity(answer string, expected []string) float64 {
	given, grams := r.stemsOf(answer), gramsOf(answer)
	best := 0.0
	for _, e := range expected {
		best = max(best, (cosine(given, r.stemsOf(e))+cosine(grams, gramsOf(e)))/2)
	}
	return best
}

// relevance is the mean over the segments of an answer, which are its
// sentences, of the cosine between the words of the segment and those of the
// question. A segment with what is asked for, such as a place, counts at least
// half. An answer that says that it has none counts nothing.
func (r *reader) relevance(ctx context.Context, s Sample) (Score, error) {
	if err := ctx.Err(); err != nil {
		return Score{}, err
	}
	asked := r.contentOf(s.Query)
	if len(asked) == 0 {
		return none(noQuery), nil
	}
	given := uncited(s.Answer)
	segments := text.Sentences(given)
	if len(segments) == 0 || refuses(given) {
		return value(0), nil
	}
	kind := text.Asks(s.Query)
	sum := 0.0
	for _, x := range segments {
		segment := given[x.Start:x.End]
		v := cosine(asked, r.contentOf(segment))
		if kind != text.Anything && kind != text.Meaning && text.Holds(kind, segment) {
			v = max(v, holdsKind)
		}
		sum += v
	}
	return value(sum / float64(len(segments))), nil
}

const holdsKind = 0.5

// contentOf counts the keys of a text's content words, and stemsOf those of all
// its words.
func (r *reader) contentOf(s string) map[string]int {
	out := map[string]int{}
	for _, w := range r.words(s) {
		if !w.stop {
			out[w.key]++
		}
	}
	return out
}

func (r *reader) stemsOf(s string) map[string]int {
	out := map[string]int{}
	for _, w := range r.words(s) {
		out[w.key]++
	}
	return out
}

// round keeps a detail short.
func round(v float64) float64 { return float64(int(v*1000+0.5)) / 1000 }
