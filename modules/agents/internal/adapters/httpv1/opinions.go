package httpv1

import (
	"context"

	"parley/modules/agents/internal/core"
	"parley/modules/users/userswire"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

type reviewView struct {
	_ struct{} `schema:"AgentReview"`

	ID     int64            `json:"id"`
	Agent  int64            `json:"agent"`
	User   userswire.Person `json:"user"`
	Review string           `json:"review"`
	web.Audit
}

// showReviews returns how reviews are shown; all authors are looked up in one
// query.
func (a *API) showReviews(ctx context.Context, who actor.Actor, list []core.Review) (func(core.Review) reviewView, error) {
	ids := make([]int64, len(list))
	for i, r := range list {
		ids[i] = r.UserID
	}
	people, err := a.people(ctx, who, ids)
	if err != nil {
		return nil, err
	}
	return func(r core.Review) reviewView {
		return reviewView{ID: r.ID, Agent: r.AgentID, User: userswire.ShowPerson(people[r.UserID]), Review: r.Review, Audit: web.ShowAudit(r.Audit)}
	}, nil
}

// showReview answers one review, or the error that came instead.
func (a *API) showReview(ctx context.Context, who actor.Actor, r core.Review, err error) (reviewView, error) {
	if err != nil {
		return reviewView{}, err
	}
	show, err := a.showReviews(ctx, who, []core.Review{r})
	if err != nil {
		return reviewView{}, err
	}
	return show(r), nil
}

type reviewBody struct {
	Review string `json:"review" minLength:"1" maxLength:"4000"`
}

type createReviewRequest struct {
	AgentID int64 `path:"agent_id"`
	Body    struct{ reviewBody }
}

func (a *API) createReview(ctx context.Context, r createReviewRequest) (reviewView, error) {
	who := actor.From(ctx)
	review, err := a.service.CreateReview(ctx, who, r.AgentID, r.Body.Review)
	return a.showReview(ctx, who, review, err)
}

type reviewsRequest struct {
	AgentID int64 `path:"agent_id"`
	web.ListQuery
}

func (a *API) reviews(ctx context.Context, r reviewsRequest) (web.List[reviewView], error) {
	who := actor.From(ctx)
	found, err := a.service.Reviews(ctx, who, r.AgentID, r.Request())
	if err != nil {
		return web.List[reviewView]{}, err
	}
	show, err := a.showReviews(ctx, who, found.Items)
	return web.Listed(found, show), err
}

type updateReviewRequest struct {
	AgentID  int64 `path:"agent_id"`
	ReviewID int64 `path:"review_id"`
	Body     struct{ reviewBody }
}

func (a *API) updateReview(ctx context.Context, r updateReviewRequest) (reviewView, error) {
	who := actor.From(ctx)
	review, err := a.service.UpdateReview(ctx, who, r.AgentID, r.ReviewID, r.Body.Review)
	return a.showReview(ctx, who, review, err)
}

type reviewRequest struct {
	AgentID  int64 `path:"agent_id"`
	ReviewID int64 `path:"review_id"`
}

func (a *API) deleteReview(ctx context.Context, r reviewRequest) (reviewView, error) {
	who := actor.From(ctx)
	review, err := a.service.DeleteReview(ctx, who, r.AgentID, r.ReviewID)
	return a.showReview(ctx, who, review, err)
}

type ratingView struct {
	_ struct{} `schema:"AgentRating"`

	Agent       int64 `json:"agent"`
	RatingCount int64 `json:"rating_count"`
	IsRated     bool  `json:"is_rated" doc:"By the caller."`
}

func showRatings(r core.Ratings, err error) (ratingView, error) {
	return ratingView{Agent: r.AgentID, RatingCount: r.Count, IsRated: r.IsRated}, err
}

func (a *API) ratings(ctx context.Context, r agentRequest) (ratingView, error) {
	return showRatings(a.service.Ratings(ctx, actor.From(ctx), r.AgentID))
}

func (a *API) toggleRating(ctx context.Context, r agentRequest) (ratingView, error) {
	return showRatings(a.service.ToggleRating(ctx, actor.From(ctx), r.AgentID))
}

type aliasView struct {
	_ struct{} `schema:"AgentAlias"`

	ID    int64  `json:"id"`
	Agent int64  `json:"agent"`
	Alias string `json:"alias" doc:"E-mail address in the organization's own domain."`
	web.Audit
}

func showAlias(a core.Alias) aliasView {
	return aliasView{ID: a.ID, Agent: a.AgentID, Alias: a.Alias, Audit: web.ShowAudit(a.Audit)}
}

type createAliasRequest struct {
	AgentID int64 `path:"agent_id"`
	Body    struct {
		Alias string `json:"alias,omitempty" minLength:"3" maxLength:"254" doc:"Made of the agent's name and id when not given."`
	}
}

func (a *API) createAlias(ctx context.Context, r createAliasRequest) (aliasView, error) {
	alias, err := a.service.CreateAlias(ctx, actor.From(ctx), r.AgentID, r.Body.Alias)
	return showAlias(alias), err
}

func (a *API) aliases(ctx context.Context, r listRequest) (web.List[aliasView], error) {
	found, err := a.service.Aliases(ctx, actor.From(ctx), r.Request())
	return web.Listed(found, showAlias), err
}

type updateAliasRequest struct {
	AgentID int64 `path:"agent_id"`
	Body    struct {
		Alias string `json:"alias" minLength:"3" maxLength:"254"`
	}
}

func (a *API) updateAlias(ctx context.Context, r updateAliasRequest) (aliasView, error) {
	alias, err := a.service.UpdateAlias(ctx, actor.From(ctx), r.AgentID, r.Body.Alias)
	return showAlias(alias), err
}

func (a *API) types(ctx context.Context, r listRequest) (web.List[typeView], error) {
	found, err := a.service.Types(ctx, actor.From(ctx), r.Request())
	return web.Listed(found, showType), err
}

type updateTypeRequest struct {
	TypeID int64 `path:"agent_type_id"`
	Body   struct {
		Name        *string `json:"name,omitempty" minLength:"1" maxLength:"100"`
		Description *string `json:"description,omitempty" maxLength:"4000"`
	}
}

func (a *API) updateType(ctx context.Context, r updateTypeRequest) (typeView, error) {
	t, err := a.service.UpdateType(ctx, actor.From(ctx), r.TypeID, r.Body.Name, r.Body.Description)
	return showType(t), err
}
