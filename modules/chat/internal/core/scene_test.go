package core_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/agents"
	"parley/modules/chat"
	"parley/modules/chat/internal/adapters/memstore"
	"parley/modules/chat/internal/core"
	"parley/modules/corpora"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/clock"
	"parley/platform/memory"
)

var (
	jo  = actor.Actor{UserID: 7, OrganizationID: 1, Email: "jo@example.com"}
	ann = actor.Actor{UserID: 8, OrganizationID: 1, Email: "ann@example.com"}

	errNobody = apperr.New(apperr.NotFound, "users.not_found", "There is no such user.")
	errHidden = apperr.New(apperr.NotFound, "agents.not_found", "There is no such agent.")
	errBroken = errors.New("the disk is on fire at /var/lib/secret")
)

// catalog has one agent that everybody sees but for those it is hidden from.
type catalog struct {
	agent  agents.Runnable
	admins map[int64]bool
	// decided, when given, is called with each decision of Run.
	decided func()

	mu     sync.Mutex
	hidden map[int64]bool
	err    error
	broken error                 // of Administers
	asked  [][]int64             // whom Runners was asked about
	levels map[int64]actor.Level // of users; those that are gone have level gone
}

// gone is the level of a user who is not there any more.
const gone = actor.Level(99)

func (c *catalog) Forget(int64, int64) {}

func (c *catalog) Run(ctx context.Context, who actor.Actor, id int64) (agents.Runnable, error) {
	a, err := c.View(ctx, who, id)
	if c.decided != nil {
		c.decided()
	}
	return a, err
}

func (c *catalog) View(_ context.Context, who actor.Actor, id int64) (agents.Runnable, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.agent
	switch {
	case c.hidden[who.UserID] || id != c.agent.ID && id != 99:
		return agents.Runnable{}, errHidden
	case id == 99: // another agent
		a.ID = id
	}
	a.Admin = c.admins[who.UserID]
	return a, nil
}

func (c *catalog) Administers(ctx context.Context, who actor.Actor, id int64) (bool, error) {
	if c.broken != nil {
		return false, c.broken
	}
	a, err := c.View(ctx, who, id)
	return a.Admin, err
}

func (c *catalog) Runners(_ context.Context, _, _ int64, users []int64) ([]int64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked = append(c.asked, users)
	return slices.DeleteFunc(slices.Clone(users), func(u int64) bool { return c.hidden[u] }), c.err
}

// Actor answers whoever is asked for.
func (c *catalog) Actor(_ context.Context, organizationID, userID int64) (actor.Actor, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return actor.Actor{UserID: userID, OrganizationID: organizationID, Level: c.levels[userID]}, c.err
}

// become gives a user another level.
func (c *catalog) become(user int64, level actor.Level) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.levels[user] = level
}

// askers are the users of a catalog.
type askers struct{ *catalog }

// Level answers that of a user of organization 1.
func (a askers) Level(_ context.Context, organizationID, userID int64) (actor.Level, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if level := a.levels[userID]; organizationID == 1 && level != gone {
		return level, nil
	}
	return actor.User, errNobody
}

