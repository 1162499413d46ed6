package extractive

import (
	"strings"

	"parley/platform/kernel/text"
)

// role is what a word does in a question, as far as its neighbours show. An
// answer often has another verb than the question, but rarely another thing:
// who asks for sick leave is not answered by paid leave.
type role uint8

const (
	unsaid   role = iota // verbs, and words that nothing is known of
	thing                // names what the question is about
	modifier             // stands before a thing and says which: "sick leave"
	attached             // a thing behind a preposition: "badge of a trainee"
)

var (
	determiners  = set(`a an the my our your his her their its this that these those any some each every no all both`)
	prepositions = set(
		`of for in at on from by with per during about under above over without between within into as than since until after before against through`,
	)
	subjects = set(`i you we they he she it one there somebody someone anybody anyone people`)
	doing    = set(`do does did can could will would shall should may might must`)
)

// roles reads the roles of a question's words, by form. It knows no grammar but
// that of English word order.
func roles(asked string) map[string]role {
	out := map[string]role{}
	var run []string // neighbouring words, none of grammar between them
	lead := unsaid   // what the run is when it is no verb
	helped := false  // an auxiliary waits for its verb, which ends the run of its subject
	end := func(last bool) {
		n := len(run)
		if n > 0 && helped && lead != attached && (n > 1 || last && lead == unsaid) {
			n-- // the verb
			helped = false
		}
		for i, form := range run[:n] {
			is := lead
			if is != unsaid && i+1 < n {
				is = modifier
			}
			out[form] = max(out[form], is)
		}
		run = run[:0]
	}
	before, being := "", false // whether the auxiliary was a form of "to be"
	for w := range text.Words(asked) {
		switch form := w.Form; {
		case determiners[form]:
			end(false)
			if lead != attached || !prepositions[before] {
				lead = thing
			}
		case prepositions[form]:
			end(false)
			lead = attached
		case subjects[form]:
			end(false)
			lead = unsaid
		case auxiliary[form]:
			end(false)
			lead = unsaid
			if text.IsAsking(before) || measures[before] || before == "" {
				lead = thing
			}
			helped, being = helped || doing[form], !doing[form]
		case form == "many" || form == "much":
			end(false)
			lead = thing
		case text.IsStop(form) || text.IsAsking(form):
			end(false)
			lead = unsaid
		case being && len(run) > 0 && strings.HasSuffix(form, "ed"):
			end(false)
			lead, being = unsaid, false
		default:
			run = append(run, form)
		}
		before = w.Form
	}
	end(true)
	return out
}
