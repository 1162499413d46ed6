package consumer

import (
	"time"

	"parley/modules/notifications/internal/core"
	"parley/platform/bus"
)

// Webhooks is the consumer of every event that webhooks get. What no webhook
// gets costs no unit of work.
func Webhooks(w *core.Webhooks) bus.Consumer {
	return bus.Consumer{Name: "notifications.webhooks", Gather: 100 * time.Millisecond, Handlers: bus.OnEnvelopes(w.Kinds(), w.Happened), Wants: w.Wants}
}
