package web

import (
	"fmt"
	"slices"

	"parley/platform/kernel/actor"
)

// fits answers an error when the policy names a field that no request of the
// route has, or a kind of resource that nobody decides about.
func (s *Server) fits(r *Route) error {
	names := r.binding.names()
	known := func(name string) bool { return name == "" || slices.Contains(names, name) }
	for _, n := range r.Policy.all() {
		for _, name := range []string{n.Name, n.Self, n.When, n.KindIn} {
			if !known(name) {
				return fmt.Errorf("the policy needs %q, which the request does not have", name)
			}
		}
	}
	for _, kind := range r.Policy.kinds() {
		// A server of one module alone, in a test, has no deciders at all.
		if deciders := s.config.Deciders; len(deciders) > 0 && !deciders.Know(kind) {
			return fmt.Errorf("nobody decides about the resource %q of the policy", kind)
		}
	}
	for _, value := range r.Policy.values() {
		if err := ofBody(value); err != nil {
			return err
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

// ofBody answers an error for a value that no field of a JSON body can have:
// what is decoded of one is true or a text, and a text of a type of its own equals
// neither.
func ofBody(value any) error {
	switch value.(type) {
	case nil, bool, string:
		return nil
	}
	return fmt.Errorf("the policy compares a field with %v, which is a %T and neither a switch nor a text", value, value)
}

// all are the needs with those that are enough in their place.
func (p Policy) all() []Need {
	var out []Need
	for _, n := range p.needs {
		if out = append(out, n); n.Or != nil {
			out = append(out, *n.Or)
		}
	}
	return out
}

// kinds are the kinds of resource that a policy names by itself; those that a
// field of the body names are the caller's choice.
func (p Policy) kinds() []actor.Resource {
	var out []actor.Resource
	for _, n := range p.all() {
		if n.KindIn == "" {
			out = append(out, n.Resource)
		}
	}
	if p.lists != "" {
		out = append(out, p.lists)
	}
	return out
}

// values are what the policy compares fields with.
func (p Policy) values() []any {
	var out []any
	for _, n := range p.all() {
		out = append(out, n.Is)
	}
	for _, l := range p.levels {
		out = append(out, l.Value)
	}
	for _, w := range p.unrestrictedKeyNeeds {
		out = append(out, w.Value)
	}
	return out
}
