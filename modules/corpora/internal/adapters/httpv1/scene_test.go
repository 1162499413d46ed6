package httpv1_test

import (
	"bytes"
	"context"
	"log/slog"
	"mime/multipart"
	"net/textproto"
	"os"
	"path/filepath"
	"testing"
	"time"

	"parley/modules/agents"
	"parley/modules/corpora/internal/adapters/consumer"
	"parley/modules/corpora/internal/adapters/extract"
	"parley/modules/corpora/internal/adapters/httpv1"
	"parley/modules/corpora/internal/adapters/memstore"
	"parley/modules/corpora/internal/core"
	"parley/platform/blob"
	"parley/platform/bus"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/memory"
	"parley/platform/web"
	"parley/platform/webtest"
)

var people = webtest.Actors{
	"jo":   {UserID: 11, OrganizationID: 1, Email: "jo@example.com"},
	"al":   {UserID: 12, OrganizationID: 1, Email: "al@example.com"},
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

// scene is the API on memory, with real files and a real extractor.
type scene struct {
	webtest.Client
	t       *testing.T
	db      *memory.DB
	files   string
	service *core.Service
	ended   chan struct{} // one for each document
}

func setup(t *testing.T) scene {
	t.Helper()
	now := clock.NewFixed(time.Date(2026, 5, 1, 12, 0, 0, 345678000, time.UTC))
	s := scene{t: t, db: memory.New(now), files: t.TempDir(), ended: make(chan struct{}, 100)}
	files, err := blob.NewDir(s.files)
	if err != nil {
		t.Fatal(err)
	}
	s.service = core.New(core.Deps{
		Unit: s.db, Store: memstore.New(s.db), Files: files, Extractor: extract.New(extract.DefaultLimits()), Agents: catalog{},
		Clock: now, Log: slog.New(slog.DiscardHandler), Owner: "me",
	})
	inline := bus.Inline(s.db, consumer.Consumers(s.service)...)
	s.db.Deliver(func(ctx context.Context, e event.Envelope) error {
		if e.Name == "corpora.document_indexed.v1" {
			s.ended <- struct{}{}
		}
		return inline(ctx, e)
	})
	server, err := web.New(web.Config{Routes: httpv1.New(s.service).Routes(), Authenticator: people, Log: slog.New(slog.DiscardHandler), MaxUpload: 10_000})
	if err != nil {
		t.Fatal(err)
	}
	s.Client = webtest.New(t, server)
	return s
}

// index works until so many documents have ended.
func (s scene) index(documents int) {
	s.t.Helper()
	ctx, stop := context.WithCancel(s.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.service.Work(ctx)
	}()
	for range documents {
		<-s.ended
	}
	stop()
	<-done
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
