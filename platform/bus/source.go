package bus

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
)

// Topic is what a relay publishes on and a consumer subscribes to.
const Topic = "parley.events"

// The metadata of a message. Its UUID is the event's id, its payload the
// event's JSON.
const (
	metaName       = "name"
	metaKey        = "key"
	metaOccurredAt = "occurred_at"
)

// messageOf is an event as watermill carries it.
func messageOf(r outboxRow) *message.Message {
	msg := message.NewMessage(r.ID, r.Payload)
	msg.Metadata = message.Metadata{metaName: r.Name, metaKey: r.Key, metaOccurredAt: r.OccurredAt.UTC().Format(time.RFC3339Nano)}
	return msg
}

// eventOf is the inverse of messageOf.
func eventOf(msg *message.Message) (outboxRow, error) {
	r := outboxRow{ID: msg.UUID, Name: msg.Metadata.Get(metaName), Key: msg.Metadata.Get(metaKey), Payload: msg.Payload}
	var err error
	if r.OccurredAt, err = time.Parse(time.RFC3339Nano, msg.Metadata.Get(metaOccurredAt)); err != nil {
		return r, fmt.Errorf("reading the time of message %q: %w", msg.UUID, err)
	}
	if r.ID == "" || r.Name == "" {
		return r, fmt.Errorf("the message %q named %q has no id or no name", r.ID, r.Name)
	}
	return r, nil
}

// receive takes the messages of a subscriber into the queue for as long as
// this process owns the consumer. A message is acked when its effect is
// committed or its failure stored, and nacked when the consumer is lost.
func (w *worker) receive(o *ownership) {
	defer w.giveBack(o)
	for {
		messages, err := w.from.Subscribe(o.ctx, Topic)
		if err != nil {
			w.b.log.WarnContext(o.ctx, "subscribing failed and is tried again", "consumer", w.spec.Name, "error", err)
		} else {
			for msg := range messages {
				w.accept(o, msg)
			}
		}
		select {
		case <-o.ctx.Done():
			return
		case <-time.After(w.b.tune.nackDelay):
		}
	}
}

// accept waits for room and puts one message into the queue.
func (w *worker) accept(o *ownership, msg *message.Message) {
	r, err := eventOf(msg)
	if err != nil { // nobody could ever handle it
		w.b.log.ErrorContext(o.ctx, "a message that is no event was dropped", "consumer", w.spec.Name, "error", err)
		msg.Ack()
		return
	}
	if _, known := w.handlers[r.Name]; !known {
		msg.Ack()
		return
	}
	for {
		moved := w.b.progress.next()
		if w.enqueue(&item{outboxRow: r, w: w, ownership: o, msg: msg}) {
			return
		}
		select {
		case <-moved:
		case <-o.ctx.Done():
			msg.Nack()
			return
		}
	}
}

func (w *worker) enqueue(it *item) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	o := it.ownership
	if o.ending || len(o.queue) >= queueLimit || len(o.blocked) >= blockedLimit {
		return false
	}
	o.queue = append(o.queue, it)
	o.arrived(1)
	w.dispatch()
	return true
}

// giveBack nacks what waits in the queue, for the next owner.
func (w *worker) giveBack(o *ownership) {
	w.mu.Lock()
	defer w.mu.Unlock()
	giveUp(o.queue)
	o.queue = nil
}

// giveUp nacks what came from a subscriber and was not dealt with.
func giveUp(items []*item) {
	for _, it := range items {
		if it.msg != nil {
			it.msg.Nack()
		}
	}
}

// Relay is a consumer that passes every event on to another transport, in
// order, at least once; Config.Subscriber is how consumers take them from
// there. An event that cannot be published waits as any that fails.
func Relay(name string, to message.Publisher) Consumer { return Consumer{Name: name, relay: to} }

// publish passes events on. It is part of no transaction.
func (w *worker) publish(ctx context.Context, items []*item) error {
	messages := make([]*message.Message, len(items))
	for i, it := range items {
		messages[i] = messageOf(it.outboxRow)
		messages[i].SetContext(ctx)
	}
	if err := w.spec.relay.Publish(Topic, messages...); err != nil {
		return fmt.Errorf("relaying %d events: %w", len(items), err)
	}
	if ctx.Err() != nil {
		return errors.Join(errLost, ctx.Err())
	}
	return nil
}