// GlobalAdminIDs answers those that became one.
func (a askers) GlobalAdminIDs(context.Context, int64) ([]int64, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	var ids []int64
	for id, level := range a.levels {
		if level == actor.GlobalAdmin {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// Forget has nothing to forget.
func (askers) Forget(...int64) {}

// hide takes the agents away from a user.
func (c *catalog) hide(user int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.hidden[user] = true
}

// fail makes Runners and Actor fail; nil ends that.
func (c *catalog) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

// questions answers whom Runners was asked about since the last time.
func (c *catalog) questions() [][]int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	asked := c.asked
	c.asked = nil
	return asked
}

// library answers every question with the same passages.
type library struct {
	mu         sync.Mutex
	passages   []corpora.Passage
	candidates []corpora.Candidate
	err        error
	outside    error
	unreadable map[int64]bool
	shared     map[int64]bool // documents that only the agent lets anybody use
	queries    []string
	scopes     []corpora.Scope
	tops       []int
	readers    []actor.Actor // who asked what they may read
}

func (l *library) Usable(context.Context, actor.Actor, corpora.Scope) ([]int64, error) {
	return []int64{5}, l.outside
}

func (l *library) Retrieve(_ context.Context, _ actor.Actor, s corpora.Scope, query string, top int) (corpora.Retrieval, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s.Outside = nil
	l.queries, l.scopes, l.tops = append(l.queries, query), append(l.scopes, s), append(l.tops, top)
	return corpora.Retrieval{Passages: l.passages, Candidates: l.candidates, Considered: 12, CorpusIDs: []int64{5}, Weights: corpora.Weights{Searched: 12, Frequencies: map[string]int{"warp": 2}}}, l.err
}

func (l *library) Readable(_ context.Context, who actor.Actor, agentID int64, documents []int64) ([]int64, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.readers = append(l.readers, who)
	return slices.DeleteFunc(slices.Clone(documents), func(id int64) bool { return l.unreadable[id] || l.shared[id] && agentID == 0 }), nil
}

// script is a model that does what the test says.
type script struct {
	mu      sync.Mutex
	answer  func(ctx context.Context, p core.Prompt, emit func(string) error) (core.Completion, error)
	prompts []core.Prompt
}

func (*script) Name() string { return "m-1" }

func (m *script) Answer(ctx context.Context, p core.Prompt, emit func(string) error) (core.Completion, error) {
	m.mu.Lock()
	m.prompts = append(m.prompts, p)
	answer := m.answer
	m.mu.Unlock()
	return answer(ctx, p, emit)
}

func (m *script) asked() []core.Prompt {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.prompts)
}

var reported = core.Usage{FreshInput: 100, CachedInput: 20, Output: 10, Reasoning: 5, Reported: true, Raw: json.RawMessage(`{"prompt_tokens":120}`)}

// says emits the pieces with a pause before each, and keeps what it said when
// it is interrupted.
func says(pause time.Duration, pieces ...string) func(context.Context, core.Prompt, func(string) error) (core.Completion, error) {
	return func(ctx context.Context, _ core.Prompt, emit func(string) error) (core.Completion, error) {
		out := core.Completion{Model: "m-1"}
		for _, piece := range pieces {
			if err := rest(ctx, pause); err != nil {
				return out, err
			}
			if err := emit(piece); err != nil {
				return out, err
			}
			out.Text += piece
		}
		out.Usage = reported
		return out, nil
	}
}

// hangs emits the pieces and then nothing, until it is interrupted.
func hangs(pieces ...string) func(context.Context, core.Prompt, func(string) error) (core.Completion, error) {
	return func(ctx context.Context, p core.Prompt, emit func(string) error) (core.Completion, error) {
		out, err := says(0, pieces...)(ctx, p, emit)
		out.Usage = core.Usage{}
		if err == nil {
			<-ctx.Done()
			err = ctx.Err()
		}
		return out, err
	}
}

func rest(ctx context.Context, d time.Duration) error {
	if d == 0 {
		return ctx.Err()
	}
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// scene is a chat in memory, in a bubble of fake time.
type scene struct {
	*core.Service
	t       *testing.T
	ctx     context.Context
	db      *memory.DB
	store   *memstore.Store
	faulty  *faulty
	agents  *catalog
	library *library
	model   *script
}

// play runs a test in a bubble whose time passes when all wait.
func play(t *testing.T, test func(s *scene)) {
	synctest.Test(t, func(t *testing.T) {
		db := memory.New(clock.System{})
		store := memstore.New(db)
		s := &scene{
			t: t, ctx: context.Background(), db: db, store: store, faulty: &faulty{Store: store},
			agents: &catalog{
				agent: agents.Runnable{ID: 3, OrganizationID: 1, ProjectID: 4, TeamID: 5, AgentType: "QnA", Name: "Helper"}, hidden: map[int64]bool{}, admins: map[int64]bool{}, levels: map[int64]actor.Level{},
			},
			library: &library{unreadable: map[int64]bool{}, passages: []corpora.Passage{
				{ChunkID: 21, DocumentID: 11, CorpusID: 5, Title: "Guide › Warp", URL: "/api/document/11/content", Text: "The warp coil is green.", Score: 2},
				{ChunkID: 22, DocumentID: 12, CorpusID: 5, Title: "Notes", URL: "/api/document/12/content", Text: "Coils are changed yearly.", Score: 1},
			}},
			model: &script{answer: says(0, "It is green [1].")},
		}
		s.Service = s.process("process-a")
		test(s)
	})
}

// process is one more server over the same store. It is closed with the test.
func (s *scene) process(owner string, change ...func(*core.Deps)) *core.Service {
	d := core.Deps{
		Unit: s.db, Store: s.faulty, Agents: s.agents, Askers: askers{s.agents}, Corpora: s.library, Models: core.Models{{Model: s.model}}, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), Owner: owner,
	}
	for _, c := range change {
		c(&d)
	}
	service := core.New(d)
	service.Open(context.Background())
	s.t.Cleanup(func() {
		if err := service.Close(context.Background()); err != nil {
			s.t.Error(err)
		}
	})
	return service
}

// tend has a process look after its runs until the test ends.
func (s *scene) tend(service *core.Service) {
	ctx, cancel := context.WithCancel(s.ctx)
	s.t.Cleanup(cancel)
	go service.Tend(ctx)
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) same(want, got any) {
	s.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Error(diff)
	}
}

