package extractive

import (
	"math"
	"slices"

	"parley/platform/kernel/text"
)

// The refusal is a logistic regression over what the best sentence and its
// passages have of the question. The coefficients were fitted with
// TestTheRefusalIsFitted, which prints them for any file of judged questions
// (see docs/contributing.md).

// feature is one thing that speaks for or against an answer.
type feature int

const (
	bias            feature = iota
	own                     // part of the question's weight in the best sentence
	maxPass                 // the same in the best stretch of the passages, titles counted
	missingNames            // names in the question that the stretch lacks, at most 2
	missingNumbers          // numbers in the question that nothing near has, at most 1
	inOrder                 // part of the neighbouring words that stand in order
	holdsKind               // 1 when the sentence holds what is asked for, −1 when not
	scoreRatio              // score of the best passage to the weight of the question
	lnPassages              // logarithm of how many were searched
	lnTerms                 // logarithm of how many terms the question has
	unknown                 // rare words that no passage has, at most 3
	unknownThings           // words that name a thing which none of the passages has, at most 2
	missingThings           // part of the question's weight that names things which nothing near has
	missingModifier         // 1 when the sentence has a thing, but not of the sort that is asked for
	missingAttached         // the same for the thing that another belongs to
	missingAmount           // 1 when a number is asked for and neither the sentence nor the next has one
	unknownInFew            // unknownThings, the more the fewer passages were searched
	unknownNumber           // 1 when the question has a number that no passage has
	unknownType             // 1 when no passage has the noun that names the kind of the answer
	featureCount
)

type features [featureCount]float64

// weights are the coefficients of the refusal: with the lexicon, and without
// it, as for questions that are not in English.
var weights = [featureCount]struct {
	name          string
	with, without float64
}{
	bias:            {"bias", -4.074, -3.200},
	own:             {"own", 1.235, 1.150},
	maxPass:         {"maxPass", 4.068, 3.361},
	missingNames:    {"names", -1.009, -1.194},
	missingNumbers:  {"nums", -0.487, -0.583},
	inOrder:         {"order", 0.198, -0.042},
	holdsKind:       {"kind", -0.048, -0.099},
	scoreRatio:      {"ratio", 1.247, 1.393},
	lnPassages:      {"ln N", -0.135, -0.153},
	lnTerms:         {"ln T", 0.529, 0.498},
	unknown:         {"unk", 0.401, 0.380},
	unknownThings:   {"unkThing", -0.356, -0.412},
	missingThings:   {"missThing", -0.484, -0.528},
	missingModifier: {"missMod", -0.376, -0.207},
	missingAttached: {"missAtt", -0.229, -0.153},
	missingAmount:   {"noAmount", -2.790, -2.486},
	unknownInFew:    {"unkFew", -0.750, -0.529},
	unknownNumber:   {"unkNum", -0.605, -0.817},
	unknownType:     {"unkType", -0.560, -0.497},
}

// answerFrom is the least logit of an answer. It is below the even chance: a
// quote that does not fit is seen at once, an answer that was there is lost.
const answerFrom = -0.85

// refuses decides whether the best sentence is no answer. Nothing is answered
// by relatives of the question's words alone.
func (q *question) refuses(best sentence, found []Passage) bool {
	here := q.likeness(q.words(best.passage.Title), q.words(best.passage.Text))
	return slices.Max(here) < prefixLikeness || q.logit(q.features(best, found)) < answerFrom
}

// logit is positive when the passages rather answer the question.
func (q *question) logit(f features) (z float64) {
	for i, w := range weights {
		if q.lexicon {
			z += w.with * f[i]
		} else {
			z += w.without * f[i]
		}
	}
	return z
}

