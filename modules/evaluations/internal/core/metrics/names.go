package metrics

import (
	"regexp"
	"slices"
	"strings"

	"parley/platform/kernel/lexicon"
	"parley/platform/kernel/text"
)

// titles say little beside the name or the thing that they belong to.
var titles = set(`president king queen prince princess general sir lord lady captain colonel doctor professor saint pope emperor
	prime minister senator governor mayor hon jr senior junior university city county state river mountain company corporation inc ltd
	team film movie song album book novel series show season episode disambiguation character band around approximately about
	late early accept over between nearly almost roughly circa`)

// kinds, and titles that are as often said of nobody by name, say little in a name
// that they belong to: "Caribbean Sea", "Tsar Nicholas", but not "a sea lion" or
// "the tsar's residence".
var kinds = set(`party club sea ocean island islands lake co corp plc llc gmbh
	maharaja sultan czar tsar duke duchess count countess baron archbishop bishop cardinal reverend sheikh pilot sergeant lieutenant admiral dame`)

// title reports whether a word is a title, or the kind of a name.
func (w word) title() bool { return titles[w.form] || w.capital && kinds[w.form] }

const besideNumber = 0.3 // what such a word counts

// fullName reports whether words read as the name of a person.
func fullName(words []word) bool {
	if len(words) < 2 || len(words) > 5 {
		return false
	}
	for _, w := range words {
		if !w.capital || w.number {
			return false
		}
	}
	return true
}

// namePart says how well an answer stands for a part of a person's name that
// it does not spell out, next to the surname, which it must have: an initial, a
// short form ("Dave"), or nothing at all.
func (a *answer) namePart(name []word, i int) float64 {
	last := len(name) - 1
	if i == last {
		return 0
	}
	part := name[i].form
	for _, at := range a.keys[name[last].key] {
		for k := max(0, at-3); k < at; k++ {
			o := a.words[k].form
			if a.words[k].initial && strings.IndexByte(o, part[0]) >= 0 { // "B.R."
				return 0.95
			}
			if len(o) == 1 && o[0] == part[0] || len(part) == 1 && o[0] == part[0] || len(o) >= 3 && len(part) >= 3 && o[:3] == part[:3] {
				return 0.95
			}
		}
		if i > 0 && len(a.keys[name[0].key]) > 0 {
			if len(part) == 1 && at > 0 && len(a.words[at-1].form) == 1 {
				return 0 // it has other initials: "George W. Bush" for "George H. W. Bush"
			}
			return 0.8 // a middle name
		}
		if asksWho(a.asked) && a.named(at) && (at == 0 || !a.given(at-1)) {
			return 0.7 // the surname alone
		}
	}
	return 0
}

// named reports whether a word of the answer may be a surname: "Cat", but not
// "cat", unless it has a title or all is written small.
func (a *answer) named(at int) bool {
	w := a.words[at]
	return w.capital || at > 0 && a.words[at-1].title() || !lexicon.English().Knows(text.Stem(w.form)) ||
		a.once("small", func() bool { return a.text == strings.ToLower(a.text) })
}

// given reports whether a word before a surname may be another given name.
func (a *answer) given(at int) bool {
	w := a.words[at]
	return !w.stop && !w.title() && w.capital
}

func asksWho(query string) bool { return who.MatchString(query) || text.Asks(query) == text.Name }

var who = regexp.MustCompile(`(?i)\bwho\b`)

// counted reports whether words have a number, beside which a weekday or the
// unit that was asked for says little new: "20 percent", "25 years old".
func counted(words []word) bool {
	return slices.ContainsFunc(words, func(w word) bool { return w.number })
}

var implied = set("monday tuesday wednesday thursday friday saturday sunday percent per cent dollar dollars pound pounds euro euros year years old ad ce")
