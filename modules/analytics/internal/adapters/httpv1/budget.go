package httpv1

import (
	"context"

	"parley/modules/analytics/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// budgetRoutes are the operations of the token budget of an organization.
func (a *API) budgetRoutes() []web.Route {
	return []web.Route{
		web.GET("/api/analytics/budget", "Get Token Budget", a.budget,
			web.GlobalAdmin(),
			web.Message("Token budget retrieved successfully."),
			web.Refuses(404),
		),
		web.PUT("/api/analytics/budget", "Set Token Budget", a.setBudget,
			web.GlobalAdmin(),
			web.Message("Token budget set successfully."),
		),
		web.DELETE("/api/analytics/budget", "Remove Token Budget", a.removeBudget,
			web.GlobalAdmin(),
			web.Message("Token budget removed successfully."),
			web.Refuses(404),
		),
	}
}

// budgetView is a budget as the API shows it.
type budgetView struct {
	_ struct{} `schema:"TokenBudget"`

	Tokens        int64    `json:"tokens" doc:"How many tokens the organization means to use in a calendar month of UTC, prompts and answers together, evaluations included."`
	WarnAtPercent int64    `json:"warn_at_percent" doc:"Of the tokens: who is told that the budget is nearly used is told at this percentage."`
	Used          int64    `json:"used" doc:"Tokens that were used in the period until now."`
	Period        string   `json:"period" doc:"The current calendar month of UTC, such as 2026-11."`
	ResetsOn      web.Time `json:"resets_on" doc:"When the next period begins."`
	web.Audit
}

func showBudget(u core.Used) budgetView {
	return budgetView{
		Tokens: u.Tokens, WarnAtPercent: u.WarnAtPercent, Used: u.Used, Period: u.Month.String(), ResetsOn: web.At((u.Month + 1).Start()),
		Audit: web.ShowAudit(u.Audit),
	}
}

func (a *API) budget(ctx context.Context, _ struct{}) (budgetView, error) {
	u, err := a.service.Budget(ctx, actor.From(ctx))
	return showBudget(u), err
}

type budgetRequest struct {
	Body struct {
		Tokens        int64  `json:"tokens" minimum:"1" maximum:"1000000000000000" doc:"In a calendar month of UTC."`
		WarnAtPercent *int64 `json:"warn_at_percent,omitempty" minimum:"1" maximum:"100" doc:"80 when not given."`
	}
}

func (a *API) setBudget(ctx context.Context, r budgetRequest) (budgetView, error) {
	warn := int64(core.DefaultWarn)
	if r.Body.WarnAtPercent != nil {
		warn = *r.Body.WarnAtPercent
	}
	u, err := a.service.SetBudget(ctx, actor.From(ctx), r.Body.Tokens, warn)
	return showBudget(u), err
}

func (a *API) removeBudget(ctx context.Context, _ struct{}) (budgetView, error) {
	u, err := a.service.RemoveBudget(ctx, actor.From(ctx))
	return showBudget(u), err
}
