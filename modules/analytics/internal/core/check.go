package core

import (
	"context"
	"fmt"
	"time"

	"parley/platform/kernel/money"
)

// Difference is a stretch of time whose stored sums are not those of its facts.
type Difference struct {
	OrganizationID int64
	From, Until    time.Time
}

// Quarter is what the facts of a quarter of an hour add up to.
type Quarter struct {
	Begin            time.Time
	Runs             int64
	PromptTokens     int64
	CompletionTokens int64
	Cost             money.Amount
}

// Books compares what is stored with the facts that it is made of.
type Books interface {
	// Organizations answers those that have facts, ascending.
	Organizations(ctx context.Context) ([]int64, error)
	// Compare recounts every sealed segment of an organization from facts, calls
	// each for those that differ, and answers how many segments there are. With
	// mend, these are not used from then on, and are made anew by the next
	// Seal. It is safe while others ask, add facts and seal.
	Compare(ctx context.Context, organizationID int64, mend bool, each func(Difference)) (segments int, err error)
	// Quarters answers the quarters of an hour with runs or use, in order.
	Quarters(ctx context.Context, organizationID int64, from, until time.Time) ([]Quarter, error)
}

// Organizations answers those that have facts. It is for operators.
func (s *Service) Organizations(ctx context.Context) ([]int64, error) {
	return s.store.Organizations(ctx)
}

// Quarters answers what the facts of an organization add up to. It is for
// operators.
func (s *Service) Quarters(ctx context.Context, organizationID int64, from, until time.Time) ([]Quarter, error) {
	return s.store.Quarters(ctx, organizationID, from, until)
}

// Check recounts what is sealed. It is for operators.
func (s *Service) Check(ctx context.Context, organizationID int64, each func(Difference)) (segments int, err error) {
	return s.store.Compare(ctx, organizationID, false, each)
}

// Rebuild recounts what is sealed and makes anew what differs, while the server
// answers: figures are right from the moment that a difference is found. It is
// for operators.
func (s *Service) Rebuild(ctx context.Context, organizationID int64, each func(Difference)) (segments int, err error) {
	// What is marked makes those above it stale, which are then left out. So it
	// is over when nothing differs.
	for {
		found := 0
		segments, err = s.store.Compare(ctx, organizationID, true, func(d Difference) { found++; each(d) })
		if err != nil {
			return segments, err
		}
		if err := s.store.Seal(ctx, organizationID, s.clock.Now()); err != nil {
			return segments, fmt.Errorf("sealing organization %d: %w", organizationID, err)
		}
		if found == 0 {
			return segments, nil
		}
	}
}
