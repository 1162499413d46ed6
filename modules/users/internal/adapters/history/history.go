// Package history blanks personal data in events that were published.
package history

import (
	"context"

	"parley/platform/bus"
)

// Events implements core.History over the outbox.
type Events struct{ outbox *bus.Outbox }

// New returns the history that the outbox keeps.
func New(o *bus.Outbox) Events { return Events{o} }

// personal are the fields of this module's events with personal data.
var personal = []string{"email", "old_email", "first_name", "last_name"}

// BlankPersonal implements core.History.
func (e Events) BlankPersonal(ctx context.Context, keys []string) error {
	return e.outbox.BlankPersonal(ctx, keys, personal)
}
