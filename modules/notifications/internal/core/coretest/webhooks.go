package coretest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"parley/modules/notifications/internal/core"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/storetest"
)

type hooks struct {
	storetest.Assert
	core.WebhookStore
	t    *testing.T
	ctx  context.Context
	unit uow.Unit
}

// TestWebhookStore runs the suite; open answers a fresh, empty store and its unit.
func TestWebhookStore(t *testing.T, open func(t *testing.T) (core.WebhookStore, uow.Unit)) {
	for name, test := range map[string]func(f hooks){
		"a webhook comes back as it was stored":              hookRoundTrip,
		"another organization's webhook is not there":        hookOthers,
		"only those that are switched on listen":             hookListening,
		"a webhook goes with its deliveries":                 hookDeleting,
		"a delivery comes back as it was stored":             deliveryRoundTrip,
		"another webhook's delivery is not there":            deliveryOthers,
		"what is due longest is sent first":                  deliveryDue,
		"one delivery of a subject makes way for the next":   deliveryLane,
		"what waits is given up, what is over stays":         deliveryGivenUp,
		"only old deliveries that are over are removed":      deliveryPruning,
		"a failed unit leaves nothing of a webhook behind":   hookRollback,
		"counts are exact though many change them at a time": hookCounts,
	} {
		t.Run(name, func(t *testing.T) {
			store, unit := open(t)
			test(hooks{Assert: storetest.New(t), WebhookStore: store, t: t, ctx: context.Background(), unit: unit})
		})
	}
}

func hook(org int64, change func(*core.Webhook)) core.Webhook {
	w := core.Webhook{
		OrganizationID: org, URL: "https://example.com/o'hook", Kinds: []string{"chat.run_completed.v1", "users.user_deleted.v1"}, Secret: []byte{0, 1, 255},
		IsEnabled: true, Audit: audit.New("jo@example.com", now),
	}
	if change != nil {
		change(&w)
	}
	return w
}

func (f hooks) hook(org int64, change func(*core.Webhook)) core.Webhook {
	f.t.Helper()
	w, err := f.AddWebhook(f.ctx, hook(org, change))
	f.NoError(err)
	return w
}

// delivery is event n of a subject for a webhook.
func delivery(w core.Webhook, n int, subject string, change func(*core.Delivery)) core.Delivery {
	d := core.Delivery{
		WebhookID: w.ID, OrganizationID: w.OrganizationID, EventID: fmt.Sprint("event ", n), Kind: "chat.run_completed.v1", Subject: subject, Body: `{"a":"ü"}`,
		State: core.DeliveryReady, DueOn: now.Add(time.Duration(n) * time.Second), CreatedOn: now.Add(time.Duration(n) * time.Minute),
	}
	if change != nil {
		change(&d)
	}
	return d
}

func (f hooks) deliver(ds ...core.Delivery) []core.Delivery {
	f.t.Helper()
	out, err := f.AddDeliveries(f.ctx, ds)
	f.NoError(err)
	return out
}

func (f hooks) log(w core.Webhook) []core.Delivery {
	f.t.Helper()
	p, err := f.DeliveriesPage(f.ctx, w.ID, page.Request{})
	f.NoError(err)
	return p.Items
}

func (f hooks) due(w core.Webhook, at time.Time, limit int, except ...int64) []string {
	f.t.Helper()
	ds, err := f.DueDeliveries(f.ctx, w.ID, at, except, limit)
	f.NoError(err)
	return events(ds)
}

func events(ds []core.Delivery) []string {
	out := []string{}
	for _, d := range ds {
		out = append(out, d.EventID)
	}
	return out
}

func hookRoundTrip(f hooks) {
	until := now.Add(time.Hour)
	full := hook(1, func(w *core.Webhook) {
		w.OldSecret, w.OldSecretUntil, w.IsEnabled, w.DisabledOn, w.DisabledReason, w.Pending = []byte("old"), &until, false, &until, "gone", 7
		w.Touch("al@example.com", until)
	})
	bare := f.hook(1, nil)
	stored, err := f.AddWebhook(f.ctx, full)
	f.NoError(err)
	full.ID = stored.ID
	f.Equal(full, stored)
	got, err := f.Webhook(f.ctx, 1, stored.ID)
	f.NoError(err)
	f.Equal(full, got)
	for _, by := range []func(context.Context, int64) (core.Webhook, error){f.WebhookByID, f.LockWebhook} {
		got, err := by(f.ctx, bare.ID)
		f.NoError(err)
		f.Equal(hook(1, func(w *core.Webhook) { w.ID = bare.ID }), got)
	}
	list, err := f.WebhooksPage(f.ctx, 1, page.Request{})
	f.NoError(err)
	f.Equal([]core.Webhook{bare, full}, list.Items)
}

