// Package markdown makes of what a model writes the answer that is shown: it
// checks citations, and sees to it that no reader's browser fetches what a
// document planted. Links, those of e-mail addresses as well, lead to what the
// rules know and nowhere else. Code is never changed: where it stands is what a
// Markdown parser says.
//
// The text comes in pieces of any size. What is answered for them is, put
// together, what the whole text would give; only what may still change is held
// back: a bracket that may become a citation, an address whose end is not
// there, what may turn out to be code, and code that a table would divide until
// the next line says whether there may be one.
package markdown
