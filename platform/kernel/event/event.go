// Package event has the form of the facts that modules publish.
package event

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	fastjson "github.com/go-json-experiment/json"
	v1 "github.com/go-json-experiment/json/v1"

	"parley/platform/kernel/id"
	"parley/platform/kernel/jsonout"
)

// Event is a fact that a module publishes: a plain struct whose JSON form is
// its contract. A published event only ever gains fields.
type Event interface {
	// EventName is "<module>.<fact>.v<n>", a literal, never built.
	EventName() string
	// AggregateKey names the entity that the event is about, such as "user/7".
	// A consumer sees the events of one key in the order of their commits.
	AggregateKey() string
}

// Concerning is an Event that concerns more than its aggregate. The audit log
// names those as well.
type Concerning interface {
	Event
	// Concerns are the keys of the others, such as "user/7".
	Concerns() []string
}

// Writer is an Event of which there are so many that it writes its JSON by hand:
// the same as encoding/json makes of it, without escapes for HTML.
type Writer interface {
	Event
	AppendJSON(t *jsonout.Text)
}

// Envelope is a stored event on its way to a consumer.
type Envelope struct {
	ID         string // UUIDv7, made when it was published; the same on every delivery
	Name       string
	Key        string
	OccurredAt time.Time
	Payload    []byte // the JSON of the Event; not to be changed, since all consumers get the same
}

// asBefore is to decode as encoding/json does, but for what is left in a struct that
// could not be decoded: for that, the whole text would be looked through twice.
var asBefore = fastjson.JoinOptions(v1.DefaultOptionsV1(), v1.ReportErrorsWithLegacySemantics(false))

// Decode reads the event, or a part of it, into a struct as encoding/json does,
// in a third of its time: all consumers do it for each event. After an error what
// is in the struct is of no use.
func (e Envelope) Decode(into any) error {
	if err := fastjson.Unmarshal(e.Payload, into, asBefore); err != nil {
		return fmt.Errorf("decoding %s: %w", e.Name, err)
	}
	return nil
}

// Seal gives facts their ids, time and JSON form, in order.
func Seal(now time.Time, facts []Event) ([]Envelope, error) {
	out := make([]Envelope, len(facts))
	var byHand jsonout.Text
	for i, fact := range facts {
		var payload []byte
		var err error
		if w, ok := fact.(Writer); ok {
			byHand.Bytes = byHand.Bytes[:0]
			w.AppendJSON(&byHand)
			payload, err = bytes.Clone(byHand.Bytes), byHand.Err
		} else {
			payload, err = json.Marshal(fact)
		}
		if err != nil {
			return nil, fmt.Errorf("encoding event %s: %w", fact.EventName(), err)
		}
		out[i] = Envelope{ID: id.New(), Name: fact.EventName(), Key: fact.AggregateKey(), OccurredAt: now, Payload: payload}
	}
	return out, nil
}