func hookOthers(f hooks) {
	w := f.hook(1, nil)
	never := func(*core.Webhook) error { f.t.Error("called"); return nil }
	for _, of := range [][2]int64{{2, w.ID}, {1, w.ID + 1}} {
		_, err := f.Webhook(f.ctx, of[0], of[1])
		f.ErrorIs(err, core.ErrWebhookNotFound)
		_, err = f.UpdateWebhook(f.ctx, of[0], of[1], never)
		f.ErrorIs(err, core.ErrWebhookNotFound)
		_, err = f.DeleteWebhook(f.ctx, of[0], of[1])
		f.ErrorIs(err, core.ErrWebhookNotFound)
	}
	for _, by := range []func(context.Context, int64) (core.Webhook, error){f.WebhookByID, f.LockWebhook} {
		_, err := by(f.ctx, w.ID+1)
		f.ErrorIs(err, core.ErrWebhookNotFound)
	}
	for org, want := range map[int64]int64{1: 1, 2: 0} {
		n, err := f.CountWebhooks(f.ctx, org)
		f.NoError(err)
		f.Equal(want, n)
	}
}

func hookListening(f hooks) {
	f.Equal(false, storetest.Must[bool](f.t)(f.AnyWebhook(f.ctx)))
	off := f.hook(3, func(w *core.Webhook) { w.IsEnabled = false })
	f.Equal(true, storetest.Must[bool](f.t)(f.AnyWebhook(f.ctx)))
	_, err := f.DeleteWebhook(f.ctx, 3, off.ID)
	f.NoError(err)
	f.Equal(false, storetest.Must[bool](f.t)(f.AnyWebhook(f.ctx)))
	a, _, b := f.hook(1, nil), f.hook(1, func(w *core.Webhook) { w.IsEnabled = false }), f.hook(2, nil)
	f.hook(3, nil)
	got, err := f.Listening(f.ctx, []int64{2, 1})
	f.NoError(err)
	f.Equal([]core.Webhook{a, b}, got)
}

func hookDeleting(f hooks) {
	a, b := f.hook(1, nil), f.hook(1, nil)
	f.deliver(delivery(a, 1, "x", nil), delivery(b, 1, "x", nil))
	gone, err := f.DeleteWebhook(f.ctx, 1, a.ID)
	f.NoError(err)
	f.Equal(a, gone)
	f.Equal([]int{0, 1}, []int{len(f.log(a)), len(f.log(b))})
	_, err = f.Webhook(f.ctx, 1, a.ID)
	f.ErrorIs(err, core.ErrWebhookNotFound)
}

func deliveryRoundTrip(f hooks) {
	w := f.hook(1, nil)
	on := now.Add(time.Hour)
	bare := delivery(w, 1, "x", nil)
	full := delivery(w, 2, "x", func(d *core.Delivery) {
		d.State, d.Attempts, d.FirstTriedOn, d.LastTriedOn, d.DurationMS, d.Status = core.DeliveryFailed, 3, &on, &on, 15, 500
		d.Answer, d.Error, d.ReplayOf = "no", "why", 9
	})
	stored := f.deliver(bare, full)
	bare.ID, full.ID = stored[0].ID, stored[1].ID
	f.Equal([]core.Delivery{bare, full}, stored)
	f.Equal([]core.Delivery{full, bare}, f.log(w))
	changed, err := f.UpdateDelivery(f.ctx, w.ID, bare.ID, func(d *core.Delivery) error { d.Attempts = 9; return nil })
	f.NoError(err)
	bare.Attempts = 9
	f.Equal(bare, changed)
	walk, err := f.DeliveriesPage(f.ctx, w.ID, page.Request{Size: 1, ByCursor: true})
	f.NoError(err)
	rest, err := f.DeliveriesPage(f.ctx, w.ID, page.Request{Size: 1, Cursor: walk.NextCursor})
	f.NoError(err)
	f.Equal([]core.Delivery{bare}, rest.Items)
}

func deliveryOthers(f hooks) {
	a, b := f.hook(1, nil), f.hook(1, nil)
	d := f.deliver(delivery(a, 1, "x", nil))[0]
	for _, of := range [][2]int64{{b.ID, d.ID}, {a.ID, d.ID + 1}} {
		_, err := f.Delivery(f.ctx, of[0], of[1])
		f.ErrorIs(err, core.ErrDeliveryNotFound)
		_, err = f.UpdateDelivery(f.ctx, of[0], of[1], func(*core.Delivery) error { f.t.Error("called"); return nil })
		f.ErrorIs(err, core.ErrDeliveryNotFound)
	}
	known, err := f.KnownEvents(f.ctx, a.ID, []string{"event 1", "event 2"})
	f.NoError(err)
	f.Equal([]string{"event 1"}, known)
	known, err = f.KnownEvents(f.ctx, b.ID, []string{"event 1"})
	f.NoError(err)
	f.Equal([]string{}, known)
}

