// Package segment is facts of a stretch of time, added up and packed.
//
// A segment has the sums of each user in each cell, where a cell is what facts
// have in common beside the user: team, project, agent, its type, source and
// model. It is made of facts or of segments that follow on each other, and is
// the same bytes either way. Nothing in it is an estimate, so any window is the
// exact union of the segments that fill it.
//
// It is stored as faces, each of which serves some questions, so that a question
// reads no more than it needs. A face is columns of numbers, as differences
// where they ascend, each number in as few bytes as it takes.
package segment
