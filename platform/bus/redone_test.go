package bus

import (
	"context"
	"testing"

	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb/dbtest"
)

// An event whose effect is lost comes again, for the mark that it had one is
// lost with it. Who publishes it has nobody to do that again.
func TestEffectsDoNotWaitForTheDiskAndWhatIsPublishedDoes(t *testing.T) {
	r := newRig(t, dbtest.Postgres(t, Migrations()))
	var alone, many, published list
	waits := func(ctx context.Context, to *list) error {
		var w bool
		err := r.db.On(ctx).NewRaw("SELECT source <> 'session' FROM pg_settings WHERE name = 'synchronous_commit'").Scan(ctx, &w)
		to.add("waits %v", w)
		return err
	}
	b := r.start(
		Consumer{Name: "tests.alone", Handlers: []Handler{On(func(ctx context.Context, _ uow.Tx, _ happened, _ event.Envelope) error { return waits(ctx, &alone) })}},
		Consumer{Name: "tests.many", Handlers: []Handler{OnMany(func(ctx context.Context, _ uow.Tx, _ []Fact[happened]) error { return waits(ctx, &many) })}},
	)
	err := r.unit.Do(r.ctx(), func(ctx context.Context, tx uow.Tx) error {
		tx.Publish(happened{Key: "a", N: 1})
		return waits(ctx, &published)
	})
	if err != nil {
		t.Fatal(err)
	}
	r.drain(b)
	for name, c := range map[string]struct {
		said *list
		want string
	}{"alone": {&alone, "waits false"}, "many": {&many, "waits false"}, "what is published": {&published, "waits true"}} {
		if got := c.said.all(); len(got) != 1 || got[0] != c.want {
			t.Errorf("%s: %v, want %q", name, got, c.want)
		}
	}
}
