// Package text is the one behaviour behind everything here that reads words:
// indexing, questions, quoting and measuring use the same tokens, stems and
// sentences, so that what is indexed is what is asked for. It is pure: no I/O,
// no clock, no state that anybody could tell.
//
// Words are folded: lower case, no diacritics, and one way of writing for what
// has several (NFC and NFD, half-width and full-width, Arabic and Persian
// keyboards, vowel points, digits). When they are a–z, they are stemmed with
// Porter's English stemmer, and Arabic words lose their article. Scripts
// written without blanks (Han, Kana, Hangul, Thai, Lao, Khmer, Burmese) give
// overlapping bigrams instead of words. All offsets are bytes into the string
// that was handed in.
package text
