package metrics

import (
	"regexp"
	"strings"

	"parley/platform/kernel/text"
)

// refusing are the ways of an answer to say that it has none.
var refusing = regexp.MustCompile(
	`(?i)\b(i|we) (do not|don['’]?t|did not|didn['’]?t|could not|couldn['’]?t|cannot|can['’]?t|can not|was not able to|am not able to|am unable to|was unable to) ` +
		`(have|know|find|found|locate|provide|answer|determine|see|say|tell|help|confirm|verify|identify|access)\b` +
		`|\b(i['’]?m|i am|we are) (not (sure|certain|aware|able)|unable|unsure)\b` +
		`|\bas an ai\b|\bno (information|relevant|mention|answer|evidence|data)\b.{0,40}\b(found|available|provided|about|in the|on)\b` +
		`|\b(does|do|did) not (say|mention|contain|provide|specify|state|include|answer)\b` +
		`|\b(is|are|was) not (mentioned|specified|stated|provided|known|available in|found in|covered)\b` +
		`|\bcannot be (answered|determined|found)\b|\b(unanswerable|nothing (was )?found|unknown)\b|\bthere is no (information|mention|answer)\b` +
		`|\b(insufficient|not enough) (information|context|data)\b`,
)

// refuses reports whether an answer says that it has none, and little else.
func refuses(s string) bool {
	if !mayGiveUp(s) {
		return false
	}
	found := refusing.FindStringIndex(s)
	return found != nil && found[0] < early
}

const early = 160 // bytes into an answer that is a refusal as a whole

// gaveUp reports whether a text says anywhere that something is not known.
func gaveUp(s string) bool { return mayGiveUp(s) && refusing.MatchString(s) }

// mayGiveUp spares most texts the expression.
func mayGiveUp(s string) bool {
	s = strings.ToLower(s)
	for _, mark := range []string{
		"not", "n't", "n’t", "no ", "unable", "unsure", "unknown", "unanswerable", "insufficient", "as an ai", "nothing",
		"dont", "cant", "couldnt", "didnt",
	} {
		if strings.Contains(s, mark) {
			return true
		}
	}
	return false
}

// stated is an answer without the sentences that say that something is not
// known: what they repeat of the question is no answer to it.
func stated(s string) string {
	if !gaveUp(s) {
		return s
	}
	var out strings.Builder
	for _, x := range text.Sentences(s) {
		if sentence := s[x.Start:x.End]; !gaveUp(sentence) {
			out.WriteString(sentence)
			out.WriteByte('\n')
		}
	}
	return out.String()
}

// negators turn what stands after them into its opposite.
var negators = set(
	`not no never nor neither cannot cant dont doesnt didnt isnt arent wasnt werent wont wouldnt shouldnt couldnt mustnt hasnt havent hadnt without`,
)

// opposing also speak for a "not" that is expected.
var opposing = set(`only unless except forbidden prohibited prohibit prohibits refuse refused refuses deny denied denies impossible unable illegal against
	disallowed ineligible invalid unavailable exclude excluded excludes lack lacks none nobody nothing`)

func negated(words []word) bool {
	for _, w := range words {
		if negators[w.form] {
			return true
		}
	}
	return false
}

// denies reports whether an answer mentions what stands at a word only to say
// that it is not so: "not Paris", "rather than Paris".
func (a *answer) denies(places []int) bool {
	for _, at := range places {
		denied, next := false, at
		for k := at - 1; k >= max(0, at-4) && !denied; k-- {
			w := a.words[k]
			if strings.ContainsAny(a.text[min(w.end, a.words[next].start):a.words[next].start], ",;:.!?") {
				break
			}
			denied = negators[w.form] || w.form == "rather" && a.words[next].form == "than" || w.form == "instead" && a.words[next].form == "of"
			if !w.stop && !denied || w.form == "but" {
				break
			}
			next = k
		}
		if !denied {
			return false
		}
	}
	return len(places) > 0
}

// contradicts reports whether an answer says no where yes is expected, or the
// other way round.
func (a *answer) contradicts(expected []word) bool {
	if len(a.words) == 0 || len(expected) == 0 {
		return false
	}
	e, g := expected[0].form, a.words[0].form
	if e == "yes" && g == "no" || e == "no" && g == "yes" {
		return true
	}
	if len(expected) < 4 || !negated(expected) {
		return false
	}
	for _, w := range a.words {
		if negators[w.form] || opposing[w.form] {
			return false
		}
	}
	return true
}
