package core_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/modules/chat/internal/core"
)

// indexing notes what is to be indexed.
type indexing struct {
	core.Store
	mu    sync.Mutex
	given [][]core.AnswerWords
	last  int64   // that waits
	upTo  []int64 // of each round that has read something
}

func (i *indexing) IndexWords(_ context.Context, answers []core.AnswerWords) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.given = append(i.given, slices.Clone(answers))
	return nil
}

func (i *indexing) IndexWaiting(_ context.Context, upTo int64, _ int) (bool, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.upTo = append(i.upTo, upTo)
	return false, nil
}

func (i *indexing) LastWaiting(context.Context) (int64, error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.last, nil
}

// wait sets what waits last.
func (i *indexing) wait(last int64) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.last = last
}

// round passes the time until the process looks at what waits again.
func round() {
	time.Sleep(20 * time.Second / 3)
	synctest.Wait()
}

func (s *scene) indexing() (*core.Service, *indexing) {
	store := &indexing{Store: s.faulty}
	service := s.process("process-i", func(d *core.Deps) { d.Store = store })
	s.tend(service)
	synctest.Wait()
	return service, store
}

func TestTheWordsOfAnAnswerAreIndexedWithoutReadingIt(t *testing.T) {
	play(t, func(s *scene) {
		service, store := s.indexing()
		first, err := s.askOf(service)
		s.must(err)
		second, err := s.askOf(service)
		s.must(err)
		_, err = service.Evaluations().Run(s.ctx, question(s.testThread(), "q/1"))
		s.must(err)
		s.model.answer = hangs("Half an")
		asked, err := service.Ask(s.ctx, jo, core.Ask{AgentID: 3, UserQuery: "What is green?"})
		s.must(err)
		synctest.Wait()
		_, err = service.Cancel(s.ctx, jo, asked.ID)
		s.must(err)
		round()
		words := core.WordsOf("What is green?", first.Answer)
		s.same([][]core.AnswerWords{{{RunID: first.ID, AgentID: 3, Words: words}, {RunID: second.ID, AgentID: 3, Words: words}}}, store.given)
		round()
		s.same(1, len(store.given))
	})
}

// Another process has the texts of its answers in memory.
func TestWhatAnotherProcessLeavesIsIndexedAfterSomeRounds(t *testing.T) {
	play(t, func(s *scene) {
		_, store := s.indexing()
		s.same(0, len(store.upTo))
		store.wait(5)
		round()
		store.wait(9)
		for range 4 {
			round()
		}
		s.same([]int64{5, 9}, store.upTo)
	})
}

func TestAProcessBeginsWithAllThatWaits(t *testing.T) {
	play(t, func(s *scene) {
		store := &indexing{Store: s.faulty, last: 7}
		s.tend(s.process("process-i", func(d *core.Deps) { d.Store = store }))
		synctest.Wait()
		s.same([]int64{7}, store.upTo)
	})
}

// Those that are left out are read later.
func TestTextsThatWaitForTheIndexAreBounded(t *testing.T) {
	if all, some := core.Recent(1000, 100), core.Recent(1000, 100_000); all != 1000 || some < 50 || some > 100 {
		t.Errorf("%d short and %d long texts are kept", all, some)
	}
}
