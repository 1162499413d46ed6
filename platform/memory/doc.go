// Package memory keeps state in maps, with the same atomicity, errors and
// order as package sqldb. Modules are tested on it: a use case runs in
// microseconds, and its events can be read back.
package memory
