package metrics

import "context"

const (
	noStatements = "the answer makes no statements"
	noReference  = "the expected answer makes no statements"
	// A statement is supported from an even chance on, in the scale of degrees.
	supported = 0.6
)

// weighed is a statement in a detail.
type weighed struct {
	Statement string  `json:"statement"`
	Support   float64 `json:"support"`
}

type statementsDetail struct {
	Statements int       `json:"statements"`
	Supported  int       `json:"supported"`
	Weakest    []weighed `json:"unsupported,omitempty"`
}

// faithfulness is the part of the statements of an answer that the passages
// support. Each counts with the probability that a person says so.
func (r *reader) faithfulness(ctx context.Context, s Sample) (Score, error) {
	if err := ctx.Err(); err != nil {
		return Score{}, err
	}
	if blank(s.Contexts) {
		return none(noContexts), nil
	}
	claimed := r.statements(s.Answer)
	if len(claimed) == 0 {
		return none(noStatements), nil
	}
	e := r.evidence(s.Contexts)
	var sum float64
	d := statementsDetail{Statements: len(claimed)}
	for i, f := range r.supportOf(s.Answer, claimed, e) {
		p := f.degree()
		sum += p
		if p >= supported {
			d.Supported++
		} else if len(d.Weakest) < maxListed {
			d.Weakest = append(d.Weakest, weighed{clip(claimed[i].text), round(p)})
		}
	}
	out := value(sum / float64(len(claimed)))
	out.Detail = detail(d)
	return out, nil
}

// degree is the support of a statement: its probability, in a scale in which a
// quote has 1; none where nothing of it is there.
func (s supportFeatures) degree() float64 {
	if s.of[recall] == 0 && s.of[pairs] == 0 {
		return 0
	}
	return min(1, s.probability()/ofQuote)
}

// contextRecall is the part of the statements of the expected answer that the
// passages support. Of several expected answers the one that they support most
// counts.
func (r *reader) contextRecall(ctx context.Context, s Sample) (Score, error) {
	if err := ctx.Err(); err != nil {
		return Score{}, err
	}
	expected := Alternatives(s.Expected)
	switch {
	case len(expected) == 0:
		return none(noExpected), nil
	case blank(s.Contexts):
		return none(noContexts), nil
	}
	e := r.evidence(s.Contexts)
	best, d := -1.0, statementsDetail{}
	for _, x := range expected {
		claimed := r.statements(x)
		if len(claimed) == 0 {
			continue
		}
		of := statementsDetail{Statements: len(claimed)}
		for i, f := range r.supportOf(x, claimed, e) {
			if p := f.attributed(len(claimed[i].words)); p >= supported {
				of.Supported++
			} else if len(of.Weakest) < maxListed {
				of.Weakest = append(of.Weakest, weighed{clip(claimed[i].text), round(p)})
			}
		}
		if v := float64(of.Supported) / float64(of.Statements); v > best {
			best, d = v, of
		}
	}
	if best < 0 {
		return none(noReference), nil
	}
	out := value(best)
	out.Detail = detail(d)
	return out, nil
}

// attributed is degree for what may be less than a sentence, such as "14 days",
// for which nothing was fitted: its words are there, or they are not.
func (s supportFeatures) attributed(words int) float64 {
	if words > shortest {
		return s.degree()
	}
	if s.of[noNumbers] > 0 || s.of[recall] < enough {
		return 0
	}
	return s.of[recall]
}

const shortest = 4 // words

func blank(contexts []string) bool {
	for _, c := range contexts {
		for _, r := range c {
			if r > ' ' {
				return false
			}
		}
	}
	return true
}
