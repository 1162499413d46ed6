// Package chunking cuts an extracted document into the passages that questions
// find: packs of whole sentences of about 800 characters, each overlapping the
// one before by two sentences, titled with the headings it stands under. A short
// document of one section is not cut: it is ranked as what it is.
//
// Every passage is a slice of one text, Render's, so offsets are exact, and
// nothing of the document is lost but headings that are in a title.
package chunking
