package httpv1_test

import (
	"context"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/corpora"
	"parley/modules/sharepoint/internal/adapters/consumer"
	"parley/modules/sharepoint/internal/adapters/directory"
	"parley/modules/sharepoint/internal/adapters/httpv1"
	"parley/modules/sharepoint/internal/adapters/memstore"
	"parley/modules/sharepoint/internal/adapters/sqlstore"
	"parley/modules/sharepoint/internal/core"
	"parley/platform/bus"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
	"parley/platform/sqldb/dbtest"
	"parley/platform/webtest"
	"parley/platform/work"
	workstore "parley/platform/work/memstore"
)

var callers = webtest.Actors{
	"ann":  {UserID: 2, OrganizationID: 1, Email: "ann@x", Level: actor.ApplicationAdmin},
	"boss": {UserID: 1, OrganizationID: 1, Email: "boss@x", Level: actor.GlobalAdmin},
	"bob":  {UserID: 3, OrganizationID: 1, Email: "bob@x"},
	"far":  {UserID: 4, OrganizationID: 2, Email: "far@y", Level: actor.GlobalAdmin},
}

// keeper has corpus 1, which ann edits, and corpus 2, which she only reads.
type keeper struct {
	corpora.Keeper
	kept map[int64]corpora.KeptDocument
}

// MayKeep implements corpora.Keeper.
func (k keeper) MayKeep(_ context.Context, who actor.Actor, corpusID int64) error {
	switch {
	case who.OrganizationID == 1 && corpusID == 1:
		return nil
	case who.OrganizationID == 1 && corpusID == 2:
		return apperr.New(apperr.Forbidden, "corpora.not_editor", "You may read this corpus but not change it.")
	}
	return apperr.New(apperr.NotFound, "corpora.not_found", "There is no such corpus.")
}

// Store implements corpora.Keeper.
func (k keeper) Store(_ context.Context, r io.Reader) (corpora.StoredFile, error) {
	raw, err := io.ReadAll(r)
	return corpora.StoredFile{Key: string(raw), Size: int64(len(raw)), SHA256: "sum"}, err
}

// Discard implements corpora.Keeper.
func (k keeper) Discard(context.Context, corpora.StoredFile) {}

// Keep implements corpora.Keeper.
func (k keeper) Keep(_ context.Context, d corpora.KeptDocument) (int64, error) {
	id := int64(len(k.kept) + 10)
	k.kept[id] = d
	return id, nil
}

// Drop implements corpora.Keeper.
func (k keeper) Drop(_ context.Context, _, id int64) error { delete(k.kept, id); return nil }

type scene struct {
	webtest.Client
	t      *testing.T
	facts  *facts
	kept   map[int64]corpora.KeptDocument
	runner *work.Runner
	at     *clock.Fixed
	dir    string
	unit   uow.Unit
}

// facts notes what is published.
type facts struct {
	uow.Unit
	all []event.Event
}

type noting struct {
	uow.Tx
	to *[]event.Event
}

// Publish implements uow.Tx.
func (n noting) Publish(facts ...event.Event) {
	*n.to = append(*n.to, facts...)
	n.Tx.Publish(facts...)
}

// Do implements uow.Unit.
func (f *facts) Do(ctx context.Context, fn func(ctx context.Context, tx uow.Tx) error) error {
	var new []event.Event
	err := f.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error { return fn(ctx, noting{tx, &new}) })
	if err == nil {
		f.all = append(f.all, new...)
	}
	return err
}

// Published implements webtest.Published.
func (f *facts) Published() []event.Event { return f.all }

