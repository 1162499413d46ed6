package core_test

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/evaluations/internal/adapters/memstore"
	"parley/modules/evaluations/internal/core"
	"parley/modules/evaluations/internal/core/coretest"
	"parley/modules/evaluations/internal/core/metrics"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/page"
	"parley/platform/memory"
	"parley/platform/work"
	workstore "parley/platform/work/memstore"
)

// The agents of the scene.
const (
	agentID = int64(3)
	otherID = int64(4)
)

func user(id int64) actor.Actor {
	return actor.Actor{UserID: id, OrganizationID: 1, Email: fmt.Sprintf("user%d@example.com", id)}
}

var jo = user(5)

// scene is the use cases over memory, with a worker that does what is due when
// it is told to.
type scene struct {
	t     *testing.T
	ctx   context.Context
	db    *memory.DB
	clock *clock.Fixed
	store *memstore.Store
	chat  *coretest.Chat
	docs  *coretest.Documents
	*core.Service
	config work.Config
	runner *work.Runner
}

// exact is a metric of which the value is 1 when the answer is the expected one,
// and which says nothing of answers that are "?".
func exact(name string, threshold float64) metrics.Metric {
	return metrics.Metric{Name: name, Version: 1, Threshold: threshold, Score: func(_ context.Context, s metrics.Sample) (metrics.Score, error) {
		switch s.Answer {
		case "?":
			return metrics.Score{Reason: "there is nothing to measure"}, nil
		case "panic":
			panic(s.Answer)
		}
		value := 0.0
		if s.Answer == s.Expected {
			value = 1
		}
		return metrics.Score{Value: &value, Detail: []byte(`{"answer":1}`)}, nil
	}}
}

func newScene(t *testing.T, change ...func(*core.Deps)) *scene {
	at := clock.NewFixed(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC))
	db := memory.New(at)
	queue := work.NewQueue(workstore.New(db), nil, at)
	s := &scene{t: t, ctx: t.Context(), db: db, clock: at, store: memstore.New(db), chat: &coretest.Chat{Answers: nil}, docs: &coretest.Documents{}}
	d := core.Deps{
		Unit: db, Store: s.store, Documents: s.docs, Runner: s.chat, Judge: s.chat, Answered: s.chat, Queue: queue, Clock: at, Log: slog.New(slog.DiscardHandler), Parallel: 3,
		Agents:  coretest.Agents{Admins: map[int64][]int64{agentID: {5}, otherID: {5}}},
		Metrics: []metrics.Metric{exact(metrics.AnswerCorrectness, 0.75), exact(metrics.Faithfulness, 0.5)},
	}
	for _, c := range change {
		c(&d)
	}
	s.Service = core.New(d)
	s.config = work.Config{Queue: queue, Kinds: s.Kinds(), Owner: "me", Log: d.Log}
	var err error
	s.runner, err = work.NewRunner(s.config)
	s.must(err)
	return s
}

func (s *scene) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *scene) equal(want, got any) {
	s.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		s.t.Errorf("(- want, + got)\n%s", diff)
	}
}

// drafts are queries that expect what is behind the colon.
func drafts(texts ...string) []core.Draft {
	out := make([]core.Draft, len(texts))
	for i, text := range texts {
		query, expected, _ := strings.Cut(text, ":")
		out[i] = core.Draft{Query: query, ExpectedAnswer: expected, Place: fmt.Sprintf("queries[%d]", i)}
	}
	return out
}

func (s *scene) dataset(texts ...string) core.Dataset {
	s.t.Helper()
	name := "Leave"
	d, err := s.CreateDataset(s.ctx, jo, agentID, core.NewDataset{Name: &name, Drafts: drafts(texts...)})
	s.must(err)
	return d
}

func (s *scene) create(d core.Dataset, change ...func(*core.NewTest)) core.Test {
	s.t.Helper()
	n := core.NewTest{Name: "Nightly", DatasetID: d.ID}
	for _, c := range change {
		c(&n)
	}
	t, err := s.CreateTest(s.ctx, jo, agentID, n)
	s.must(err)
	return t
}

// work does all that is due.
func (s *scene) work() {
	s.t.Helper()
	_, err := s.runner.Drain(s.ctx)
	s.must(err)
}

func (s *scene) view(id int64) core.View {
	s.t.Helper()
	v, err := s.Test(s.ctx, jo, id, page.Request{})
	s.must(err)
	return v
}

// statuses are those of the results, with the reasons of those without a score.
func statuses(v core.View) []string {
	out := []string{}
	for _, r := range v.Results.Items {
		text := string(r.Status)
		if r.FailureReason != "" {
			text += ": " + r.FailureReason
		}
		out = append(out, text)
	}
	return out
}

// facts are the names of the events that were published.
func (s *scene) facts() []string {
	out := []string{}
	for _, e := range s.db.Published() {
		out = append(out, strings.TrimPrefix(e.EventName(), "evaluations."))
	}
	return out
}

// last is the last published fact of a type.
func last[E any](s *scene) E {
	s.t.Helper()
	facts := s.db.Published()
	for i := len(facts) - 1; i >= 0; i-- {
		if e, ok := facts[i].(E); ok {
			return e
		}
	}
	s.t.Fatalf("no %v was published", reflect.TypeFor[E]())
	panic("unreachable")
}

// gate lets questions wait until it is opened.
type gate struct {
	mu      sync.Mutex
	waiting int
	max     int
	entered chan struct{}
	open    chan struct{}
}

func newGate() *gate { return &gate{entered: make(chan struct{}, 100), open: make(chan struct{})} }

func (g *gate) wait(ctx context.Context) {
	g.mu.Lock()
	if g.waiting++; g.waiting > g.max {
		g.max = g.waiting
	}
	g.mu.Unlock()
	g.entered <- struct{}{}
	select {
	case <-g.open:
	case <-ctx.Done():
	}
	g.mu.Lock()
	g.waiting--
	g.mu.Unlock()
}
