// Package httpv1 is the analytics module's part of the V1 API.
package httpv1

import (
	"context"
	"time"

	"parley/modules/analytics/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// API has the handlers.
type API struct{ service *core.Service }

// New returns the handlers over the use cases.
func New(s *core.Service) *API { return &API{service: s} }

// Routes are the module's operations.
func (a *API) Routes() []web.Route {
	admins := web.AnyAdmin().Note("admins of a part see their part")
	return web.Group("Analytics",
		web.GET("/api/analytics/tokens/date", "Get Tokens by Date", a.tokensByDate,
			admins,
			web.Message("Tokens retrieved successfully."),
		),
		web.GET("/api/analytics/total-count", "Get Total Count", a.totalCount,
			admins,
			web.Message("Total count retrieved successfully."),
		),
	)
}

// figuresRequest is what every figure can be asked with.
type figuresRequest struct {
	StartDate   string `query:"start_date" maxLength:"40" doc:"First date (2024-10-02), or an exact date-time (2024-10-02T00:02:24Z)."`
	EndDate     string `query:"end_date" maxLength:"40" doc:"Last date or date-time, included; today when not given."`
	Days        int    `query:"days" minimum:"1" maximum:"1830" doc:"Instead of the dates: that many days up to today; 30 when nothing is given."`
	TZ          string `query:"tz" maxLength:"64" doc:"IANA time zone whose days are meant, such as Europe/Berlin; UTC when not given."`
	AgentID     int64  `query:"agent_id" minimum:"1"`
	UserID      int64  `query:"user_id" minimum:"1"`
	TeamID      int64  `query:"team_id" minimum:"1"`
	ProjectID   int64  `query:"project_id" minimum:"1"`
	QuerySource string `query:"query_source" maxLength:"100"`
	Model       string `query:"model" maxLength:"200"`
}

func (r figuresRequest) period() core.Period {
	return core.Period{Start: r.StartDate, End: r.EndDate, Days: r.Days, Zone: r.TZ}
}

func (r figuresRequest) filter() core.Filter {
	return core.Filter{
		AgentID: r.AgentID, UserID: r.UserID, TeamID: r.TeamID, ProjectID: r.ProjectID, QuerySource: r.QuerySource, Model: r.Model,
	}
}

type totalCountView struct {
	Users       int64  `json:"users" doc:"That exist now, as the next five; the filters don't apply to these. For an admin of a part: who ever asked in it."`
	ActiveUsers int64  `json:"active_users" doc:"Who asked in the period. Evaluation runs are left out here and in queries."`
	Teams       int64  `json:"teams"`
	Projects    int64  `json:"projects"`
	Agents      int64  `json:"agents"`
	Corpora     int64  `json:"corpora" doc:"Corpora and documents belong to the organization as a whole: 0 for an admin of a part."`
	Documents   int64  `json:"documents"`
	Threads     int64  `json:"threads" doc:"Begun in the period. They match every query_source and model."`
	Queries     int64  `json:"queries"`
	Upvotes     int64  `json:"upvotes"`
	Downvotes   int64  `json:"downvotes"`
	TotalTokens int64  `json:"total_tokens"`
	Cost        string `json:"cost" doc:"Dollars, as a decimal."`
}

func (a *API) totalCount(ctx context.Context, r figuresRequest) (totalCountView, error) {
	o, err := a.service.TotalCount(ctx, actor.From(ctx), r.period(), r.filter())
	return totalCountView{
		Users: o.Existing[core.User], ActiveUsers: o.ActiveUsers, Teams: o.Existing[core.Team], Projects: o.Existing[core.Project],
		Agents: o.Existing[core.Agent], Corpora: o.Existing[core.Corpus], Documents: o.Existing[core.Document], Threads: o.Threads,
		Queries: o.Queries, Upvotes: o.Upvotes, Downvotes: o.Downvotes, TotalTokens: o.TotalTokens, Cost: o.Cost.String(),
	}, err
}

type tokensOfDayView struct {
	Date             string `json:"date" format:"date" doc:"A day of the reader's."`
	PromptTokens     int64  `json:"prompt_tokens"`
	CompletionTokens int64  `json:"completion_tokens"`
	TotalTokens      int64  `json:"total_tokens"`
	Cost             string `json:"cost" doc:"Dollars, as a decimal."`
}

func (a *API) tokensByDate(ctx context.Context, r figuresRequest) ([]tokensOfDayView, error) {
	days, err := a.service.TokensByDate(ctx, actor.From(ctx), r.period(), r.filter())
	out := make([]tokensOfDayView, len(days))
	for i, d := range days {
		out[i] = tokensOfDayView{
			Date: d.Date.Format(time.DateOnly), PromptTokens: d.PromptTokens, CompletionTokens: d.CompletionTokens,
			TotalTokens: d.PromptTokens + d.CompletionTokens, Cost: d.Cost.String(),
		}
	}
	return out, err
}