func deliveryDue(f hooks) {
	w := f.hook(1, nil)
	ds := f.deliver(delivery(w, 3, "a", nil), delivery(w, 1, "b", nil), delivery(w, 2, "c", nil),
		delivery(w, 0, "d", func(d *core.Delivery) { d.State = core.DeliveryWaiting }), delivery(w, 0, "e", func(d *core.Delivery) { d.State = core.DeliveryDelivered }))
	f.Equal([]string{"event 1", "event 2"}, f.due(w, now.Add(2*time.Second), 9))
	f.Equal([]string{"event 1"}, f.due(w, now.Add(time.Minute), 1))
	f.Equal([]string{"event 2", "event 3"}, f.due(w, now.Add(time.Minute), 9, ds[1].ID))
	f.Equal([]string{}, f.due(w, now, 9))
}

func deliveryLane(f hooks) {
	w, other := f.hook(1, nil), f.hook(1, nil)
	waits := func(d *core.Delivery) { d.State = core.DeliveryWaiting }
	f.deliver(delivery(w, 1, "a", func(d *core.Delivery) { d.State = core.DeliveryDelivered }), delivery(w, 2, "a", waits), delivery(w, 3, "a", waits),
		delivery(w, 4, "b", waits), delivery(other, 5, "a", waits))
	busy, err := f.BusySubjects(f.ctx, w.ID, []string{"a", "c"})
	f.NoError(err)
	f.Equal([]string{"a"}, busy)
	f.NoError(f.Promote(f.ctx, w.ID, "a", now))
	f.NoError(f.Promote(f.ctx, w.ID, "nothing", now))
	f.Equal([]string{"event 2"}, f.due(w, now, 9))
	f.Equal([]string{}, f.due(other, now, 9))
}

func deliveryGivenUp(f hooks) {
	w, other := f.hook(1, nil), f.hook(1, nil)
	f.deliver(delivery(w, 1, "a", nil), delivery(w, 2, "a", func(d *core.Delivery) { d.State, d.Error = core.DeliveryWaiting, "before" }),
		delivery(w, 3, "a", func(d *core.Delivery) { d.State = core.DeliveryDelivered }), delivery(other, 4, "a", nil))
	f.NoError(f.GiveUpDeliveries(f.ctx, w.ID, "off"))
	var got []string
	for _, d := range append(f.log(w), f.log(other)...) {
		got = append(got, string(d.State)+" "+d.Error)
	}
	f.Equal([]string{"delivered ", "failed before", "failed off", "ready "}, got)
}

func deliveryPruning(f hooks) {
	w := f.hook(1, nil)
	over := func(d *core.Delivery) { d.State = core.DeliveryDelivered }
	f.deliver(delivery(w, 1, "a", over), delivery(w, 2, "a", nil), delivery(w, 3, "a", over), delivery(w, 4, "a", over))
	for _, want := range []int64{1, 1, 0} {
		n, err := f.PruneDeliveries(f.ctx, now.Add(4*time.Minute), 1)
		f.NoError(err)
		f.Equal(want, n)
	}
	f.Equal([]string{"event 4", "event 2"}, events(f.log(w)))
}

func hookRollback(f hooks) {
	w := f.hook(1, nil)
	boom := errors.New("boom")
	err := f.unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		if _, err := f.LockWebhook(ctx, w.ID); err != nil {
			return err
		}
		if _, err := f.AddDeliveries(ctx, []core.Delivery{delivery(w, 1, "a", nil)}); err != nil {
			return err
		}
		if _, err := f.DeleteWebhook(ctx, 1, w.ID); err != nil {
			return err
		}
		return boom
	})
	f.ErrorIs(err, boom)
	got, err := f.Webhook(f.ctx, 1, w.ID)
	f.NoError(err)
	f.Equal(w, got)
	f.Equal([]core.Delivery{}, f.log(w))
}

func hookCounts(f hooks) {
	w := f.hook(1, nil)
	errs := make(chan error, 20)
	for range 20 {
		go func() {
			errs <- f.unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
				if _, err := f.LockWebhook(ctx, w.ID); err != nil {
					return err
				}
				_, err := f.UpdateWebhook(ctx, 1, w.ID, func(w *core.Webhook) error { w.Pending++; return nil })
				return err
			})
		}()
	}
	for range 20 {
		f.NoError(<-errs)
	}
	got, err := f.Webhook(f.ctx, 1, w.ID)
	f.NoError(err)
	f.Equal(int64(20), got.Pending)
}
