package extract

import (
	"errors"

	"parley/platform/kernel/apperr"
)

// Reason implements the core's port: what is wrong with a file, in a sentence
// for its owner. Anything else is the server's trouble, and passes perhaps.
func (x *Extractor) Reason(err error) (sentence string, again bool) {
	var known *apperr.Error
	if errors.As(err, &known) {
		return known.Message, false
	}
	return "The document could not be read because of a problem on the server; upload it again.", true
}
