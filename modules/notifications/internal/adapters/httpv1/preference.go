package httpv1

import (
	"context"

	"parley/modules/notifications/internal/core"
	"parley/platform/kernel/actor"
)

// preferenceView is what a user has chosen, with all that there is to choose.
type preferenceView struct {
	Muted []string             `json:"muted" doc:"Kinds that one is not told of at all."`
	Mail  map[string]core.Mail `json:"mail" doc:"When each kind is sent by e-mail: off, at_once or digest."`
	Kinds []string             `json:"kinds" doc:"All kinds. The kind message stands for all that people send."`
}

func showPreference(p core.Preference) preferenceView {
	v := preferenceView{Muted: append([]string{}, p.Muted...), Mail: map[string]core.Mail{}, Kinds: core.Kinds}
	for _, kind := range core.Kinds {
		v.Mail[kind] = p.Chosen(kind)
	}
	return v
}

func (a *API) preference(ctx context.Context, _ struct{}) (preferenceView, error) {
	p, err := a.service.Preference(ctx, actor.From(ctx))
	return showPreference(p), err
}

type preferRequest struct {
	Body struct {
		_ struct{} `schema:"NotificationPreferenceRequest"`

		Muted *[]string            `json:"muted,omitempty" maxItems:"50" doc:"In place of the kinds that were muted."`
		Mail  map[string]core.Mail `json:"mail,omitempty" maxProperties:"50" doc:"When kinds are sent by e-mail: off, at_once or digest. Those that it does not name stay as they are."`
	}
}

func (a *API) prefer(ctx context.Context, r preferRequest) (preferenceView, error) {
	p, err := a.service.Prefer(ctx, actor.From(ctx), r.Body.Muted, r.Body.Mail)
	return showPreference(p), err
}
