package httpv1

import (
	"context"
	"time"

	"parley/modules/users/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/web"
)

// keyView is an API key as the API shows it.
type keyView struct {
	_ struct{} `schema:"APIKey"`

	ID         int64                  `json:"id"`
	Name       string                 `json:"name"`
	User       int64                  `json:"user"`
	Hint       string                 `json:"hint" doc:"How the key ends."`
	Scope      actor.ScopeKind        `json:"scope"`
	Groups     map[string]actor.Reach `json:"groups" doc:"What a restricted key reaches."`
	ExpiresOn  *web.Time              `json:"expires_on"`
	LastUsedOn *web.Time              `json:"last_used_on" doc:"Right to about a minute."`
	web.Audit
}

// newKeyView has the key itself, once.
type newKeyView struct {
	_ struct{} `schema:"NewAPIKey"`

	keyView
	Key string `json:"key,omitempty" doc:"Send it as Ocp-Apim-Subscription-Key. It can't be shown again; the answer to a repeated request is without it."`
}

// WithoutSecrets implements web.ShownOnce.
func (v newKeyView) WithoutSecrets() any { return v.keyView }

func showKey(k core.APIKey) keyView {
	v := keyView{
		ID: k.ID, Name: k.Name, User: k.UserID, Hint: k.Hint, Scope: k.Scope.Kind, Groups: k.Scope.Groups,
		ExpiresOn: web.AtOrNil(k.ExpiresOn), LastUsedOn: web.AtOrNil(k.LastUsedOn), Audit: web.ShowAudit(k.Audit),
	}
	if v.Groups == nil {
		v.Groups = map[string]actor.Reach{}
	}
	return v
}

type createKeyRequest struct {
	Body struct {
		Name      string            `json:"name" minLength:"1" maxLength:"150"`
		UserID    int64             `json:"user_id,omitempty" minimum:"1" doc:"A service user, by an admin; else one's own id or nothing."`
		Scope     string            `json:"scope" enum:"all,read_only,restricted"`
		Groups    map[string]string `json:"groups,omitempty" doc:"Of a restricted key: none, read (GET) or write, by group. What is not named is none."`
		ExpiresOn *time.Time        `json:"expires_on,omitempty"`
	}
}

func (a *API) createKey(ctx context.Context, r createKeyRequest) (newKeyView, error) {
	b := r.Body
	scope := actor.Scope{Kind: actor.ScopeKind(b.Scope)}
	for group, reach := range b.Groups {
		if scope.Groups == nil {
			scope.Groups = map[string]actor.Reach{}
		}
		switch scope.Groups[group] = actor.Reach(reach); actor.Reach(reach) {
		case actor.NoReach, actor.Read, actor.Write:
		default:
			return newKeyView{}, web.ErrUnacceptable.WithMessage("The access of a group must be none, read or write.").
				WithField("groups."+group, "must be none, read or write")
		}
	}
	secret, key, err := a.service.CreateKey(ctx, actor.From(ctx), core.NewKey{Name: b.Name, UserID: b.UserID, Scope: scope, ExpiresOn: stored(b.ExpiresOn)})
	if err != nil {
		return newKeyView{}, err
	}
	return newKeyView{keyView: showKey(key), Key: secret}, nil
}

// stored is a time of a request as a store keeps it.
func stored(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	at := clock.Stored(*t)
	return &at
}

type keysRequest struct {
	web.ListQuery
	UserID int64 `query:"user_id" minimum:"1" doc:"A service user, by an admin."`
}

func (a *API) keys(ctx context.Context, r keysRequest) (web.List[keyView], error) {
	found, err := a.service.Keys(ctx, actor.From(ctx), r.UserID, r.Request())
	if err != nil {
		return web.List[keyView]{}, err
	}
	return web.Listed(found, showKey), nil
}

type keyRequest struct {
	KeyID int64 `path:"api_key_id"`
}

func (a *API) deleteKey(ctx context.Context, r keyRequest) (keyView, error) {
	key, err := a.service.DeleteKey(ctx, actor.From(ctx), r.KeyID)
	if err != nil {
		return keyView{}, err
	}
	return showKey(key), nil
}