// everywhere runs a test on memory, SQLite and PostgreSQL.
func everywhere(t *testing.T, test func(s scene)) {
	t.Run("memory", func(t *testing.T) {
		at := clock.NewFixed(time.Date(2026, 5, 1, 12, 0, 0, 345678000, time.UTC))
		db := memory.New(at)
		test(setup(t, at, db, memstore.New(db)))
	})
	for kind, open := range map[string]func(t *testing.T) (core.Store, uow.Unit){
		"sqlite": func(t *testing.T) (core.Store, uow.Unit) {
			db := dbtest.SQLite(t, bus.Migrations(), sqlstore.Migrations())
			return sqlstore.New(db), sqlUnit(db)
		},
		"postgres": func(t *testing.T) (core.Store, uow.Unit) {
			db := dbtest.Postgres(t, bus.Migrations(), sqlstore.Migrations())
			return sqlstore.New(db), sqlUnit(db)
		},
	} {
		t.Run(kind, func(t *testing.T) {
			store, unit := open(t)
			test(setup(t, clock.NewFixed(time.Date(2026, 5, 1, 12, 0, 0, 345678000, time.UTC)), unit, store))
		})
	}
}

func setup(t *testing.T, at *clock.Fixed, unit uow.Unit, store core.Store) scene {
	t.Helper()
	s := scene{t: t, facts: &facts{Unit: unit}, kept: map[int64]corpora.KeptDocument{}, at: at, dir: t.TempDir(), unit: unit}
	backends := directory.New(s.dir)
	t.Cleanup(func() {
		if err := backends.Close(); err != nil {
			t.Error(err)
		}
	})
	jobs := workstore.New(memory.New(at))
	queue := work.NewQueue(jobs, nil, at)
	service := core.New(core.Deps{Unit: s.facts, Store: store, Backends: backends, Corpora: keeper{kept: s.kept}, Queue: queue, Clock: at, Log: slog.New(slog.DiscardHandler), MaxBytes: 1 << 20})
	runner, err := work.NewRunner(work.Config{Queue: queue, Kinds: service.Kinds(), Owner: "me", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	s.runner = runner
	if db, ok := unit.(*memory.DB); ok {
		db.Deliver(bus.Inline(db, consumer.Consumers(service)...))
	}
	s.Client = webtest.Serve(t, callers, httpv1.New(service).Routes()).Watching(s.facts)
	return s
}

func (s scene) same(want, got any) {
	s.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Error(diff)
	}
}

// item is what a test looks at.
type item struct {
	ID           int64
	Name         string
	FullPath     string `json:"full_path"`
	ItemType     string `json:"item_type"`
	Parent       *int64
	Corpus       *int64
	Document     *int64
	SyncState    string `json:"sync_state"`
	LastError    *string
	LastSyncedOn *string `json:"last_synced_on"`
	SHA256       *string
	Size         int64
	Children     []item
}

const root = "/sites/hr/Documents"

// made is that some item was made.
const made = webtest.Named("sharepoint.item_created.v1")

func (s scene) folder(path string) (i item) {
	s.t.Helper()
	s.As("ann").Expecting(made).Do("POST", "/api/sharepoint/item", map[string]any{"full_path": root + path, "item_type": "folder"}).Want(201).Data(&i)
	return i
}

// file uploads one that is taken.
func (s scene) file(path, content string) (i item) {
	s.t.Helper()
	s.Client = s.Expecting(made)
	s.upload(path, content).Want(201).Data(&i)
	return i
}

func (s scene) upload(path, content string, more ...string) webtest.Answer {
	s.t.Helper()
	fields := map[string]string{"full_path": root + path, "item_type": "file"}
	for n := 0; n < len(more); n += 2 {
		fields[more[n]] = more[n+1]
	}
	return s.As("ann").Upload("/api/sharepoint/item", fields, webtest.File{Field: "content", Name: "x", Content: []byte(content)})
}

func (s scene) at71(path string) (i item) {
	s.t.Helper()
	s.As("ann").Do("GET", "/api/sharepoint/item?full_path="+strings.ReplaceAll(root+path, " ", "%20"), nil).Want(200).Data(&i)
	return i
}

func (s scene) work() {
	s.t.Helper()
	if _, err := s.runner.Drain(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}
