// Package consumer asks where it may only listen.
package consumer

import (
	"parley/modules/chat"
	"parley/platform/bus"
)

var consumers = []bus.Consumer{
	{Name: "analytics.usage", Handlers: []bus.Handler{bus.On(func(chat.RunCompleted, chat.Run) error { return nil })}},
	{Name: "chat.usage", Handlers: []bus.Handler{}}, // want names
}

var (
	_ = chat.Source
	_ chat.Runner    // want events
	_ = chat.Default // want events
	_ = chat.Start   // want events
)
