package core

import (
	"context"
	"strings"
	"time"

	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
)

// Review is what a user who has run an agent writes about it.
type Review struct {
	ID             int64
	OrganizationID int64
	AgentID        int64
	UserID         int64
	Review         string
	audit.Audit
}

// Rating is whether a user rates an agent. The row stays when it is taken
// back, so that turning it over is one step.
type Rating struct {
	ID             int64
	OrganizationID int64
	AgentID        int64
	UserID         int64
	IsRated        bool
	ModifiedOn     time.Time
}

// Ratings is how an agent is rated, as one user sees it.
type Ratings struct {
	AgentID int64
	Count   int64
	IsRated bool // by that user
}

// CreateReview adds the caller's review of an agent that they have run.
func (s *Service) CreateReview(ctx context.Context, who actor.Actor, agentID int64, text string) (Review, error) {
	if text = strings.TrimSpace(text); text == "" {
		return Review{}, ErrBlankReview
	}
	if _, err := s.authorize(ctx, who, agentID, access.View, nil); err != nil {
		return Review{}, err
	}
	r := Review{OrganizationID: who.OrganizationID, AgentID: agentID, UserID: who.UserID, Review: text, Audit: audit.New(who.Name(), s.Clock.Now())}
	err := s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		has, err := s.Store.HasRun(ctx, who.UserID, agentID)
		if err != nil {
			return err
		}
		if !has {
			return ErrNotRunYet
		}
		r, err = s.Store.AddReview(ctx, r)
		return err
	})
	return r, err
}

// Reviews answers the reviews of an agent that the caller sees, newest first.
func (s *Service) Reviews(ctx context.Context, who actor.Actor, agentID int64, p page.Request) (page.Of[Review], error) {
	if _, err := s.authorize(ctx, who, agentID, access.View, nil); err != nil {
		return page.Of[Review]{}, err
	}
	return s.Store.ReviewsPage(ctx, agentID, p)
}

// UpdateReview changes the caller's own review.
func (s *Service) UpdateReview(ctx context.Context, who actor.Actor, agentID, id int64, text string) (Review, error) {
	if text = strings.TrimSpace(text); text == "" {
		return Review{}, ErrBlankReview
	}
	if _, err := s.authorize(ctx, who, agentID, access.View, nil); err != nil {
		return Review{}, err
	}
	return s.Store.UpdateReview(ctx, agentID, id, func(r *Review) error {
		if r.UserID != who.UserID {
			return ErrNotAuthor
		}
		touch := audit.Watch(r)
		r.Review = text
		touch(who.Name(), s.Clock.Now())
		return nil
	})
}

// DeleteReview removes the caller's own review, or as the agent's admin
// anybody's, and answers it.
func (s *Service) DeleteReview(ctx context.Context, who actor.Actor, agentID, id int64) (Review, error) {
	d, err := s.authorize(ctx, who, agentID, access.View, nil)
	if err != nil {
		return Review{}, err
	}
	r, err := s.Store.Review(ctx, agentID, id)
	if err != nil {
		return Review{}, err
	}
	if r.UserID != who.UserID && !d.Decision.Allowed.Manage {
		return Review{}, ErrNotAuthor
	}
	return r, s.Store.DeleteReview(ctx, agentID, id)
}

// Ratings answers how an agent that the caller sees is rated.
func (s *Service) Ratings(ctx context.Context, who actor.Actor, agentID int64) (Ratings, error) {
	if _, err := s.authorize(ctx, who, agentID, access.View, nil); err != nil {
		return Ratings{}, err
	}
	return s.ratings(ctx, who, agentID)
}

func (s *Service) ratings(ctx context.Context, who actor.Actor, agentID int64) (Ratings, error) {
	count, rated, err := s.Store.CountRatings(ctx, agentID, who.UserID)
	return Ratings{AgentID: agentID, Count: count, IsRated: rated}, err
}

// ToggleRating turns the caller's rating of an agent over and answers how it
// is rated then. Each of many calls at once turns it over once.
func (s *Service) ToggleRating(ctx context.Context, who actor.Actor, agentID int64) (Ratings, error) {
	if _, err := s.authorize(ctx, who, agentID, access.View, nil); err != nil {
		return Ratings{}, err
	}
	var out Ratings
	err := s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		r := Rating{OrganizationID: who.OrganizationID, AgentID: agentID, UserID: who.UserID, IsRated: true, ModifiedOn: s.Clock.Now()}
		if err := s.Store.ToggleRating(ctx, r); err != nil {
			return err
		}
		var err error
		out, err = s.ratings(ctx, who, agentID)
		return err
	})
	return out, err
}
