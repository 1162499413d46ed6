package core_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/corpora"
	"parley/modules/sharepoint/internal/adapters/graphapi"
	"parley/modules/sharepoint/internal/adapters/memstore"
	"parley/modules/sharepoint/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
	"parley/platform/webtest/graphstub"
	"parley/platform/work"
	workstore "parley/platform/work/memstore"
)

var (
	ann  = actor.Actor{UserID: 2, OrganizationID: 1, Email: "ann@x", Level: actor.ApplicationAdmin}
	user = actor.Actor{UserID: 3, OrganizationID: 1, Email: "bob@x"}
	far  = actor.Actor{UserID: 4, OrganizationID: 2, Email: "far@y", Level: actor.GlobalAdmin}
)

var errNoSuchCorpus = apperr.New(apperr.NotFound, "corpora.not_found", "There is no such corpus.")

// shelf is corpora 1 to 3. What is kept in a unit is there once it commits.
type shelf struct {
	mu    sync.Mutex
	files map[string]string
	docs  map[int64]corpora.KeptDocument
	last  int64
	gone  map[int64]bool // corpora
}

func newShelf() *shelf {
	return &shelf{files: map[string]string{}, docs: map[int64]corpora.KeptDocument{}, gone: map[int64]bool{}}
}

// MayKeep implements corpora.Keeper.
func (s *shelf) MayKeep(_ context.Context, who actor.Actor, corpusID int64) error {
	if corpusID > 3 || who.OrganizationID != 1 {
		return errNoSuchCorpus
	}
	return nil
}

// Store implements corpora.Keeper.
func (s *shelf) Store(_ context.Context, r io.Reader) (corpora.StoredFile, error) {
	raw, err := io.ReadAll(r)
	if err != nil {
		return corpora.StoredFile{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last++
	key := fmt.Sprint("file ", s.last)
	s.files[key] = string(raw)
	return corpora.StoredFile{Key: key, Size: int64(len(raw)), SHA256: "sum of " + string(raw)}, nil
}

// Discard implements corpora.Keeper.
func (s *shelf) Discard(_ context.Context, f corpora.StoredFile) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.files, f.Key)
}

// Keep implements corpora.Keeper.
func (s *shelf) Keep(ctx context.Context, d corpora.KeptDocument) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.gone[d.CorpusID] {
		return 0, errNoSuchCorpus
	}
	s.last++
	id := s.last
	uow.AfterCommit(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.remove(d.DocumentID)
		s.docs[id] = d
	})
	return id, nil
}

func (s *shelf) remove(id int64) {
	delete(s.files, s.docs[id].File.Key)
	delete(s.docs, id)
}

// Drop implements corpora.Keeper.
func (s *shelf) Drop(ctx context.Context, _, id int64) error {
	uow.AfterCommit(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.remove(id)
	})
	return nil
}

// shows lists what is in the corpora, as "corpus name=content".
func (s *shelf) shows() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := []string{}
	for _, d := range s.docs {
		out = append(out, fmt.Sprintf("%d %s=%s", d.CorpusID, d.Name, s.files[d.File.Key]))
	}
	slices.Sort(out)
	return out
}

// scene is the use cases over a Graph with the drive Documents of the site hr,
// which belongs to organization 1.
type scene struct {
	t *testing.T
	*core.Service
	graph   *graphstub.Server
	drive   string
	people  *graphapi.Client // what others do in SharePoint
	shelf   *shelf
	clock   *clock.Fixed
	runner  *work.Runner
	other   *work.Runner // of a second process
	db      *memory.DB
	backend core.Backend
	deleted []int64 // documents, by others, that the module has not heard of
}

type backends struct{ only core.Backend }

// Backend implements core.Backends.
func (b backends) Backend(org int64) (core.Backend, error) {
	if org != 1 {
		return nil, core.ErrNotConnected
	}
	return b.only, nil
}

func setup(t *testing.T, change ...func(*core.Deps)) *scene {
	t.Helper()
	at := clock.NewFixed(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC))
	db := memory.New(at)
	return build(t, at, db, core.Deps{Unit: db, Store: memstore.New(db)}, workstore.New(db), change...)
}

