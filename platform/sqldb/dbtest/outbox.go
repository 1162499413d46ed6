package dbtest

import (
	"context"
	"fmt"
	"strings"

	"parley/platform/kernel/event"
)

// Outbox keeps what units of work publish, for a test to look at.
type Outbox struct{ events []event.Envelope }

// Append implements sqldb.Outbox.
func (o *Outbox) Append(_ context.Context, events []event.Envelope) error {
	o.events = append(o.events, events...)
	return nil
}

// Committed implements sqldb.Outbox.
func (o *Outbox) Committed() {}

// String is the names and the JSON of the events so far, one a line.
func (o *Outbox) String() string {
	var out strings.Builder
	for _, e := range o.events {
		fmt.Fprintf(&out, "%s %s\n", e.Name, e.Payload)
	}
	return out.String()
}
