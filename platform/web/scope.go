package web

import (
	"net/http"
	"strings"

	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
)

// ErrKeyScope answers what the API key that was sent is too narrow for. No
// module answers it; its code is a promise to clients, whatever it begins with.
var ErrKeyScope = apperr.New(apperr.Forbidden, "users.key_scope", "The API key does not reach this operation; use one with a wider scope, or sign in.")

// KeyGroup is the name under which an API key names the operations of a group
// of routes: "API key" becomes "api_key".
func KeyGroup(group string) string {
	return strings.ReplaceAll(strings.ToLower(group), " ", "_")
}

func reads(method string) bool { return method == http.MethodGet }

// errUnrestrictedKeyOnly answers what only a session or a key of scope all manages.
var errUnrestrictedKeyOnly = ErrKeyScope.WithMessage("Passwords, addresses, levels and API keys are managed with a session, or with an API key of scope all.")

// mayCall checks what the route itself says about callers, before its handler
// looks at any object.
func (r *Route) mayCall(who actor.Actor) error {
	switch {
	case who.Scope.Unrestricted():
	case r.Policy.unrestrictedKeyOnly:
		return errUnrestrictedKeyOnly
	case !who.Scope.Allows(KeyGroup(r.Group), reads(r.Method)) && who.Scope.Kind == actor.ScopeReadOnly:
		return ErrKeyScope.WithMessage("The API key may only read; use one with a wider scope, or sign in.")
	case !who.Scope.Allows(KeyGroup(r.Group), reads(r.Method)):
		return ErrKeyScope.WithMessage("The API key does not reach this operation of the group " + KeyGroup(r.Group) + "; use one with a wider scope, or sign in.")
	}
	if who.Level < r.Policy.least {
		return ErrForbidden
	}
	return nil
}

// maySend checks what the caller's key may say in a body.
func (r *Route) maySend(who actor.Actor, value func(field string) (any, bool)) error {
	if who.Scope.Unrestricted() {
		return nil
	}
	for _, w := range r.Policy.unrestrictedKeyNeeds {
		if v, sent := value(w.Field); sent && (w.Value == nil || v == w.Value) {
			return errUnrestrictedKeyOnly.WithField(w.Field, "is beyond the API key")
		}
	}
	return nil
}
