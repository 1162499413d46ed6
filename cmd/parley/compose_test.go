package main

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"go.uber.org/fx"

	"parley/modules/users"
	"parley/platform/bus"
	"parley/platform/config"
	"parley/platform/kernel/access"
	"parley/platform/kernel/work"
	"parley/platform/web"
)

// house is everything that the modules put into the program.
type house struct {
	fx.In

	Server    *http.Server
	Bus       *bus.Bus
	Routes    []web.Route             `group:"routes"`
	Consumers []bus.Consumer          `group:"consumers"`
	Kinds     []work.Kind             `group:"kinds"`
	Deciders  []access.Decider        `group:"deciders"`
	Decided   []func(access.Deciders) `group:"decided"`
	Actors    users.Actors
}

// built wires the program as a profile does, over an empty data directory.
func built(t *testing.T, p profile, more ...fx.Option) (*fx.App, house) {
	t.Helper()
	c, err := config.Load([]string{"PARLEY_DATA_DIR=" + t.TempDir(), "PARLEY_ADDR=127.0.0.1:0", "PARLEY_METRICS_ADDR=127.0.0.1:0", "PARLEY_LOG_LEVEL=error", "PARLEY_WEBHOOK_NETWORKS=127.0.0.1"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := open(t.Context(), c, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	if err := b.ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	var h house
	app, err := b.app(p, append(more, fx.Populate(&h))...)
	if err != nil {
		t.Fatal(err)
	}
	if err := app.Err(); err != nil {
		t.Fatalf("the parts do not fit together: %v", err)
	}
	return app, h
}

func TestEveryProfileStartsAndStops(t *testing.T) {
	for _, p := range []profile{profileAll, profileAPI, profileWorker} {
		t.Run(string(p), func(t *testing.T) {
			app, _ := built(t, p)
			if err := app.Start(t.Context()); err != nil {
				t.Fatalf("starting: %v", err)
			}
			if err := app.Stop(t.Context()); err != nil {
				t.Errorf("stopping: %v", err)
			}
		})
	}
}

// fx says nothing when a group stays empty, so the numbers are held here.
const (
	fewestRoutes    = 96
	fewestConsumers = 9
	fewestKinds     = 2
	fewestDecided   = 2
)

func TestEveryModuleBringsItsRoutesAndConsumers(t *testing.T) {
	_, h := built(t, profileAll)
	if len(h.Routes) < fewestRoutes {
		t.Errorf("%d routes, fewer than %d: has a module lost its own?", len(h.Routes), fewestRoutes)
	}
	if len(h.Consumers) < fewestConsumers {
		t.Errorf("%d consumers, fewer than %d: has a module lost its own?", len(h.Consumers), fewestConsumers)
	}
	if len(h.Decided) < fewestDecided {
		t.Errorf("%d modules ask who decides, fewer than %d: is one told no more?", len(h.Decided), fewestDecided)
	}
	if len(h.Kinds) < fewestKinds {
		t.Errorf("%d kinds of work, fewer than %d: has a module lost its own?", len(h.Kinds), fewestKinds)
	}
	known := moduleNames(t)
	for _, k := range h.Kinds {
		if owner, _, _ := strings.Cut(k.Name, "."); !slices.Contains(known, owner) {
			t.Errorf("the kind of work %s belongs to no module", k.Name)
		}
	}
	for _, c := range h.Consumers {
		if owner, _, _ := strings.Cut(c.Name, "."); !slices.Contains(known, owner) {
			t.Errorf("the consumer %s belongs to no module", c.Name)
		}
		for _, handler := range c.Handlers {
			if !slices.ContainsFunc(published, func(e publishedEvent) bool { return e.EventName() == handler.Event }) {
				t.Errorf("%s waits for %s, which nobody publishes", c.Name, handler.Event)
			}
		}
	}
}

func TestEveryRouteHasAPolicyAGroupAndAName(t *testing.T) {
	_, h := built(t, profileAll)
	seen := map[string]bool{}
	for _, r := range h.Routes {
		operation := r.Method + " " + r.Path
		if seen[operation] {
			t.Errorf("%s is there twice", operation)
		}
		seen[operation] = true
		if !r.Policy.Declared() || r.Group == "" || r.Name == "" || r.Message == "" {
			t.Errorf("%s: policy %q, group %q, name %q, message %q", operation, r.Policy, r.Group, r.Name, r.Message)
		}
	}
}
