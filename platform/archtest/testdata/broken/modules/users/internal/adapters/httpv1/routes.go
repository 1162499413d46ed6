// Package httpv1 spells kinds of resources as text.
package httpv1

import (
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

const seat actor.Resource = "seat" // want kinds

var (
	spelled   = web.On("user", "user_id", web.View)            // want kinds
	listed    = web.User().Lists("user")                       // want kinds
	converted = web.On(actor.Resource("user"), "id", web.View) // want kinds
	granted   = actor.Grant{Resource: "team", ID: 1}           // want kinds
	named     = web.On(actor.Account, "user_id", web.View)     // allowed
	sent      = actor.Resource(kind)                           // a body names it
)
