package httpv1

import (
	"context"
	"time"

	"parley/modules/analytics/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

type totalCountView struct {
	Users       int64  `json:"users" doc:"That exist now, as teams, projects, agents, corpora and documents; the filters don't apply to these. For an admin of a part: who ever asked in it."`
	ActiveUsers int64  `json:"active_users" doc:"Different users who asked in the period. Evaluation runs are left out here and in queries."`
	Teams       int64  `json:"teams" doc:"That exist now."`
	Projects    int64  `json:"projects" doc:"That exist now."`
	Agents      int64  `json:"agents" doc:"That exist now."`
	Corpora     int64  `json:"corpora" doc:"That exist now. Corpora and documents belong to the organization as a whole: 0 for an admin of a part."`
	Documents   int64  `json:"documents" doc:"That exist now."`
	Threads     int64  `json:"threads" doc:"Begun in the period. They match every query_source and model."`
	Queries     int64  `json:"queries" doc:"Questions that were asked in the period, however they ended."`
	Upvotes     int64  `json:"upvotes" doc:"On answers to questions of the period, as they stand now."`
	Downvotes   int64  `json:"downvotes" doc:"On answers to questions of the period, as they stand now."`
	TotalTokens int64  `json:"total_tokens" doc:"That models used in the period, evaluation runs included."`
	Cost        string `json:"cost" doc:"Dollars, as an exact decimal."`
}

func (a *API) totalCount(ctx context.Context, r figuresRequest) (totalCountView, error) {
	o, err := a.service.TotalCount(ctx, actor.From(ctx), r.period(), r.filter())
	return totalCountView{
		Users: o.Existing[core.User], ActiveUsers: o.ActiveUsers, Teams: o.Existing[core.Team], Projects: o.Existing[core.Project],
		Agents: o.Existing[core.Agent], Corpora: o.Existing[core.Corpus], Documents: o.Existing[core.Document], Threads: o.Threads,
		Queries: o.Queries, Upvotes: o.Upvotes, Downvotes: o.Downvotes, TotalTokens: o.TotalTokens, Cost: o.Cost.String(),
	}, err
}

type queryCountView struct {
	Date  string `json:"date" format:"date" doc:"A day of the reader's."`
	Count int64  `json:"count" doc:"Questions that were asked on the day, evaluation runs left out."`
}

func (a *API) queriesByDate(ctx context.Context, r figuresRequest) ([]queryCountView, error) {
	list, err := a.service.ByPeriod(ctx, actor.From(ctx), r.period(), r.filter(), core.Daily, false)
	out := make([]queryCountView, len(list))
	for i, p := range list {
		out[i] = queryCountView{Date: p.Start.Format(time.DateOnly), Count: p.Queries}
	}
	return out, err
}

type segmentCountView struct {
	segmentView
	Count int64 `json:"count" doc:"Questions, evaluation runs left out."`
}

func (a *API) queriesBySegment(ctx context.Context, r segmentRequest) ([]segmentCountView, error) {
	list, err := a.service.BySegment(ctx, actor.From(ctx), r.period(), r.filter(), r.dimension(), core.ByQueries, r.limit())
	out := make([]segmentCountView, len(list))
	for i, s := range list {
		out[i] = segmentCountView{segmentView: showSegment(s), Count: s.Queries}
	}
	return out, err
}

type chatEngagementView struct {
	PeriodStart string `json:"period_start" format:"date" doc:"The day; of a week its Monday, of a month its first, also where the window begins later."`
	Queries     int64  `json:"queries" doc:"Questions that were asked, however they ended. Evaluation runs are left out of this row."`
	Threads     int64  `json:"threads" doc:"Different threads with a question in the period."`
	NewThreads  int64  `json:"new_threads" doc:"Threads that were begun. They match every query_source and model."`
	ActiveUsers int64  `json:"active_users" doc:"Different users who asked."`
	Upvotes     int64  `json:"upvotes" doc:"On answers to these questions, as they stand now."`
	Downvotes   int64  `json:"downvotes" doc:"On answers to these questions, as they stand now."`
}

// chatEngagement has a row for each day, week or month.
func (a *API) chatEngagement(g core.Grain) web.Handler[figuresRequest, []chatEngagementView] {
	return func(ctx context.Context, r figuresRequest) ([]chatEngagementView, error) {
		list, err := a.service.ByPeriod(ctx, actor.From(ctx), r.period(), r.filter(), g, true)
		out := make([]chatEngagementView, len(list))
		for i, p := range list {
			out[i] = chatEngagementView{
				PeriodStart: p.Start.Format(time.DateOnly), Queries: p.Queries, Threads: p.Threads, NewThreads: p.NewThreads,
				ActiveUsers: p.Users, Upvotes: p.Upvotes, Downvotes: p.Downvotes,
			}
		}
		return out, err
	}
}

type userEngagementView struct {
	Date           string   `json:"date" format:"date" doc:"A day of the reader's, which counts as a whole also when the window begins within it."`
	DAU            int64    `json:"dau" doc:"Different users who asked on the day. Evaluation runs are no activity."`
	WAU            int64    `json:"wau" doc:"Different users who asked on the 7 days that end with this one, also before start_date."`
	MAU            int64    `json:"mau" doc:"Different users who asked on the 30 days that end with this one, also before start_date."`
	Stickiness     *float64 `json:"stickiness" doc:"dau / mau; null when mau is 0."`
	NewUsers       int64    `json:"new_users" doc:"Of dau, those who asked for the first time, among all that the filters select."`
	ReturningUsers int64    `json:"returning_users" doc:"The others of dau."`
}

func (a *API) userEngagement(ctx context.Context, r figuresRequest) ([]userEngagementView, error) {
	days, err := a.service.UserEngagement(ctx, actor.From(ctx), r.period(), r.filter())
	out := make([]userEngagementView, len(days))
	for i, d := range days {
		out[i] = userEngagementView{
			Date: d.Date.Format(time.DateOnly), DAU: d.Daily, WAU: d.Weekly, MAU: d.Monthly, NewUsers: d.New, ReturningUsers: d.Daily - d.New,
		}
		if d.Monthly > 0 {
			stickiness := float64(d.Daily) / float64(d.Monthly)
			out[i].Stickiness = &stickiness
		}
	}
	return out, err
}

type engagementView struct {
	rankedView
	Queries      int64    `json:"queries" doc:"Questions that were asked, however they ended. Evaluation runs are left out of this row."`
	Threads      int64    `json:"threads" doc:"Different threads with a question."`
	ActiveDays   int64    `json:"active_days" doc:"Days of the reader's with a question."`
	LastActiveOn web.Time `json:"last_active_on" doc:"When the last question in the window was asked."`
	Upvotes      int64    `json:"upvotes" doc:"On answers to these questions, as they stand now."`
	Downvotes    int64    `json:"downvotes" doc:"On answers to these questions, as they stand now."`
}

// engagement is a leaderboard: the most queries first, then by id.
func (a *API) engagement(k core.Kind) web.Handler[boardRequest, []engagementView] {
	return func(ctx context.Context, r boardRequest) ([]engagementView, error) {
		list, err := a.service.Leaderboard(ctx, actor.From(ctx), r.period(), r.filter(), k, core.ByQueries, r.limit())
		out := make([]engagementView, len(list))
		for i, l := range list {
			out[i] = engagementView{
				rankedView: showRanked(l), Queries: l.Queries, Threads: l.Threads, ActiveDays: l.ActiveDays,
				LastActiveOn: web.At(l.LastActive), Upvotes: l.Upvotes, Downvotes: l.Downvotes,
			}
		}
		return out, err
	}
}

type recentView struct {
	rankedView
	LastActiveOn web.Time `json:"last_active_on" doc:"When the last question in the window was asked."`
}

// recent lists the latest activity first, then by id.
func (a *API) recent(k core.Kind) web.Handler[boardRequest, []recentView] {
	return func(ctx context.Context, r boardRequest) ([]recentView, error) {
		list, err := a.service.Leaderboard(ctx, actor.From(ctx), r.period(), r.filter(), k, core.ByLatest, r.limit())
		out := make([]recentView, len(list))
		for i, l := range list {
			out[i] = recentView{rankedView: showRanked(l), LastActiveOn: web.At(l.LastActive)}
		}
		return out, err
	}
}
