package core

import (
	"time"

	"parley/modules/chat"
)

// Meter is told what becomes of runs and of calls of models, so that operators
// can watch them. It answers at once.
type Meter interface {
	// Ended tells of a run that this process closed, with the code of what ended
	// it, "" when it is completed.
	Ended(state State, code string)
	// Called tells of a call of a model.
	Called(ModelCall)
}

// ModelCall is one call of a model, as an operator sees it.
type ModelCall struct {
	Model      string        // its name among those that are configured
	Failed     bool          // for another reason than that the run was ended
	Began      bool          // a piece of the answer came
	FirstPiece time.Duration // until then
	Whole      time.Duration
	Usage      chat.Usage
}

// unmetered tells nobody.
type unmetered struct{}

// Ended implements Meter.
func (unmetered) Ended(State, string) {}

// Called implements Meter.
func (unmetered) Called(ModelCall) {}

// Load is how many runs this process answers, and how many questions of users
// wait for their turn.
func (s *Service) Load() (running, waiting int) { return s.places.load() }