const (
	headingNumber = 0.7 // credit for a number that the headings have
	nearNumber    = 0.5 // or the sentences beside
	besideThing   = 0.2 // credit for a thing that the sentences beside have
	pointedThing  = 0.7 // the same when the sentence points back
	manyPassages  = 300 // a collection of so many is no small one
	// The refusal was fitted to collections of up to some hundred passages.
	mostSearched = 600
)

// features looks at the best sentence and the passages that were found.
func (q *question) features(b sentence, found []Passage) (f features) {
	best := make([]float64, len(q.terms))
	var here []float64
	score := 0.0
	for i := range found {
		title := q.words(found[i].Title)
		for s := range stretches(found[i].Text) {
			like := q.likeness(title, within(q.words(found[i].Text), s.Start, s.End))
			if &found[i] == b.passage && s.Start <= b.start && b.start < s.End && (here == nil || q.part(like) > q.part(here)) {
				here = like
			}
			f[maxPass] = max(f[maxPass], q.part(like))
			for k, l := range like {
				best[k] = max(best[k], l)
			}
		}
		score = max(score, found[i].Score)
	}
	title := q.likeness(q.words(b.passage.section(b.start)))
	near := q.beside(b)
	context := besideThing
	if pointing[firstForm(b.passage.Text[b.start:b.end])] {
		context = pointedThing
	}
	total := 0.0
	for i, t := range q.terms {
		total += t.idf
		if t.name {
			f[missingNames] += 1 - here[i]
		}
		if t.number {
			f[missingNumbers] += 1 - max(b.like[i], headingNumber*title[i], nearNumber*near[i])
		}
		if t.kind && t.unknown {
			f[unknownType] = 1 - best[i]
		}
		if t.number && t.unknown && best[i] == 0 {
			f[unknownNumber] = 1
		}
		if t.unknown && t.heavy {
			f[unknown] += 1 - best[i]
		}
		if t.role == unsaid || !t.heavy {
			continue
		}
		missing := 1 - max(b.like[i], title[i], context*near[i])
		f[unknownThings] += 1 - best[i]
		f[missingThings] += missing * t.asked / q.asked
		switch {
		case t.role == modifier && i+1 < len(q.terms) && b.like[i+1] >= prefixLikeness:
			f[missingModifier] = max(f[missingModifier], missing)
		case t.role == attached:
			f[missingAttached] = max(f[missingAttached], missing)
		}
	}
	f[unknownThings] = min(f[unknownThings], 2)
	f[bias] = 1
	f[own] = q.part(b.like)
	f[missingNames], f[missingNumbers], f[unknown] = min(f[missingNames], 2), min(f[missingNumbers], 1), min(f[unknown], 3)
	f[inOrder] = b.order
	if q.kind != text.Anything {
		f[holdsKind] = -1
		if text.Holds(q.kind, b.passage.Text[b.start:b.end]) {
			f[holdsKind] = 1
		}
	}
	if q.lacksAmount(b.passage.Text[b.start:b.all[min(b.place+1, len(b.all)-1)].End]) {
		f[missingAmount] = 1
	}
	few := max(0, 1-math.Log(float64(max(q.request.Searched, 1)))/math.Log(manyPassages))
	f[unknownInFew] = few * f[unknownThings]
	f[scoreRatio] = score / total
	f[lnPassages] = math.Log(float64(min(max(q.request.Searched, 1), mostSearched)))
	f[lnTerms] = math.Log(float64(len(q.terms)))
	return f
}

// part is the part of the question's weight that a text has.
func (q *question) part(like []float64) float64 {
	sum := 0.0
	for i, t := range q.terms {
		sum += t.asked * like[i]
	}
	return sum / q.asked
}

// beside is what the sentences before and after one have.
func (q *question) beside(b sentence) []float64 {
	var around [][]word
	for _, k := range []int{b.place - 1, b.place + 1} {
		if k >= 0 && k < len(b.all) {
			around = append(around, within(q.words(b.passage.Text), b.all[k].Start, b.all[k].End))
		}
	}
	return q.likeness(around...)
}
