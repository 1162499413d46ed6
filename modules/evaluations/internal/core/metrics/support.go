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
	seams      // logarithm of what it costs to put it together from pieces
	whole      // 1 ÷ (1 + that cost of fifteen of its words)
	inOrder    // part of its neighbouring content words that stand close together there, in order
	repeating  // part of its content words that it has said already; 0 for a quote
	saidAgain  // how much of it an earlier statement has said; 0 for a quote
	broken     // 1 when it breaks off
	noNumbers  // numbers that are not there, at most 2
	personally // part of its words that speak of oneself or the reader
	talk       // the same of the whole answer
	asking     // 1 when the answer also asks something
	supportSize
)

// supportFeatures is what was seen of a statement.
type supportFeatures struct {
	of [supportSize]float64
	// length says how long the evidence is: 0 for a paragraph, 1 for an article.
	length float64
}

// support are the coefficients for short evidence and for long. In a paragraph
// it counts which words are there; in an article most are somewhere, and it
// counts whether they stand together. 0 is a feature that is not used there.
// docs/metrics.md has what they were fitted to, and with which command.
var support = [supportSize]struct {
	name        string
	short, long float64
}{
	bias:       {"bias", -3.698, -1.513},
	recall:     {"recall", 1.268, 0},
	recallSq:   {"recall²", 1.283, 0},
	exact:      {"exact", 2.773, 0},
	pairs:      {"pairs", 1.018, 0},
	seams:      {"seams", -0.713, 0},
	whole:      {"whole", 0, 1.722},
	inOrder:    {"in order", 0, 2.578},
	repeating:  {"repeating", 0, -1.682},
	saidAgain:  {"again", 0, -0.931},
	broken:     {"broken", 0, -0.570},
	noNumbers:  {"no nums", -0.665, -0.867},
	personally: {"personal", -1.307, 0},
	talk:       {"talk", -1.848, -0.799},
	asking:     {"asking", -1.950, -1.279},
}

// hedged makes probabilities less sure than those that fit yes and no best:
// people grade a statement that is partly right between them. ofQuote is then
// the probability of a sentence of the evidence.
const (
	hedged  = 0.6
	ofQuote = 0.8301
)

func (s supportFeatures) probability() float64 {
	sum := 0.0
	for i, c := range support {
		sum += s.of[i] * (c.short + s.length*(c.long-c.short))
	}
	return 1 / (1 + math.Exp(-hedged*sum))
}

// typical is how many words a statement has whose cost counts as it is.
const typical = 15

var self = set(`i me my mine myself im ive id ill we us our you your youre u`)

// features compares a statement with the evidence.
func (e *evidence) features(st []word) supportFeatures {
	out := supportFeatures{length: e.length()}
	f := &out.of
	f[bias] = 1
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
		}
	}
	if total > 0 {
		f[recall] = found / total
	}
	f[personally] = selves / float64(len(st))
	f[exact], f[pairs] = e.verbatim(st)
	cost := e.seams(st)
	f[seams], f[whole] = math.Log1p(cost), 1/(1+typical*cost/float64(len(st)))
	if breaksOff(st) {
		f[broken] = 1
	}
	f[inOrder] = e.inOrder(st)
	if cost > 0 { // a quote repeats what its source does
		f[repeating] = repeats(st)
	}
	f[recallSq] = f[recall] * f[recall]
	return out
}

// supportOf compares each statement of an answer with the evidence.
func (r *reader) supportOf(answer string, claimed []statement, e *evidence) []supportFeatures {
	out, told := make([]supportFeatures, len(claimed)), toldBefore(claimed)
	for i, st := range claimed {
		out[i] = e.features(st.words)
		if out[i].of[whole] < 1 {
			out[i].of[saidAgain] = told[i]
		}
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
		out[i].of[asking], out[i].of[talk] = asked, selves/all
	}
	return out
}
