package access

import (
	"context"
	"fmt"
	"slices"

	"parley/platform/kernel/actor"
)

// Decider decides about the resources of one kind for callers that know only
// their ids. The module that owns them provides it, as a value of the fx group
// "deciders". Kinds without roles of their own, such as a chat thread, have
// one too.
type Decider struct {
	Resource actor.Resource
	// May answers nil when the actor may do the action, an error of kind
	// NotFound when they may not view the resource, and one of kind Forbidden
	// when they may only view it.
	May func(ctx context.Context, who actor.Actor, id int64, do Action) error
}

// Deciders are those who decide, one for each kind of resource.
type Deciders []Decider

// Ask asks who decides about a kind of resource. Of a kind that nobody decides
// about nothing is known, which is an error.
func (all Deciders) Ask(ctx context.Context, kind actor.Resource, who actor.Actor, id int64, do Action) error {
	i := all.of(kind)
	if i < 0 {
		return fmt.Errorf("nobody decides about the resource %q", kind)
	}
	return all[i].May(ctx, who, id, do)
}

// Know reports whether somebody decides about a kind of resource.
func (all Deciders) Know(kind actor.Resource) bool { return all.of(kind) >= 0 }

func (all Deciders) of(kind actor.Resource) int {
	return slices.IndexFunc(all, func(d Decider) bool { return d.Resource == kind })
}

// Check answers an error when two decide about one kind of resource.
func (all Deciders) Check() error {
	for i, d := range all {
		if all.of(d.Resource) != i {
			return fmt.Errorf("two modules decide about the resource %s", d.Resource)
		}
	}
	return nil
}

// Deciding is the Decider of resources whose module answers a Decision, or an
// error of kind NotFound.
func Deciding(resource actor.Resource, refused error, decide func(ctx context.Context, who actor.Actor, id int64) (Decision, error)) Decider {
	return Decider{Resource: resource, May: func(ctx context.Context, who actor.Actor, id int64, do Action) error {
		d, err := decide(ctx, who, id)
		if err == nil && !d.Allowed.May(do) {
			return refused
		}
		return err
	}}
}
