package web

import (
	"fmt"
	"strings"

	"parley/platform/kernel/actor"
)

// String is the policy in one line, for documents.
func (p Policy) String() string {
	var parts []string
	switch {
	case !p.declared:
		return "none"
	case p.refresh:
		return "anyone who sends a refresh token as the bearer token"
	case p.public:
		parts = append(parts, "anyone, without credentials")
	case p.admins:
		parts = append(parts, "global admins, and the admins of a team, a project or an agent")
	case p.least > actor.User:
		parts = append(parts, strings.ReplaceAll(p.least.String(), "_", " "))
	case len(p.needs) == 0:
		parts = append(parts, "any user")
	}
	for _, n := range p.needs {
		parts = append(parts, n.String())
	}
	for _, l := range p.levels {
		parts = append(parts, fmt.Sprintf("%s when %s is %v", strings.ReplaceAll(l.Least.String(), "_", " "), l.Field, l.Value))
	}
	s := strings.Join(parts, ", and ")
	if p.lists != "" {
		s += " (what is listed is what one may view)"
	}
	if p.note != "" {
		s += " (" + p.note + ")"
	}
	const wide = "with a session or an API key of scope all"
	if p.unrestrictedKeyOnly {
		s += ", " + wide
	}
	if len(p.unrestrictedKeyNeeds) > 0 {
		fields := make([]string, len(p.unrestrictedKeyNeeds))
		for i, w := range p.unrestrictedKeyNeeds {
			fields[i] = w.Field
			if w.Value != nil {
				fields[i] += fmt.Sprintf(" %v", w.Value)
			}
		}
		s += ", " + strings.Join(fields, ", ") + " only " + wide
	}
	return s
}

// String is the need in one line.
func (n Need) String() string {
	s := string(n.Action) + " on the " + string(n.Resource)
	switch {
	case n.KindIn != "":
		s = string(n.Action) + " on the resource that " + n.KindIn + " and " + n.Name + " name"
	case strings.HasSuffix(n.Name, "_ids"):
		s = string(n.Action) + " on each " + string(n.Resource) + " of " + n.Name
	}
	if n.Self != "" {
		if n.Self == n.Name {
			s += " (" + string(n.SelfAction) + " on oneself)"
		} else {
			s += " (" + string(n.SelfAction) + " when " + n.Self + " is one's own)"
		}
	}
	if n.Level > actor.User {
		s += " (or being " + strings.ReplaceAll(n.Level.String(), "_", " ") + " who may view it)"
	}
	if n.When != "" {
		s += fmt.Sprintf(" when %s is %v", n.When, n.Is)
	}
	if n.Or != nil {
		s += " (or " + n.Or.String() + ")"
	}
	if n.IfSent {
		s += " if it is sent"
	}
	return s
}
