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
	Count       int64          `json:"count" doc:"How often it happened. Like refusals within an hour are one entry."`
	LastOn      *web.Time      `json:"last_on" doc:"When the last one was counted; null for an entry of one."`
	Position    int64          `json:"position" doc:"Where it stands among the lines; 0 until somebody reads them. An entry that is counted further gets another."`
}

func showEntry(e core.AuditEntry) auditView {
	v := auditView{
		ID: e.ID, User: e.UserID, Action: e.Action, Target: e.Target, Subjects: e.Subjects, Detail: map[string]any{}, FromAddress: e.FromAddress,
		Outcome: e.Outcome, Status: e.Status, Code: e.Code, RequestID: e.RequestID, CreatedOn: web.At(e.At),
		Count: e.Count, LastOn: web.AtOrNil(e.LastAt), Position: e.Position,
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
	After  *int64     `query:"after" minimum:"0" doc:"Of lines (Accept: application/x-ndjson): the position behind which to go on; 0 at first."`
	Accept string     `header:"Accept" maxLength:"1000"`
}

func (a *API) auditLog(ctx context.Context, r auditRequest) (web.ListOrLines[auditView], error) {
	filter := core.AuditFilter{UserID: r.UserID, Action: r.Action, From: r.From, To: r.To}
	lines := web.WantsLines(r.Accept)
	p := r.Request()
	switch {
	case lines && (p.Keyset() || p.Number > 1):
		return web.ListOrLines[auditView]{}, web.ErrUnacceptable.WithMessage("Lines go on behind a position; send after, not page or cursor.").
			WithField("after", "is missing")
	case !lines && r.After != nil:
		return web.ListOrLines[auditView]{}, web.ErrUnacceptable.WithMessage("A position is for lines; send Accept: "+web.LinesType+".").
			WithField("after", "is for lines alone")
	case !lines:
		found, err := a.service.AuditLog(ctx, actor.From(ctx), filter, p)
		if err != nil {
			return web.ListOrLines[auditView]{}, err
		}
		return web.ListOrLines[auditView]{List: web.Listed(found, showEntry)}, nil
	}
	after := int64(0)
	if r.After != nil {
		after = *r.After
	}
	found, next, err := a.service.AuditFeed(ctx, actor.From(ctx), filter, after, p.Limit())
	if err != nil {
		return web.ListOrLines[auditView]{}, err
	}
	out := &web.Lines[auditView]{Position: next, Items: make([]auditView, len(found))}
	for i, e := range found {
		out.Items[i] = showEntry(e)
	}
	return web.ListOrLines[auditView]{Lines: out}, nil
}
