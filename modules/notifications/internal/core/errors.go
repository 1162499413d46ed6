package core

import "parley/platform/kernel/apperr"

// ErrNotFound answers an id that is nobody's or another's. Its code is a
// promise to clients.
var ErrNotFound = apperr.New(apperr.NotFound, "notifications.not_found", "The notification does not exist, or you may not view it.")
