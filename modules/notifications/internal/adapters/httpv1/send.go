package httpv1

import (
	"context"

	"parley/modules/notifications/internal/core"
	"parley/platform/kernel/actor"
)

type sendRequest struct {
	UserID int64 `path:"user_id"`
	Body   struct {
		_ struct{} `schema:"NotificationRequest"`

		Title   string  `json:"title,omitempty" maxLength:"200" doc:"One line; Message when not given."`
		Message string  `json:"message" minLength:"1" maxLength:"4000" doc:"Plain text."`
		Kind    string  `json:"kind,omitempty" maxLength:"50" pattern:"^[a-z0-9_-]*$" patternDescription:"made of a-z, 0-9, _ and - alone" doc:"message when not given. The server's own kinds are refused."`
		Link    *string `json:"link,omitempty" maxLength:"2000" nullable:"true" doc:"A path of this server, which begins with one slash."`
	}
}

func (a *API) send(ctx context.Context, r sendRequest) (notificationView, error) {
	n, err := a.service.Send(ctx, actor.From(ctx), r.UserID, core.Message{Title: r.Body.Title, Text: r.Body.Message, Kind: r.Body.Kind, Link: r.Body.Link})
	return show(n), err
}
