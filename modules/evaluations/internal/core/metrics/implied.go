package metrics

import "regexp"

// implies reports whether an answer says without the word what one word is
// expected for: a yes or a no to a question that asks for one, or that there is
// none.
func (a *answer) implies(expected []word) bool {
	if len(expected) != 1 || len(a.words) == 0 {
		return false
	}
	switch e := expected[0]; {
	case e.form == "yes" || e.form == "no":
		first := a.words[0].form
		if first == "yes" || first == "no" {
			return first == e.form
		}
		return closed.MatchString(a.asked) && negated(a.words) == (e.form == "no")
	case e.form == "none" || e.form == "nobody" || e.form == "nothing" || e.key == "0":
		return denying.MatchString(a.text)
	}
	return false
}

var (
	// closed are the questions that a yes or a no answers.
	closed  = regexp.MustCompile(`(?i)^\W*(is|are|was|were|am|do|does|did|can|could|may|might|must|shall|should|will|would|has|have|had)\b`)
	denying = regexp.MustCompile(`(?i)\b(no|none|nobody|nothing|zero|0|not (one|any|a single)|n.t any)\b`)
)
