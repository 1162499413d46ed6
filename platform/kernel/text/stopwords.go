package text

import "strings"

// The 33 English stop words of Lucene. They are not indexed at all.
var stop = set(`a an and are as at be but by for if in into is it no not of on or such that the their
	then there these they this to was will with`)

// Words that make a sentence a question or a request and say nothing about
// its subject. They are indexed, and left out of questions.
var asking = set(`what which who whom whose when where why how many much do does did done doing can could
	would should shall may might must have has had having am were been being i me my mine we our ours you
	your yours he she him his her hers its them any some please tell explain describe know dont doesnt didnt
	isnt arent wasnt cant cannot wont whats so about exactly actually`)

// Function words common in English and rare in other Latin-script languages.
var english = set(`the of and is are what which how does did do who whom when where why with for to by from
	this that there it`)

func set(words string) map[string]bool {
	m := map[string]bool{}
	for _, w := range strings.Fields(words) {
		m[w] = true
	}
	return m
}

// IsStop reports whether a form is left out of the index.
func IsStop(form string) bool { return len(form) <= 5 && stop[form] }

// IsAsking reports whether a form is a question word: indexed, but left out of
// a question that has anything else in it.
func IsAsking(form string) bool { return len(form) <= 8 && asking[form] }
