package httpv1

import (
	"context"
	"time"

	"parley/modules/analytics/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// tokensView is what models used, evaluation runs included.
type tokensView struct {
	PromptTokens     int64  `json:"prompt_tokens" doc:"Tokens that models read, cached ones included."`
	CompletionTokens int64  `json:"completion_tokens" doc:"Tokens that models wrote, those of reasoning included."`
	TotalTokens      int64  `json:"total_tokens" doc:"Both together. Tokens and cost include evaluation runs, and what failed runs used."`
	Cost             string `json:"cost" doc:"Dollars, as an exact decimal."`
}

func showTokens(f core.Figures) tokensView {
	return tokensView{PromptTokens: f.PromptTokens, CompletionTokens: f.CompletionTokens, TotalTokens: f.TotalTokens(), Cost: f.Cost.String()}
}

type tokensOfDayView struct {
	Date string `json:"date" format:"date" doc:"A day of the reader's."`
	tokensView
}

func (a *API) tokensByDate(ctx context.Context, r figuresRequest) ([]tokensOfDayView, error) {
	days, err := a.service.ByPeriod(ctx, actor.From(ctx), r.period(), r.filter(), core.Daily, false)
	out := make([]tokensOfDayView, len(days))
	for i, d := range days {
		out[i] = tokensOfDayView{Date: d.Start.Format(time.DateOnly), tokensView: showTokens(d.Figures)}
	}
	return out, err
}

// segmentView says what a segment is of.
type segmentView struct {
	Segment string `json:"segment" doc:"The source, the model or the type of agent, or what the project or team is called. Empty for none: of no team, or answered by no model."`
	ID      *int64 `json:"id" doc:"Of the project or team; null for none and for other segments."`
}

func showSegment(s core.Segment) segmentView {
	v := segmentView{Segment: s.Name}
	if s.ID != 0 {
		v.ID = &s.ID
	}
	return v
}

type tokensOfSegmentView struct {
	segmentView
	tokensView
}

func (a *API) tokensBySegment(ctx context.Context, r segmentRequest) ([]tokensOfSegmentView, error) {
	list, err := a.service.BySegment(ctx, actor.From(ctx), r.period(), r.filter(), r.dimension(), core.ByTokens, r.limit())
	out := make([]tokensOfSegmentView, len(list))
	for i, s := range list {
		out[i] = tokensOfSegmentView{segmentView: showSegment(s), tokensView: showTokens(s.Figures)}
	}
	return out, err
}

// rankedView says what a row of a leaderboard is of.
type rankedView struct {
	ID   int64   `json:"id"`
	Name *string `json:"name" doc:"What it is called now; null for a deleted user. A user without a name is called by their address."`
}

func showRanked(r core.Ranked) rankedView {
	v := rankedView{ID: r.ID}
	if r.Name != "" {
		v.Name = &r.Name
	}
	return v
}

type rankedTokensView struct {
	rankedView
	tokensView
}

// tokens is a leaderboard: the most tokens first, then by id.
func (a *API) tokens(k core.Kind) web.Handler[boardRequest, []rankedTokensView] {
	return func(ctx context.Context, r boardRequest) ([]rankedTokensView, error) {
		list, err := a.service.Leaderboard(ctx, actor.From(ctx), r.period(), r.filter(), k, core.ByTokens, r.limit())
		out := make([]rankedTokensView, len(list))
		for i, l := range list {
			out[i] = rankedTokensView{rankedView: showRanked(l), tokensView: showTokens(l.Figures)}
		}
		return out, err
	}
}

type chatlogTokensView struct {
	PeriodStart      string  `json:"period_start" format:"date" doc:"The day; of a week its Monday, of a month its first, also where the window begins later."`
	Chatlogs         int64   `json:"chatlogs" doc:"Runs, evaluation runs and failed ones included, since the tokens are theirs, too."`
	PromptTokens     int64   `json:"prompt_tokens" doc:"Tokens that models read, cached ones included."`
	CompletionTokens int64   `json:"completion_tokens" doc:"Tokens that models wrote, those of reasoning included."`
	TotalTokens      int64   `json:"total_tokens" doc:"Both together."`
	AverageTokens    float64 `json:"average_tokens" doc:"total_tokens / chatlogs; 0 without any."`
}

// chatlogTokens has a row for each day, week or month.
func (a *API) chatlogTokens(g core.Grain) web.Handler[figuresRequest, []chatlogTokensView] {
	return func(ctx context.Context, r figuresRequest) ([]chatlogTokensView, error) {
		list, err := a.service.ByPeriod(ctx, actor.From(ctx), r.period(), r.filter(), g, false)
		out := make([]chatlogTokensView, len(list))
		for i, p := range list {
			out[i] = chatlogTokensView{
				PeriodStart: p.Start.Format(time.DateOnly), Chatlogs: p.Runs,
				PromptTokens: p.PromptTokens, CompletionTokens: p.CompletionTokens, TotalTokens: p.TotalTokens(),
			}
			if p.Runs > 0 {
				out[i].AverageTokens = float64(out[i].TotalTokens) / float64(p.Runs)
			}
		}
		return out, err
	}
}