func (s *scene) is(err, want error) {
	s.t.Helper()
	if !errors.Is(err, want) {
		s.t.Errorf("got %v, want %v", err, want)
	}
}

// ask asks a question of jo's that must be accepted.
func (s *scene) ask(question string, change ...func(*core.Ask)) core.Run {
	s.t.Helper()
	a := core.Ask{AgentID: 3, UserQuery: question}
	for _, c := range change {
		c(&a)
	}
	asked, err := s.Ask(s.ctx, jo, a)
	s.must(err)
	s.same(false, asked.Replayed)
	return asked.Run
}

func in(thread int64) func(*core.Ask) { return func(a *core.Ask) { a.ThreadID = &thread } }

// ended waits for a run and answers it with its long parts.
func (s *scene) ended(run core.Run) core.Record {
	s.t.Helper()
	_, err := s.Await(s.ctx, jo, run.ID)
	s.must(err)
	record, err := s.Record(s.ctx, jo, run.ID)
	s.must(err)
	return record
}

// stored is the run as it is at this moment.
func (s *scene) stored(run core.Run) core.Run {
	s.t.Helper()
	r, err := s.store.Run(s.ctx, run.UserID, run.ID)
	s.must(err)
	return r
}

func (s *scene) ledger(run core.Run) []core.Metered {
	s.t.Helper()
	rows, err := s.store.Ledger(s.ctx, run.ID)
	s.must(err)
	return rows
}

// facts are the ends of runs that were published.
func (s *scene) facts() (completed, failed []chat.Run) {
	for _, e := range s.db.Published() {
		switch e := e.(type) {
		case chat.RunCompleted:
			completed = append(completed, e.Run)
		case chat.RunFailed:
			failed = append(failed, e.Run)
		}
	}
	return completed, failed
}

// all reads a stream to its end.
func (s *scene) all(w *core.Watch) []core.StreamEvent {
	s.t.Helper()
	var out []core.StreamEvent
	for {
		e, err := w.Next(s.ctx)
		if errors.Is(err, io.EOF) {
			return out
		}
		s.must(err)
		out = append(out, e)
	}
}

func (s *scene) watch(service *core.Service, run core.Run, after int64) *core.Watch {
	s.t.Helper()
	w, _, err := service.Watch(s.ctx, jo, run.ID, after)
	s.must(err)
	return w
}

func steps(events []core.StreamEvent) []string {
	out := make([]string, len(events))
	for i, e := range events {
		out[i] = e.Step
	}
	return out
}

func textOf(events []core.StreamEvent) string {
	var b strings.Builder
	for _, e := range events {
		b.WriteString(e.Delta)
	}
	return b.String()
}

// fails says nothing and breaks.
func fails(context.Context, core.Prompt, func(string) error) (core.Completion, error) {
	return core.Completion{}, errBroken
}
