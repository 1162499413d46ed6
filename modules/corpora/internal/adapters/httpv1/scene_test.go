package httpv1_test

import (
	"bytes"
	"context"
	"log/slog"
	"maps"
	"mime/multipart"
	"net/textproto"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"parley/modules/agents"
	"parley/modules/corpora"
	"parley/modules/corpora/internal/adapters/consumer"
	"parley/modules/corpora/internal/adapters/extract"
	"parley/modules/corpora/internal/adapters/extract/extracttest"
	"parley/modules/corpora/internal/adapters/httpv1"
	"parley/modules/corpora/internal/adapters/memstore"
	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/coretest"
	"parley/platform/blob"
	"parley/platform/bus"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/memory"
	"parley/platform/web"
	"parley/platform/webtest"
	"parley/platform/work"
	workstore "parley/platform/work/memstore"
)

var people = webtest.Actors{
	"jo":   {UserID: 11, OrganizationID: 1, Email: "jo@example.com"},
	"al":   {UserID: 12, OrganizationID: 1, Email: "al@example.com"},
	"eve":  {UserID: 16, OrganizationID: 1, Email: "eve@example.com", Grants: []actor.Grant{{Resource: actor.Team, ID: 3, Role: actor.Member}}},
	"boss": {UserID: 13, OrganizationID: 1, Email: "boss@example.com", Level: actor.GlobalAdmin},
	"far":  {UserID: 14, OrganizationID: 2, Email: "far@example.com", Level: actor.GlobalAdmin},
}

// catalog has agent 5, which everybody of organization 1 sees and al
// administers.
type catalog struct{ agents.Catalog }

// Administers implements agents.Catalog.
func (catalog) Administers(_ context.Context, who actor.Actor, agentID int64) (bool, error) {
	if agentID != 5 || who.OrganizationID != 1 {
		return false, apperr.New(apperr.NotFound, "agents.not_found", "There is no such agent.")
	}
	return who.UserID == 12 || who.IsGlobalAdmin(), nil
}

var errNoTeam = apperr.New(apperr.NotFound, "projects.team_not_found", "There is no such team.")

// scene is the API on memory, with real files and a real extractor.
type scene struct {
	webtest.Client
	t       *testing.T
	db      *memory.DB
	files   string
	service *core.Service
	queue   *work.Queue
	made    *coretest.Versions // of agents
}

func setup(t *testing.T) scene {
	t.Helper()
	now := clock.NewFixed(time.Date(2026, 5, 1, 12, 0, 0, 345678000, time.UTC))
	s := scene{t: t, db: memory.New(now), files: t.TempDir()}
	files, err := blob.NewDir(s.files)
	if err != nil {
		t.Fatal(err)
	}
	s.queue = work.NewQueue(workstore.New(s.db), nil, now)
	s.made = coretest.NewVersions(5)
	there := coretest.Directory{Of: slices.Collect(maps.Values(people))}
	limits := extract.DefaultLimits()
	limits.CacheDir = extracttest.CacheDir()
	s.service = core.New(core.Deps{
		Unit: s.db, Store: memstore.New(s.db), Files: files, Extractor: extract.New(limits), Agents: catalog{}, Versions: s.made,
		Projects: coretest.Teams{Hidden: errNoTeam}, Directory: there, Actors: there,
		Clock: now, Log: slog.New(slog.DiscardHandler), Queue: s.queue,
	})
	s.db.Deliver(bus.Inline(s.db, consumer.Consumers(s.service)...))
	server, err := web.New(web.Config{Routes: httpv1.New(s.service).Routes(), Authenticator: people, Log: slog.New(slog.DiscardHandler), MaxUpload: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	s.Client = webtest.New(t, server).Watching(s.db)
	return s
}

// expecting is a scene whose requests publish these events.
func (s scene) expecting(events ...event.Event) scene {
	s.Client = s.Expecting(events...)
	return s
}

// created is that somebody made a corpus.
func created(id, by int64) event.Event {
	return corpora.CorpusCreated{CorpusID: id, OrganizationID: 1, OwnerID: by}
}

// added is that jo put a document into a corpus.
func added(id, corpus int64) event.Event {
	return corpora.DocumentAdded{DocumentID: id, CorpusID: corpus, OrganizationID: 1, UserID: 11}
}

// index works until so many documents have ended.
func (s scene) index(documents int) {
	s.t.Helper()
	runner, err := work.NewRunner(work.Config{Queue: s.queue, Kinds: s.service.Kinds(), Owner: "me", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		s.t.Fatal(err)
	}
	if n, err := runner.Drain(s.t.Context()); n != documents || err != nil {
		s.t.Fatalf("indexed %d of %d documents: %v", n, documents, err)
	}
}

// part is one part of an upload; with a file name it is a file.
type part struct{ name, file, content string }

// send uploads parts in their order.
func (s scene) send(as, path string, parts ...part) webtest.Answer {
	s.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, p := range parts {
		disposition := `form-data; name="` + p.name + `"`
		if p.file != "" {
			disposition = multipart.FileContentDisposition(p.name, p.file)
		}
		to, err := w.CreatePart(textproto.MIMEHeader{"Content-Disposition": {disposition}})
		if err == nil {
			_, err = to.Write([]byte(p.content))
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		s.t.Fatal(err)
	}
	return s.As(as).Send("POST", path, w.FormDataContentType(), &body)
}

// kept is how many files there are.
func (s scene) kept() (n int) {
	s.t.Helper()
	err := filepath.WalkDir(s.files, func(_ string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			n++
		}
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}
