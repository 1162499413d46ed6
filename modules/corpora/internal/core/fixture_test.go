package core_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/modules/agents"
	"parley/modules/corpora/internal/adapters/extract"
	"parley/modules/corpora/internal/adapters/extract/extracttest"
	"parley/modules/corpora/internal/adapters/memstore"
	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/coretest"
	"parley/platform/blob"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/clock"
	kernel "parley/platform/kernel/work"
	"parley/platform/memory"
	"parley/platform/work"
	workstore "parley/platform/work/memstore"
)

var (
	jo     = actor.Actor{UserID: 11, OrganizationID: 1, Email: "jo@example.com"}
	al     = actor.Actor{UserID: 12, OrganizationID: 1, Email: "al@example.com"}
	eve    = actor.Actor{UserID: 16, OrganizationID: 1, Email: "eve@example.com", Grants: []actor.Grant{{Resource: actor.Team, ID: 3, Role: actor.Member}}}
	boss   = actor.Actor{UserID: 13, OrganizationID: 1, Email: "boss@example.com", Level: actor.GlobalAdmin}
	abroad = actor.Actor{UserID: 14, OrganizationID: 2, Email: "far@example.com", Level: actor.GlobalAdmin}
)

// The agent that everybody of organization 1 sees and al administers.
const agent = 5

var errNoAgent = apperr.New(apperr.NotFound, "agents.not_found", "There is no such agent.")

type catalog struct{ agents.Catalog }

// Administers implements agents.Catalog.
func (catalog) Administers(_ context.Context, who actor.Actor, agentID int64) (bool, error) {
	if agentID != agent || who.OrganizationID != 1 {
		return false, errNoAgent
	}
	return who.UserID == al.UserID || who.IsGlobalAdmin(), nil
}

var errNoTeam = apperr.New(apperr.NotFound, "projects.team_not_found", "There is no such team.")

// fixture is the use cases on memory, with the real extractor and real files.
type fixture struct {
	*core.Service
	t     *testing.T
	ctx   context.Context
	db    *memory.DB
	clock *clock.Fixed
	files string // directory
	web   *web
	parts core.Deps
	jobs  *workstore.Store
	queue *work.Queue
	made  *coretest.Versions // of agents
}

func setup(t *testing.T, change ...func(*core.Deps)) fixture {
	t.Helper()
	now := clock.NewFixed(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC))
	f := fixture{t: t, ctx: t.Context(), db: memory.New(now), clock: now, files: t.TempDir()}
	files, err := blob.NewDir(f.files)
	if err != nil {
		t.Fatal(err)
	}
	f.web = &web{pages: map[string]webPage{}}
	f.jobs = workstore.New(f.db)
	f.queue = work.NewQueue(f.jobs, nil, now)
	f.made = coretest.NewVersions(agent)
	there := coretest.Directory{Of: []actor.Actor{jo, al, boss, abroad, eve}}
	limits := extract.DefaultLimits()
	limits.CacheDir = extracttest.CacheDir()
	f.parts = core.Deps{
		Unit: f.db, Store: memstore.New(f.db), Files: files, Extractor: extract.New(limits), Fetcher: f.web, Agents: catalog{}, Versions: f.made,
		Projects: coretest.Teams{Hidden: errNoTeam}, Directory: there, Actors: there,
		Clock: now, Log: slog.New(slog.DiscardHandler), Queue: f.queue,
	}
	for _, c := range change {
		c(&f.parts)
	}
	f.Service = core.New(f.parts)
	return f
}

// kept is how many files there are.
func (f fixture) kept() (n int) {
	f.t.Helper()
	f.check(filepath.WalkDir(f.files, func(_ string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			n++
		}
		return err
	}))
	return n
}

func (f fixture) check(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

func (f fixture) is(err, want error) {
	f.t.Helper()
	if !errors.Is(err, want) {
		f.t.Errorf("got %v, want %v", err, want)
	}
}

func (f fixture) corpus(who actor.Actor, name string, change ...func(*core.NewCorpus)) core.Corpus {
	f.t.Helper()
	n := core.NewCorpus{Name: name}
	for _, c := range change {
		c(&n)
	}
	c, err := f.CreateCorpus(f.ctx, who, n)
	f.check(err)
	return c
}

func public(n *core.NewCorpus) { n.IsPublic = true }

// upload puts a file into a corpus.
func (f fixture) upload(who actor.Actor, c core.Corpus, name, content string) core.Document {
	f.t.Helper()
	stored, err := f.Keep(f.ctx, strings.NewReader(content))
	f.check(err)
	d, err := f.AddDocument(f.ctx, who, c, core.NewDocument{Stored: stored, FileName: name})
	f.check(err)
	return d
}

// work indexes all that waits.
func (f fixture) work() {
	f.t.Helper()
	_, err := f.process("me").Drain(f.ctx)
	f.check(err)
}

// index does what is to be indexed, and nothing else.
func (f fixture) index() {
	f.t.Helper()
	r, err := work.NewRunner(work.Config{Queue: f.queue, Kinds: f.Kinds()[:1], Owner: "me", Log: f.parts.Log})
	f.check(err)
	_, err = r.Drain(f.ctx)
	f.check(err)
}

// does does what is due of a kind, and nothing else.
func (f fixture) does(kind string) {
	f.t.Helper()
	kinds := slices.DeleteFunc(f.Kinds(), func(k kernel.Kind) bool { return k.Name != kind })
	r, err := work.NewRunner(work.Config{Queue: f.queue, Kinds: kinds, Owner: "me", Log: f.parts.Log})
	if err == nil {
		_, err = r.Drain(f.ctx)
	}
	if err != nil {
		f.t.Error(err)
	}
}

// process is the runner of a process, which knows of processes that died.
func (f fixture) process(owner string, dead ...string) *work.Runner {
	f.t.Helper()
	r, err := work.NewRunner(work.Config{Queue: f.queue, Kinds: f.Kinds(), Owner: owner, Peers: graveyard(dead), Log: f.parts.Log})
	f.check(err)
	return r
}

// graveyard are processes that are known to be dead.
type graveyard []string

// Dead implements work.Peers.
func (g graveyard) Dead(context.Context, []string) ([]string, error) { return g, nil }

func (f fixture) document(id int64) core.Document {
	f.t.Helper()
	d, err := f.Document(f.ctx, boss, id)
	f.check(err)
	return d
}

func (f fixture) finds(who actor.Actor, c core.Corpus, question string) (texts []string) {
	f.t.Helper()
	found, err := f.Search(f.ctx, who, c.ID, question, 100)
	f.check(err)
	for _, p := range found.Passages {
		texts = append(texts, p.Text)
	}
	slices.Sort(texts)
	return texts
}
