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

// Policy says who may call a route, as data: the server reads it before it
// sends a stored answer again, the OpenAPI document and docs/api/permissions.md
// show it, and a test holds what the routes do to it. The modules' cores
// enforce its needs where they read the things themselves. The zero value is
// no policy, with which the server does not start.
type Policy struct {
	declared             bool
	public               bool
	least                actor.Level
	admins               bool // of the organization, or of any team, project or agent
	unrestrictedKeyOnly  bool
	refresh              bool
	needs                []Need
	levels               []LevelNeed
	unrestrictedKeyNeeds []UnrestrictedKeyNeed
	lists                actor.Resource
	note                 string
}

// Need is an action on the resource whose id stands in the request. Needs are
// checked in the order of their declaration: a caller who may not view the
// resource gets 404, and one who may view it but no more gets 403.
type Need struct {
	// Resource is the kind. When KindIn is set, that field of the body names it.
	Resource actor.Resource
	KindIn   string
	// Name is the path parameter, query parameter or field of the body that
	// holds the id, or a list of ids, of which each counts.
	Name   string
	Action Action
	// IfSent needs nothing when the request has no such field.
	IfSent bool
	// Level is from which level on View is enough. Without the field the level
	// itself is needed, unless IfSent.
	Level actor.Level
	// Self is the field in which the caller's own id makes SelfAction enough.
	Self       string
	SelfAction Action
	// When is a field of the body that needs this only when it has the value Is.
	When string
	Is   any // true, or a text
	// Or is another need that is enough in the place of this one, for those who
	// may view both resources. Its When says for which bodies it is.
	Or *Need
}

// LevelNeed is a level that some value of a field of the body takes.
type LevelNeed struct {
	Field string
	Value any // true, or a text
	Least actor.Level
}

// UnrestrictedKeyNeed is a field of the body that restricted API keys may not send, or not
// with that value: it makes credentials, or makes those that there are wider.
type UnrestrictedKeyNeed struct {
	Field string
	Value any // true or a text; nil means whatever it is
}

// Anyone needs no credentials; why is for the reader of the list of such routes.
func Anyone(why string) Policy { return Policy{declared: true, public: true, note: why} }

// RefreshToken allows anyone who sends the refresh token of a sign-in in place of
// credentials, which are not enough; the handler checks it.
func RefreshToken() Policy { return Policy{declared: true, public: true, refresh: true} }

// User is everybody with credentials. What they see is decided per object.
func User() Policy { return Policy{declared: true} }

// ApplicationAdmin is an application admin or a global admin.
func ApplicationAdmin() Policy { return Policy{declared: true, least: actor.ApplicationAdmin} }

// GlobalAdmin is a global admin of the organization.
func GlobalAdmin() Policy { return Policy{declared: true, least: actor.GlobalAdmin} }

// AnyAdmin is a global admin, or an admin of some team, project or agent.
func AnyAdmin() Policy { return Policy{declared: true, admins: true} }

// On allows a caller who may do action to the resource whose id is in the parameter or
// field of that name.
func On(resource actor.Resource, name string, action Action) Policy {
	return Policy{declared: true, needs: []Need{{Resource: resource, Name: name, Action: action}}}
}

// OnKind is On for a resource whose kind a field of the body names.
func OnKind(kindIn, name string, action Action) Policy {
	return Policy{declared: true, needs: []Need{{KindIn: kindIn, Name: name, Action: action}}}
}

// And needs what other needs on top, after it.
func (p Policy) And(other Policy) Policy {
	p.needs = append(append([]Need(nil), p.needs...), other.needs...)
	return p
}

func (p Policy) last(change func(*Need)) Policy {
	p.needs = append([]Need(nil), p.needs...)
	change(&p.needs[len(p.needs)-1])
	return p
}

// IfSent asks for the last need only when the request has its field.
func (p Policy) IfSent() Policy { return p.last(func(n *Need) { n.IfSent = true }) }

// OrLevel lets a level that may view the resource of the last need do without
// it. Without the need's field, that level is needed.
func (p Policy) OrLevel(l actor.Level) Policy { return p.last(func(n *Need) { n.Level = l }) }

// ForSelf makes action enough for the last need when the field of that name
// holds the caller's own id.
func (p Policy) ForSelf(name string, action Action) Policy {
	return p.last(func(n *Need) { n.Self, n.SelfAction = name, action })
}

// When asks for the last need only when a field of the body has the value.
func (p Policy) When(field string, is any) Policy {
	return p.last(func(n *Need) { n.When, n.Is = field, is })
}

// OrOn lets those who have the one need of other do without the last need, when
// the body has the value that other is about. What they may view has been asked
// for before.
func (p Policy) OrOn(other Policy) Policy {
	return p.last(func(n *Need) { n.Or = &other.needs[0] })
}

// LevelFor takes a level when a field of the body has the value.
func (p Policy) LevelFor(field string, value any, least actor.Level) Policy {
	p.levels = append(append([]LevelNeed(nil), p.levels...), LevelNeed{field, value, least})
	return p
}

// Lists says that the route answers those of a kind of resource that the
// caller may view.
func (p Policy) Lists(resource actor.Resource) Policy {
	p.lists = resource
	return p
}

// Note adds what the answer holds, for the reader. It decides about nobody.
func (p Policy) Note(text string) Policy {
	p.note = text
	return p
}

// UnrestrictedKeyOnly refuses restricted and read-only API keys: the route manages credentials.
func (p Policy) UnrestrictedKeyOnly() Policy {
	p.unrestrictedKeyOnly = true
	return p
}

// UnrestrictedKeyOnlyFor refuses restricted API keys when the field is in the body.
func (p Policy) UnrestrictedKeyOnlyFor(field string) Policy {
	return p.UnrestrictedKeyOnlyForValue(field, nil)
}

// UnrestrictedKeyOnlyForValue refuses them when the field has the value.
func (p Policy) UnrestrictedKeyOnlyForValue(field string, value any) Policy {
	p.unrestrictedKeyNeeds = append(append([]UnrestrictedKeyNeed(nil), p.unrestrictedKeyNeeds...), UnrestrictedKeyNeed{field, value})
	return p
}

// UnrestrictedKeyFields are the fields that restricted API keys may not send.
func (p Policy) UnrestrictedKeyFields() []UnrestrictedKeyNeed { return p.unrestrictedKeyNeeds }

// NeedsUnrestrictedKey reports whether restricted API keys are refused.
func (p Policy) NeedsUnrestrictedKey() bool { return p.unrestrictedKeyOnly }

// Public reports whether the route needs no credentials.
func (p Policy) Public() bool { return p.public }

// NeedsRefreshToken reports whether a refresh token takes the place of credentials.
func (p Policy) NeedsRefreshToken() bool { return p.refresh }

// Declared reports whether a policy was given at all.
func (p Policy) Declared() bool { return p.declared }

// Least is the lowest level that may call the route at all.
func (p Policy) Least() actor.Level { return p.least }

// NeedsAnyAdmin reports whether the route is for admins of something.
func (p Policy) NeedsAnyAdmin() bool { return p.admins }

// Needs are what the policy asks of the resources in the request, in order.
func (p Policy) Needs() []Need { return p.needs }

// Levels are what it asks of the caller for some values in the body.
func (p Policy) Levels() []LevelNeed { return p.levels }

// Listed is the kind of resource that the route lists as far as the caller may
// view it; "" for other routes.
func (p Policy) Listed() actor.Resource { return p.lists }
