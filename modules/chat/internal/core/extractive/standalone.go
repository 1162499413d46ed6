package extractive

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/platform/kernel/text"
)

// Turn is one exchange of a conversation, oldest first in lists.
type Turn struct {
	User string
	Bot  string
}

const (
	maxTurns = 5  // that are looked back at
	maxAdded = 12 // words that are added to a question
	maxNames = 3  // of which from the answer before
)

var (
	// Words that begin a question which goes on from the one before.
	going    = set("and or but so then also else")
	pronouns = set("it its they them their theirs he him his she her hers this these those")
	persons  = set("he him his she her hers they them their")
)

// Standalone makes a search query of a question that leans on the conversation
// before it: "and how long does it take?" gets the words of the question it
// goes on from, in brackets. A question that stands alone is returned as it is.
func Standalone(history []Turn, question string) string {
	if len(history) == 0 || !leans(question) {
		return question
	}
	has := map[string]bool{}
	for w := range text.Words(question) {
		has[text.Stem(w.Form)] = true
	}
	var added []string
	add := func(s string, limit int) {
		for _, word := range subject(s) {
			stem := text.Stem(text.Fold(word))
			if !has[stem] && len(added) < limit {
				has[stem] = true
				added = append(added, word)
			}
		}
	}
	if refersToPerson(question) {
		add(capitalised(history[len(history)-1].Bot), maxNames)
	}
	for back := 1; back <= min(maxTurns, len(history)); back++ {
		before := history[len(history)-back].User
		add(before, maxAdded)
		if !leans(before) {
			break
		}
	}
	if len(added) == 0 {
		return question
	}
	return strings.TrimSpace(question) + " (" + strings.Join(added, " ") + ")"
}

// leans reports whether a question can't be understood alone: it begins with
// "and", points back before it has two words to point to, or names nothing, or one
// thing only without asking what that is.
func leans(question string) bool {
	named, before, first := 0, 0, true
	for w := range text.Words(question) {
		if first && going[w.Form] || pronouns[w.Form] && before < 2 {
			return true
		}
		first = false
		if w.Bigram {
			named += 2
		} else if names(w.Form) {
			named++
		}
		if !text.IsStop(w.Form) && !text.IsAsking(w.Form) && !measures[w.Form] {
			before++
		}
	}
	return named == 0 || named == 1 && text.Asks(question) != text.Meaning
}

func refersToPerson(question string) bool {
	for w := range text.Words(question) {
		if persons[w.Form] {
			return true
		}
	}
	return false
}

// names reports words that say what a question is about.
func names(form string) bool {
	return !text.IsStop(form) && !text.IsAsking(form) && !pronouns[form] && !measures[form] && !going[form] && !common[form]
}

// subject lists the words of a question that say what it is about.
func subject(question string) (out []string) {
	reach := 0
	for w := range text.Words(question) {
		switch {
		case !names(w.Form):
		case w.Bigram && w.Start < reach && len(out) > 0:
			out[len(out)-1] += question[reach:w.End]
			reach = w.End
		default:
			out = append(out, question[w.Start:w.End])
			reach = w.End
		}
	}
	return out
}

// capitalised gives the capitalised words in the quotes of an answer that do not
// begin a sentence.
func capitalised(answer string) string {
	var out []string
	for _, s := range quoted(answer) {
		for i, x := range text.Sentences(s) {
			first := true
			for w := range text.Words(s[x.Start:x.End]) {
				written := s[x.Start+w.Start : x.Start+w.End]
				if r, _ := utf8.DecodeRuneInString(written); !first && unicode.IsUpper(r) && utf8.RuneCountInString(written) > 1 {
					out = append(out, written)
				}
				first = false
			}
			if i == 2 || len(out) >= maxNames {
				return strings.Join(out, " ")
			}
		}
	}
	return strings.Join(out, " ")
}

// quoted gives what stands in quotation marks, or all when nothing does.
func quoted(answer string) (out []string) {
	rest := answer
	for {
		_, after, ok := strings.Cut(rest, "“")
		if !ok {
			break
		}
		inside, tail, ok := strings.Cut(after, "”")
		if !ok {
			break
		}
		out, rest = append(out, inside), tail
	}
	if len(out) == 0 {
		return []string{answer}
	}
	return out
}
