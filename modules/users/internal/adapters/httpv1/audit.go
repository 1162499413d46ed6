package httpv1

import (
	"context"
	"encoding/json"
	"time"

	"parley/modules/users/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// auditView is a line of the audit log as the API shows it.
type auditView struct {
	_ struct{} `schema:"AuditEntry"`

	ID          int64          `json:"id"`
	User        int64          `json:"user"`
	APIKey      *int64         `json:"api_key"`
	Action      string         `json:"action" doc:"The operation, by its method and path: what this document has as its x-audit-action."`
	Target      string         `json:"target" doc:"Method and path."`
	Subjects    []string       `json:"subjects" doc:"What changed or was read, such as user/7."`
	Detail      map[string]any `json:"detail" doc:"Numbers, switches and choices of the body; the numbers of the query of a read."`
	FromAddress string         `json:"from_address"`
	Outcome     string         `json:"outcome" enum:"done,refused,failed"`
	Status      int64          `json:"status"`
	Code        string         `json:"code" doc:"Of the error; empty when done."`
	RequestID   string         `json:"request_id"`
	CreatedOn   web.Time       `json:"created_on"`
}

func showEntry(e core.AuditEntry) auditView {
	v := auditView{
		ID: e.ID, User: e.UserID, Action: e.Action, Target: e.Target, Subjects: e.Subjects, Detail: map[string]any{}, FromAddress: e.FromAddress,
		Outcome: e.Outcome, Status: e.Status, Code: e.Code, RequestID: e.RequestID, CreatedOn: web.At(e.At),
	}
	if e.KeyID != 0 {
		v.APIKey = &e.KeyID
	}
	if v.Subjects == nil {
		v.Subjects = []string{}
	}
	if e.Detail != "" && json.Unmarshal([]byte(e.Detail), &v.Detail) != nil {
		v.Detail = map[string]any{}
	}
	return v
}

type auditRequest struct {
	web.ListQuery
	UserID int64      `query:"user_id" minimum:"1"`
	Action string     `query:"action" maxLength:"200"`
	From   *time.Time `query:"from" doc:"The first moment."`
	To     *time.Time `query:"to" doc:"The moment after the last."`
}

func (a *API) auditLog(ctx context.Context, r auditRequest) (web.List[auditView], error) {
	found, err := a.service.AuditLog(ctx, actor.From(ctx), core.AuditFilter{UserID: r.UserID, Action: r.Action, From: r.From, To: r.To}, r.Request())
	if err != nil {
		return web.List[auditView]{}, err
	}
	return web.Listed(found, showEntry), nil
}
