package core_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/modules/chat/internal/core"
)

// meter keeps what it is told.
type meter struct {
	mu    sync.Mutex
	ended []string
	calls []core.ModelCall
}

func (m *meter) Ended(state core.State, code string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended = append(m.ended, fmt.Sprint(state, " ", code))
}

func (m *meter) Called(c core.ModelCall) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.calls = append(m.calls, c)
}

// said is what the meter was told so far.
func (m *meter) said() ([]string, []core.ModelCall) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ended, m.calls
}

// metered is a process with these models and a meter.
func (s *scene) metered(models ...core.Offer) (*core.Service, *meter) {
	m := &meter{}
	return s.process("process-b", func(d *core.Deps) { d.Models, d.Meter = models, m }), m
}

func TestAMeterHearsOfEachCallAndEachEnd(t *testing.T) {
	play(t, func(s *scene) {
		large, small := answers("large"), answers("small")
		large.answer = refuses(errDown)
		small.answer = says(time.Second, "It is ", "green [1].")
		service, m := s.metered(core.Offer{Model: large, Fallback: "small"}, core.Offer{Model: small})
		_, err := s.askOf(service)
		s.must(err)
		ended, calls := m.said()
		s.same([]string{"completed "}, ended)
		s.same([]any{2, "large", true, false, "small", false, true}, []any{len(calls), calls[0].Model, calls[0].Failed, calls[0].Began, calls[1].Model, calls[1].Failed, calls[1].Began})
		if first, whole := calls[1].FirstPiece, calls[1].Whole; first != time.Second || whole != 2*time.Second {
			t.Errorf("the first piece came after %v of %v", first, whole)
		}
		if calls[1].Usage.FreshInput == 0 || calls[0].Usage.FreshInput != 0 {
			t.Errorf("the calls used %+v", calls)
		}
	})
}

func TestAMeterHearsWhyARunFailed(t *testing.T) {
	play(t, func(s *scene) {
		down := answers("large")
		down.answer = refuses(errDown)
		service, m := s.metered(core.Offer{Model: down})
		_, err := s.askOf(service)
		s.must(err)
		ended, _ := m.said()
		s.same([]string{"failed chat.model_failed"}, ended)
	})
}

func TestACancelledRunIsNoFailureOfItsModel(t *testing.T) {
	play(t, func(s *scene) {
		slow := answers("large")
		slow.answer = hangs("Half an")
		service, m := s.metered(core.Offer{Model: slow})
		asked, err := service.Ask(s.ctx, jo, core.Ask{AgentID: 3, UserQuery: "What is green?"})
		s.must(err)
		synctest.Wait()
		running, waiting := service.Load()
		s.same([]any{1, 0}, []any{running, waiting})
		_, err = service.Cancel(s.ctx, jo, asked.ID)
		s.must(err)
		synctest.Wait()
		running, waiting = service.Load()
		ended, calls := m.said()
		s.same([]any{0, 0, []string{"cancelled chat.cancelled"}, false, true}, []any{running, waiting, ended, calls[0].Failed, calls[0].Began})
	})
}
