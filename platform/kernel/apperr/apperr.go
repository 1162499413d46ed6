// Package apperr is the one error type that crosses a module's wall: a kind
// that decides the HTTP status, a stable code that programs match on, and a
// sentence that tells a person what to change.
package apperr

import (
	"errors"
	"time"
)

// Kind is the family of an error. The web edge maps each to one status.
type Kind uint8

// The kinds, in the order in which a request is checked.
const (
	Internal        Kind = iota // 500: a defect or a broken dependency
	Unauthenticated             // 401: no or bad credentials
	Malformed                   // 400: not the shape that was asked for
	TooLarge                    // 413
	UnsupportedType             // 415
	Unprocessable               // 422: the right shape, an unacceptable value
	NotFound                    // 404: not there, or not the caller's to know
	Forbidden                   // 403: known to the caller, but not allowed
	Conflict                    // 409: the current state does not allow it
	TooMany                     // 429: with RetryAfter
	Unavailable                 // 503: starting, overloaded, or a model failed
)

// Field names one offending field of a request, as a path such as
// "user_ids[2]", and says what is wrong with it.
type Field struct {
	Field   string `json:"field"`
	Message string `json:"message"`
}

// Error is declared once per cause, usually as a package variable, and
// specialised by Withf, On and the like, which return copies.
type Error struct {
	Kind       Kind
	Code       string // "<module>.<what>", snake_case; a promise to clients
	Message    string // a sentence that says what to change
	Fields     []Field
	RetryAfter time.Duration // sent as Retry-After when positive
	Location   string        // path of the stored record that tells more
}

// New declares an error of a module, once, as a package variable: its code is a
// promise to clients, and the message is shown to them.
func New(kind Kind, code, message string) *Error {
	return &Error{Kind: kind, Code: code, Message: message}
}

// Error implements error.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Is reports whether target is an *Error of the same code, so that errors.Is
// finds a declared error behind its specialised copies.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// WithMessage returns a copy with another message.
func (e *Error) WithMessage(message string) *Error {
	c := *e
	c.Message = message
	return &c
}

// WithField returns a copy that names one more offending field.
func (e *Error) WithField(field, message string) *Error {
	c := *e
	c.Fields = append(append([]Field(nil), e.Fields...), Field{Field: field, Message: message})
	return &c
}

// After returns a copy that asks the client to wait before it tries again.
func (e *Error) After(d time.Duration) *Error {
	c := *e
	c.RetryAfter = d
	return &c
}

// At returns a copy that names the path where the stored record can be read.
func (e *Error) At(location string) *Error {
	c := *e
	c.Location = location
	return &c
}

// KindOf answers the kind of the first *Error in err's chain, or Internal.
func KindOf(err error) Kind {
	var e *Error
	if errors.As(err, &e) {
		return e.Kind
	}
	return Internal
}
