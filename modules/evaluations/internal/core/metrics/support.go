package metrics

import "math"

// What speaks for and against a statement: the features of a logistic
// regression, whose value is the probability that a person who reads the
// evidence says that it supports the statement.
const (
	bias       = iota
	recall     // part of the weight of its content words that the evidence has
	recallSq   // the square of that
	exact      // part of all its words that are there as they are
	pairs      // part of its neighbouring words that are neighbours there
	pairsSq    // the square of that
	inRuns     // part of its words in runs of three or more that are there
	farApart   // part of its neighbouring content words that are there, but nowhere near each other
	noNumbers  // numbers that are not there, at most 2
	noNames    // names that are not there, at most 3
	noWords    // other content words that are not there, at most 6
	length     // logarithm of its words
	personally // part of its words that speak of oneself or the reader
	talk       // the same of the whole answer
	asking     // 1 when the answer also asks something
	supportSize
)

type supportFeatures [supportSize]float64

// support are the coefficients. docs/metrics.md has what they were fitted to,
// and with which command.
var support = [supportSize]struct {
	name  string
	value float64
}{
	bias:       {"bias", -2.995},
	recall:     {"recall", 0.717},
	recallSq:   {"recall²", 0.943},
	exact:      {"exact", 2.517},
	pairs:      {"pairs", 1.232},
	pairsSq:    {"pairs²", 0.676},
	inRuns:     {"runs", 0.474},
	farApart:   {"apart", -0.222},
	noNumbers:  {"no nums", -0.879},
	noNames:    {"no names", -0.414},
	noWords:    {"no words", -0.413},
	length:     {"length", -0.431},
	personally: {"personal", -1.080},
	talk:       {"talk", -1.704},
	asking:     {"asking", -1.888},
}

func (f supportFeatures) probability() float64 {
	sum := 0.0
	for i, c := range support {
		sum += c.value * f[i]
	}
	return 1 / (1 + math.Exp(-sum))
}

var self = set(`i me my mine myself im ive id ill we us our you your youre u`)

// features compares a statement with the evidence.
func (e *evidence) features(st []word) supportFeatures {
	f := supportFeatures{bias: 1, length: math.Log1p(float64(len(st)))}
	var total, found, selves float64
	seen := make(map[string]bool, len(st))
	for _, w := range st {
		if self[w.form] {
			selves++
		}
		if w.stop || seen[w.key] || polite[w.form] {
			continue
		}
		seen[w.key] = true
		weight := weigh(w)
		total += weight
		switch how := e.has(w); {
		case how > 0:
			found += weight * how
		case w.number:
			f[noNumbers] = min(2, f[noNumbers]+1)
		case w.capital && !w.first:
			f[noNames] = min(3, f[noNames]+1)
		default:
			f[noWords] = min(6, f[noWords]+1)
		}
	}
	if total > 0 {
		f[recall] = found / total
	}
	f[personally] = selves / float64(len(st))
	f[pairs], f[inRuns] = e.runs(st)
	f[exact], f[farApart] = e.apart(st)
	f[pairsSq], f[recallSq] = f[pairs]*f[pairs], f[recall]*f[recall]
	return f
}

// supportOf compares each statement of an answer with the evidence.
func (r *reader) supportOf(answer string, claimed []statement, e *evidence) []supportFeatures {
	out := make([]supportFeatures, len(claimed))
	for i, st := range claimed {
		out[i] = e.features(st.words)
	}
	var asked, selves, all float64
	if asks(answer) {
		asked = 1
	}
	for _, w := range r.words(answer) {
		all++
		if self[w.form] {
			selves++
		}
	}
	for i := range out {
		out[i][asking], out[i][talk] = asked, selves/all
	}
	return out
}
