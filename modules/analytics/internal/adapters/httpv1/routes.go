// Package httpv1 is the analytics module's part of the V1 API.
package httpv1

import (
	"parley/modules/analytics/internal/core"
	"parley/platform/web"
)

// API has the handlers.
type API struct{ service *core.Service }

// New returns the handlers over the use cases.
func New(s *core.Service) *API { return &API{service: s} }

// Routes are the module's operations.
func (a *API) Routes() []web.Route {
	return web.Group("Analytics", append(a.budgetRoutes(),
		get("/tokens/date", "Get Tokens by Date", "Tokens", a.tokensByDate),
		get("/tokens/segment", "Get Tokens by Segment", "Tokens", a.tokensBySegment),
		get("/tokens/user", "Get User Tokens", "Tokens", a.tokens(core.User)),
		get("/tokens/agent", "Get Agent Tokens", "Tokens", a.tokens(core.Agent)),
		get("/tokens/team", "Get Team Tokens", "Tokens", a.tokens(core.Team)),
		get("/query-count/date", "Get Query Count by Date", "Query count", a.queriesByDate),
		get("/query-count/segment", "Get Query Count by Segment", "Query count", a.queriesBySegment),
		get("/total-count", "Get Total Count", "Total count", a.totalCount),
		get("/chat-engagement/daily", "Get Daily Chat Engagement", "Chat engagement", a.chatEngagement(core.Daily)),
		get("/chat-engagement/weekly", "Get Weekly Chat Engagement", "Chat engagement", a.chatEngagement(core.Weekly)),
		get("/chat-engagement/monthly", "Get Monthly Chat Engagement", "Chat engagement", a.chatEngagement(core.Monthly)),
		get("/user-engagement", "Get User Engagement", "User engagement", a.userEngagement),
		get("/chatlog-tokens/daily", "Get Daily Chatlog Tokens", "Chatlog tokens", a.chatlogTokens(core.Daily)),
		get("/chatlog-tokens/weekly", "Get Weekly Chatlog Tokens", "Chatlog tokens", a.chatlogTokens(core.Weekly)),
		get("/chatlog-tokens/monthly", "Get Monthly Chatlog Tokens", "Chatlog tokens", a.chatlogTokens(core.Monthly)),
		get("/agent-engagement", "Get Agent Engagement", "Engagement", a.engagement(core.Agent)),
		get("/engagement/team", "Get Engagement by Team", "Engagement", a.engagement(core.Team)),
		get("/engagement/user", "Get Engagement by User", "Engagement", a.engagement(core.User)),
		get("/recent-agents", "Get Recently Active Agents", "Recent agents", a.recent(core.Agent)),
		get("/recent-users", "Get Recent Users", "Recent users", a.recent(core.User)),
	)...)
}

// get is one operation. All are for the same callers, and all have both forms.
func get[Q, A any](path, name, what string, h web.Handler[Q, A]) web.Route {
	return web.GET("/api/analytics"+path, name, h,
		web.AnyAdmin().Note("admins of a part see their part"),
		web.Message(what+" retrieved successfully."),
		web.CSV(),
	)
}

// figuresRequest is what every figure can be asked with.
type figuresRequest struct {
	StartDate   string `query:"start_date" maxLength:"40" doc:"First date (2024-10-02), or an exact date-time (2024-10-02T00:02:24Z)."`
	EndDate     string `query:"end_date" maxLength:"40" doc:"Last date or date-time, included; today when not given."`
	Days        int    `query:"days" minimum:"1" maximum:"1830" doc:"Instead of the dates: that many days up to today; 30 when nothing is given."`
	TZ          string `query:"tz" maxLength:"64" doc:"IANA time zone whose days are meant, such as Europe/Berlin; UTC when not given."`
	AgentID     int64  `query:"agent_id" minimum:"1" doc:"Only what was asked of this agent."`
	UserID      int64  `query:"user_id" minimum:"1" doc:"Only what this user asked."`
	TeamID      int64  `query:"team_id" minimum:"1" doc:"Only what was asked in this team: of an agent whose project belonged to it at that moment."`
	ProjectID   int64  `query:"project_id" minimum:"1" doc:"Only what was asked in this project: of an agent that belonged to it at that moment."`
	QuerySource string `query:"query_source" maxLength:"100" doc:"Only what came from this source, such as api. Begun threads have none and match every one."`
	Model       string `query:"model" maxLength:"200" doc:"Only what this model did: questions that it answered, tokens that it used. Begun threads match every one."`
}

func (r figuresRequest) period() core.Period {
	return core.Period{Start: r.StartDate, End: r.EndDate, Days: r.Days, Zone: r.TZ}
}

func (r figuresRequest) filter() core.Filter {
	return core.Filter{
		AgentID: r.AgentID, UserID: r.UserID, TeamID: r.TeamID, ProjectID: r.ProjectID, QuerySource: r.QuerySource, Model: r.Model,
	}
}

// boardRequest is what a list that is cut off can be asked with.
type boardRequest struct {
	figuresRequest
	Limit int `query:"limit" minimum:"1" maximum:"10000" doc:"At most that many rows, the first of the order; 1000 when not given."`
}

const defaultLimit = 1000

func (r boardRequest) limit() int {
	if r.Limit == 0 {
		return defaultLimit
	}
	return r.Limit
}

// segmentRequest is what segments can be asked with.
type segmentRequest struct {
	boardRequest
	Segment string `query:"segment" enum:"query_source,model,agent_type,project,team" doc:"What to divide by; query_source when not given."`
}

func (r segmentRequest) dimension() core.Dimension {
	if r.Segment == "" {
		return core.ByQuerySource
	}
	return core.Dimension(r.Segment)
}
