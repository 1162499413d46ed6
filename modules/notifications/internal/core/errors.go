package core

import "parley/platform/kernel/apperr"

// ErrNotFound answers an id that is nobody's or another's. Its code is a
// promise to clients.
var ErrNotFound = apperr.New(apperr.NotFound, "notifications.not_found", "There is no such notification, or none that you may see.")
