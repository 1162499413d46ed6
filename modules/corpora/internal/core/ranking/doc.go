// Package ranking decides which passages answer a question best. It is the
// same ranking on every store: a store keeps postings and answers four
// questions about them (Source), everything else happens here.
//
// A search reads the question (query.go), repairs unknown words (similar.go),
// takes the hundred passages with the highest BM25 (candidates.go) and compares
// these by their text (matcher.go, score.go). To BM25 over stems it adds, with
// weights that were measured on judged collections:
//
//   - neighbouring words of the question, in order and close together: 0.3
//   - words in exactly the form of the question: 0.2
//   - character 4-grams, which see through inflection and compounds: 0.5, and
//     1.0 for questions that are not in English
//   - the same BM25 for all candidates of one document together: 0.5
//   - for long questions, the words that the best candidates have in common: 0.2
//
// BM25 is k1 = 1.2, b = 0.75, without the constant factor k1+1, and with
// Lucene's idf; a word that a question repeats counts by the root of how often.
package ranking
