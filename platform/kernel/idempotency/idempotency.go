// Package idempotency has what an Idempotency-Key means, wherever its request
// is remembered: with the answer of the request (platform/sqldb/idempotency)
// or with what the request made.
package idempotency

import (
	"fmt"
	"time"

	"parley/platform/kernel/apperr"
)

const (
	// KeptFor is how long a key stands for its request.
	KeptFor = 24 * time.Hour
	// MaxKey is the length of the longest key.
	MaxKey = 255
	// MaxAnswer is the size of the largest answer that is kept, in bytes.
	MaxAnswer = 1 << 20
)

// The errors of a request with an Idempotency-Key.
var (
	ErrKeyReused  = apperr.New(apperr.Conflict, "idempotency_key_reused", "This Idempotency-Key was used for another request; use a new one.")
	ErrInProgress = apperr.New(apperr.Conflict, "request_in_progress", "The first request with this Idempotency-Key still runs; ask again in a moment.")
	ErrNotKept    = apperr.New(apperr.Conflict, "answer_not_kept",
		"The request with this Idempotency-Key was done, but its answer was too large to keep; read what it made instead of repeating it.")
	ErrLost = apperr.New(apperr.Conflict, "answer_lost",
		"The request with this Idempotency-Key was done, at least in part, but its answer was lost; read what it made instead of repeating it.")
	ErrKeyLength = apperr.New(apperr.Unprocessable, "idempotency_key_too_long", "This Idempotency-Key is too long."+
		fmt.Sprintf(" It has 1 to %d characters.", MaxKey))
)

// Claim names one request that must have its effect once.
type Claim struct {
	UserID int64
	Key    string
	// Fingerprint is of method, path and body, but for an upload, whose body is
	// not known before it is read.
	Fingerprint string
}

// Answer is the answer of a request that was done. A body of more than
// MaxAnswer bytes is not whole and is not to be kept.
type Answer struct {
	Status int
	Body   []byte
	// Upload is the digest of the upload that it answers; "" for other bodies.
	Upload string
}
