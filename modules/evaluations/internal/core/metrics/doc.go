// Package metrics scores the answers of an agent: against expected answers,
// against the question, and against the passages that they were made from.
//
// The offline metrics are pure functions of a sample: no I/O, no clock, no
// chance, and no model. docs/metrics.md has each with its formula, its source,
// its range and when it has no value.
package metrics
