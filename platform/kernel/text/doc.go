// Package text is the one behaviour behind everything here that reads words:
// indexing, questions, quoting and measuring use the same tokens, stems and
// sentences, so that what is indexed is what is asked for. It is pure: no I/O,
// no clock, no state that changes.
//
// Words are folded (lower case, no diacritics) and, when they are a–z,
// stemmed with Porter's English stemmer. Scripts written without blanks (Han,
// Kana, Hangul, Thai, Lao, Khmer, Burmese) give overlapping bigrams instead of
// words. All offsets are bytes into the string that was handed in.
package text
