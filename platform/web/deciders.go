package web

import (
	"context"
	"fmt"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"slices"
)

// fits answers an error when the policy names a field that no request of the
// route has, or, where a stored answer may be asked for again, a kind of
// resource that nobody decides about.
func (s *Server) fits(r *Route) error {
	names := r.binding.names(r.request)
	known := func(name string) bool { return name == "" || slices.Contains(names, name) }
	for _, n := range r.Policy.needs {
		for _, name := range []string{n.Name, n.Self, n.When, n.KindIn} {
			if !known(name) {
				return fmt.Errorf("the policy needs %q, which the request does not have", name)
			}
		}
		if r.idempotent() && !r.ByHandler && n.KindIn == "" && len(s.deciders) > 0 && s.deciders[n.Resource] == nil {
			return fmt.Errorf("nobody decides about the resource %q of the policy", n.Resource)
		}
	}
	for _, l := range r.Policy.levels {
		if !known(l.Field) {
			return fmt.Errorf("the policy needs %q, which the request does not have", l.Field)
		}
	}
	for _, w := range r.Policy.unrestrictedKeyNeeds {
		if !known(w.Field) {
			return fmt.Errorf("the policy needs %q, which the request does not have", w.Field)
		}
	}
	return nil
}

// decidersOf are those who decide, by resource.
func decidersOf(all []access.Decider) (map[string]mayFunc, error) {
	out := map[string]mayFunc{}
	for _, d := range all {
		if out[string(d.Resource)] != nil {
			return nil, fmt.Errorf("two modules decide about the resource %s", d.Resource)
		}
		out[string(d.Resource)] = d.May
	}
	return out, nil
}

type mayFunc = func(ctx context.Context, who actor.Actor, id int64, do Action) error
