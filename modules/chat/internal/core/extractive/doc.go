// Package extractive answers questions without a model: it quotes the
// sentences of the retrieved passages that answer best, cites them, and says
// when none does. It is pure, and never writes a statement of its own.
//
// A sentence scores the sum of the weights of the question's words in it,
// divided by 1 + 0.004 × its words and by the weight of the whole question;
// plus the score of its passage relative to the best one; plus 0.3 when it
// holds the kind of thing that is asked for (a time, a name, a number, a
// place, a definition). Related words, words of the sentence before and words
// in the headings count in part.
//
// To that come small amounts for words that stand in the question's order and
// for sentences that define what is asked for. Headings, questions and what is
// hardly words count less; code, data and tables of contents answer no question
// in words.
//
// Whether the best sentence answers at all is decided by a logistic regression,
// see refusal.go.
package extractive
