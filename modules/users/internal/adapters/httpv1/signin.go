package httpv1

import (
	"context"
	"strings"

	"parley/modules/users/internal/core"
	"parley/platform/web"
)

type signInRequest struct {
	Form struct {
		Username     string `form:"username" required:"true" maxLength:"254" doc:"E-mail address."`
		Password     string `form:"password" required:"true" maxLength:"1024"`
		GrantType    string `form:"grant_type" maxLength:"100" doc:"Accepted and ignored, as are the next three."`
		Scope        string `form:"scope" maxLength:"1000"`
		ClientID     string `form:"client_id" maxLength:"1000"`
		ClientSecret string `form:"client_secret" maxLength:"1000"`
	}
}

// tokenView is the one answer without an envelope: what OAuth 2 clients expect.
type tokenView struct {
	_ struct{} `schema:"Tokens"`

	AccessToken       string   `json:"access_token" doc:"Only gets a new pair of tokens."`
	EjentoAccessToken string   `json:"ejento_access_token" doc:"Opens the platform."`
	TokenType         string   `json:"token_type"`
	ExpiresOn         web.Time `json:"expires_on"`
}

func showPair(p core.Pair) tokenView {
	return tokenView{AccessToken: p.Refresh, EjentoAccessToken: p.Access, TokenType: "bearer", ExpiresOn: web.At(p.ExpiresOn)}
}

func (a *API) signIn(ctx context.Context, r signInRequest) (tokenView, error) {
	pair, err := a.service.SignIn(ctx, r.Form.Username, r.Form.Password, attempt(ctx))
	return showPair(pair), err
}

// attempt is where the request of ctx comes from.
func attempt(ctx context.Context) core.Attempt {
	return core.Attempt{From: web.ClientAddress(ctx), Request: web.RequestID(ctx)}
}

type refreshRequest struct {
	Authorization string `header:"Authorization" maxLength:"4096" doc:"Bearer and the access_token of a sign-in."`
}

func (a *API) refresh(ctx context.Context, r refreshRequest) (tokenView, error) {
	scheme, token, _ := strings.Cut(r.Authorization, " ")
	if !strings.EqualFold(scheme, "bearer") {
		return tokenView{}, core.ErrCredentials
	}
	pair, err := a.service.Refresh(ctx, strings.TrimSpace(token), attempt(ctx))
	return showPair(pair), err
}
