package web

import (
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
)

// Action is what a caller does to a resource: the decision's own word.
type Action = access.Action

// The actions of the access decision.
const (
	View   = access.View
	Run    = access.Run
	Edit   = access.Edit
	Manage = access.Manage
	Delete = access.Delete
)

// Policy says who may call a route. The zero value is no policy, with which
// the server does not start.
type Policy struct {
	declared bool
	public   bool
	least    actor.Level
	resource string
	param    string
	action   Action
	note     string
	whole    bool
}

// Anyone needs no credentials; why is for the reader of the list of such routes.
func Anyone(why string) Policy { return Policy{declared: true, public: true, note: why} }

// User is everybody with credentials. What they see is decided per object.
func User() Policy { return Policy{declared: true} }

// ApplicationAdmin is an application admin or a global admin.
func ApplicationAdmin() Policy { return Policy{declared: true, least: actor.ApplicationAdmin} }

// GlobalAdmin is a global admin of the organization.
func GlobalAdmin() Policy { return Policy{declared: true, least: actor.GlobalAdmin} }

// On is whoever may do action to the resource whose id is the path parameter
// param. The module's core enforces it: 404 for whoever may not even view it,
// 403 for who may view it but no more.
func On(resource, param string, action Action) Policy {
	return Policy{declared: true, resource: resource, param: param, action: action}
}

// Note adds a rule in words that the table can't hold.
func (p Policy) Note(rule string) Policy {
	p.note = rule
	return p
}

// Whole refuses API keys that narrow anything: the route manages credentials.
func (p Policy) Whole() Policy {
	p.whole = true
	return p
}

// NeedsWhole reports whether narrowed API keys are refused.
func (p Policy) NeedsWhole() bool { return p.whole }

// Public reports whether the route needs no credentials.
func (p Policy) Public() bool { return p.public }

// Declared reports whether a policy was given at all.
func (p Policy) Declared() bool { return p.declared }

// String is the policy in one line, for documents.
func (p Policy) String() string {
	s := "any user"
	switch {
	case !p.declared:
		return "none"
	case p.public:
		s = "anyone, without credentials"
	case p.resource != "":
		s = string(p.action) + " on the " + p.resource
	case p.least == actor.ApplicationAdmin:
		s = "application admin"
	case p.least == actor.GlobalAdmin:
		s = "global admin"
	}
	if p.note != "" {
		s += " (" + p.note + ")"
	}
	if p.whole {
		s += ", with a session or an API key of scope all"
	}
	return s
}

// Least is the lowest level that may call the route at all.
func (p Policy) Least() actor.Level { return p.least }

// Target is the resource that the policy is about, the path parameter with
// its id, and what is done to it; ok is false when it is about none.
func (p Policy) Target() (resource, param string, action Action, ok bool) {
	return p.resource, p.param, p.action, p.resource != ""
}

// Noted is the rule in words that comes on top; "" when the table says all.
func (p Policy) Noted() string { return p.note }
