// Package id makes identifiers that are not database keys: event ids, run
// ids, request ids.
package id

import "github.com/google/uuid"

// New returns a UUIDv7 as text: unique, and sorted by its time of creation.
func New() string {
	// NewV7 fails only when the machine has no randomness left; google/uuid
	// then panics on NewString too, so there is no better answer.
	return uuid.Must(uuid.NewV7()).String()
}