func build(t *testing.T, at *clock.Fixed, db *memory.DB, d core.Deps, jobs work.Store, change ...func(*core.Deps)) *scene {
	t.Helper()
	s := &scene{t: t, graph: graphstub.New(at, "parley", "secret"), shelf: newShelf(), clock: at, db: db}
	s.drive = s.graph.AddSite("hr", "Documents")[0]
	server := httptest.NewServer(s.graph)
	t.Cleanup(server.Close)
	client := func(http http.RoundTripper) *graphapi.Client {
		c, err := graphapi.New(graphapi.Config{
			URL: server.URL + "/v1.0", LoginURL: server.URL, Tenant: "contoso", ClientID: "parley", ClientSecret: "secret", OrganizationID: 1, Clock: at, HTTP: http,
			Wait: func(ctx context.Context, d time.Duration) error { return ctx.Err() },
		})
		s.must(err)
		return c
	}
	s.people, s.backend = client(http.DefaultTransport), client(marked{})
	queue := work.NewQueue(jobs, nil, at)
	d.Backends, d.Corpora, d.Queue, d.Clock, d.Log, d.MaxBytes = backends{s.backend}, s.shelf, queue, at, slog.New(slog.DiscardHandler), 1<<20
	for _, c := range change {
		c(&d)
	}
	s.Service = core.New(d)
	var err error
	s.runner, err = work.NewRunner(work.Config{Queue: queue, Kinds: s.Kinds(), Owner: "me", Log: d.Log})
	s.must(err)
	s.other, err = work.NewRunner(work.Config{Queue: queue, Kinds: s.Kinds(), Owner: "another", Log: d.Log})
	s.must(err)
	return s
}

// marked marks the requests of the server, so that those of others don't fail.
type marked struct{}

const ofServer = "X-Of-Server"

// RoundTrip implements http.RoundTripper.
func (marked) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set(ofServer, "yes")
	return http.DefaultTransport.RoundTrip(r)
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) is(err, want error) {
	s.t.Helper()
	if !errors.Is(err, want) {
		s.t.Errorf("got %v, want %v", err, want)
	}
}

func (s *scene) same(want, got any) {
	s.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Error(diff)
	}
}

func content(text string) *core.Content {
	return &core.Content{Size: int64(len(text)), ReadSeeker: bytes.NewReader([]byte(text))}
}

const documents = "/sites/hr/Documents"

// folder and file make one as ann does.
func (s *scene) folder(path string, link *core.Link) core.Shown {
	s.t.Helper()
	i, err := s.CreateItem(s.t.Context(), ann, core.NewItem{FullPath: documents + "/" + path, Kind: core.Folder, Link: link})
	s.must(err)
	return i
}

func (s *scene) file(path, text string) core.Shown {
	s.t.Helper()
	i, err := s.CreateItem(s.t.Context(), ann, core.NewItem{FullPath: documents + "/" + path, Kind: core.File, Content: content(text)})
	s.must(err)
	return i
}

// work does what is due, now and a bit later.
func (s *scene) work() {
	s.t.Helper()
	for range 3 {
		_, err := s.runner.Drain(s.t.Context())
		s.must(err)
		s.clock.Advance(6 * time.Minute)
	}
}

func (s *scene) at(path string) core.Shown {
	s.t.Helper()
	i, _, err := s.ItemAt(s.t.Context(), ann, documents+"/"+path)
	s.must(err)
	return i
}

// entry is one as others find it.
func (s *scene) entry(path string) core.Entry {
	s.t.Helper()
	e, err := s.people.At(s.t.Context(), documents+"/"+path)
	s.must(err)
	return e
}

func (s *scene) upload(parent core.Entry, name, text string) core.Entry {
	s.t.Helper()
	e, err := s.people.Upload(s.t.Context(), core.Upload{ParentID: parent.ID, Name: name, Size: int64(len(text)), Content: bytes.NewReader([]byte(text))})
	s.must(err)
	return e
}
