package httpv1

import (
	"context"

	"parley/modules/users"
	"parley/modules/users/internal/core"
	"parley/modules/users/userswire"
	"parley/platform/kernel/actor"
)

// emailView is the address that a request without credentials was about, as
// it was sent: nothing that the server knows.
type emailView struct {
	_ struct{} `schema:"EmailAddress"`

	Email string `json:"email"`
}

type resetRequest struct {
	Body struct {
		Email string `json:"email" minLength:"1" maxLength:"254"`
	}
}

func (a *API) requestReset(ctx context.Context, r resetRequest) (emailView, error) {
	return emailView{Email: r.Body.Email}, a.service.RequestReset(ctx, r.Body.Email, attempt(ctx))
}

type confirmResetRequest struct {
	Body struct {
		Token       string `json:"token" minLength:"1" maxLength:"200" doc:"From the mail."`
		NewPassword string `json:"new_password" maxLength:"1024" doc:"8 to 256 characters."`
	}
}

func (a *API) confirmReset(ctx context.Context, r confirmResetRequest) (emailView, error) {
	u, err := a.service.ConfirmReset(ctx, r.Body.Token, r.Body.NewPassword, attempt(ctx))
	return emailView{Email: u.Email}, err
}

type signUpRequest struct {
	Body struct {
		Email    string `json:"email" minLength:"1" maxLength:"254" doc:"Of the domain of an organization that takes sign-ups."`
		Password string `json:"password" maxLength:"1024" doc:"8 to 256 characters."`
		FullName string `json:"full_name" maxLength:"300" doc:"The last word becomes the last name."`
	}
}

func (a *API) signUp(ctx context.Context, r signUpRequest) (emailView, error) {
	asked := core.NewSignUp{Email: r.Body.Email, Password: r.Body.Password, FullName: r.Body.FullName}
	return emailView{Email: r.Body.Email}, a.service.SignUp(ctx, asked, attempt(ctx))
}

type verifyRequest struct {
	Body struct {
		Token    string `json:"token" minLength:"1" maxLength:"200" doc:"From the mail."`
		Password string `json:"password" maxLength:"1024" doc:"The one that was chosen at the sign-up."`
	}
}

func (a *API) verifyAddress(ctx context.Context, r verifyRequest) (emailView, error) {
	u, err := a.service.VerifyAddress(ctx, r.Body.Token, r.Body.Password, attempt(ctx))
	return emailView{Email: u.Email}, err
}

func (a *API) invite(ctx context.Context, r getRequest) (userswire.User, error) {
	return a.shown(ctx, func(who actor.Actor) (users.User, error) { return a.service.Invite(ctx, who, r.UserID) })
}
