package httpv1

import (
	"context"
	_ "embed" // the page

	"parley/modules/notifications/internal/core"
	"parley/platform/web"
)

//go:embed unsubscribe.html
var unsubscribePage string

// Pages are what people open from a mail. Opening changes nothing, because
// programs that look for harmful links open them, too.
func (a *API) Pages() []web.Page {
	return []web.Page{{Path: core.UnsubscribePath, HTML: unsubscribePage}}
}

type unsubscribeRequest struct {
	Token string `query:"token" required:"true" maxLength:"2000" doc:"From the link of the mail."`
}

// unsubscribedView is which mails have ended.
type unsubscribedView struct {
	_ struct{} `schema:"Unsubscribed"`

	Kinds []string `json:"kinds" doc:"The kinds that were in the mail. They are no longer sent by e-mail, and still come to the inbox."`
}

func (a *API) unsubscribe(ctx context.Context, r unsubscribeRequest) (unsubscribedView, error) {
	kinds, err := a.service.Unsubscribe(ctx, r.Token)
	return unsubscribedView{Kinds: kinds}, err
}
