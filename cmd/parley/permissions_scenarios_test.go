package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// choice is the resource that a field of a request names.
type choice struct {
	kind  actor.Resource
	place string // own, foreign or unknown
	of    int    // which specimen, of the own ones
}

func (c choice) specimen() specimen { return specimens[c.kind][c.of] }

// may are the actor's rights on what was chosen.
func (c choice) may(who string, do access.Action) bool {
	switch c.place {
	case "own":
		return c.specimen().may.may(who, do)
	case "foreign":
		return theirs.may(who, do)
	}
	return false
}

func (c choice) String() string {
	if c.place == "own" {
		return string(c.kind) + " (" + c.specimen().name + ")"
	}
	return c.place + " " + string(c.kind)
}

// scenario is one request of a route, without who sends it: what its fields
// name, and the fields with values of their own that the policy speaks of.
type scenario struct {
	fields map[string]choice
	values map[string]any
}

func (s scenario) String() string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(s.fields)) {
		out = append(out, name+": "+s.fields[name].String())
	}
	for _, name := range slices.Sorted(maps.Keys(s.values)) {
		out = append(out, fmt.Sprintf("%s: %v", name, s.values[name]))
	}
	return strings.Join(out, ", ")
}

func (s scenario) with(name string, c choice) scenario {
	fields := maps.Clone(s.fields)
	fields[name] = c
	return scenario{fields, s.values}
}

// saying also sends a value.
func (s scenario) saying(name string, value any) scenario {
	values := maps.Clone(s.values)
	if values == nil {
		values = map[string]any{}
	}
	values[name] = value
	return scenario{s.fields, values}
}

// variants are all the choices of a kind, the ordinary own one first.
func variants(kind actor.Resource) []choice {
	var out []choice
	for i := range specimens[kind] {
		out = append(out, choice{kind, "own", i})
	}
	return append(out, choice{kind, "foreign", 0}, choice{kind, "unknown", 0})
}

// kindsOfRoles are what a resource_type can be, the first in the ordinary request.
var kindsOfRoles = []actor.Resource{actor.Team, actor.Organization, actor.Project, actor.Agent}

// fresh stands for a text that nothing has yet.
const fresh = "fresh"

// scenarios are the requests that a route's policy tells apart: the ordinary
// one, each single difference from it, and the one in which all is foreign.
func scenarios(p web.Policy) []scenario {
	base := scenario{fields: map[string]choice{}}
	sent := func(n web.Need) bool { return !n.IfSent && n.Level == actor.User }
	kindOf := func(n web.Need) actor.Resource {
		if n.KindIn != "" {
			return kindsOfRoles[0]
		}
		return n.Resource
	}
	for _, n := range p.Needs() {
		if sent(n) {
			base = base.with(n.Name, choice{kindOf(n), "own", 0})
		}
		if n.KindIn != "" {
			base = base.saying(n.KindIn, string(kindsOfRoles[0]))
		}
	}
	out := []scenario{base}
	seen := map[string]bool{base.String(): true}
	add := func(s scenario) {
		if !seen[s.String()] {
			seen[s.String()] = true
			out = append(out, s)
		}
	}
	foreign := base
	for name, c := range base.fields {
		foreign = foreign.with(name, choice{c.kind, "foreign", 0})
	}
	add(foreign)
	for _, n := range p.Needs() {
		kinds := []actor.Resource{kindOf(n)}
		if n.KindIn != "" {
			kinds = kindsOfRoles
		}
		for _, kind := range kinds {
			from := base
			if n.KindIn != "" {
				from = from.saying(n.KindIn, string(kind))
			}
			for _, c := range variants(kind) {
				_, review := base.fields["review_id"]
				if _, dataset := base.fields["dataset_id"]; (review || dataset) && kind == actor.Agent && c.of > 0 {
					continue // the review or the dataset would be another agent's
				}
				add(from.with(n.Name, c))
			}
		}
		if n.Or != nil {
			from := base
			if n.Or.When != "" {
				from = from.saying(n.Or.When, n.Or.Is)
			}
			for _, c := range variants(n.Or.Resource) {
				add(from.with(n.Or.Name, c))
			}
		}
		if n.When != "" {
			from := base.saying(n.When, n.Is)
			for _, of := range p.Needs() { // whose kind it may be
				if of.KindIn == n.When {
					from = from.with(of.Name, choice{actor.Resource(n.Is.(string)), "own", 0})
				}
			}
			for _, c := range variants(n.Resource) {
				add(from.with(n.Name, c))
			}
		}
	}
	for _, w := range p.UnrestrictedKeyFields() {
		value := w.Value
		if value == nil {
			value = fresh
		}
		_, ofRole := base.fields["permission_id"] // of which Levels say more
		kind := slices.ContainsFunc(p.Needs(), func(n web.Need) bool { return n.KindIn == w.Field })
		if !ofRole && !kind {
			add(base.saying(w.Field, value))
		}
	}
	for _, l := range p.Levels() {
		s := base.saying(l.Field, l.Value)
		for i, c := range specimens["permission"] { // such a role is one in the organization
			if _, ok := s.fields["permission_id"]; ok && strings.HasSuffix(c.name, "organization") {
				s = s.with("permission_id", choice{"permission", "own", i})
			}
		}
		for _, n := range p.Needs() {
			if n.KindIn != "" {
				s = s.with(n.Name, choice{actor.Organization, "own", 0}).saying(n.KindIn, "organization")
			}
		}
		add(s)
	}
	return out
}

// expected is the status class that a policy promises an actor: 401, 403, 404,
// or 0 for getting through.
func expected(r web.Route, who string, s scenario) int {
	p := r.Policy
	switch {
	case p.NeedsRefreshToken():
		return http.StatusUnauthorized // nobody here sends one
	case p.Public():
		return 0
	case who == anonymous, who == suspended:
		return http.StatusUnauthorized
	case reaches[who] != nil && (p.NeedsUnrestrictedKey() || !reaches[who](web.KeyGroup(r.Group), r.Method == http.MethodGet)),
		levels[who] < p.Least(),
		p.NeedsAnyAdmin() && !administers[who]:
		return http.StatusForbidden
	}
	for _, w := range p.UnrestrictedKeyFields() {
		if v, sent := s.values[w.Field]; reaches[who] != nil && sent && (w.Value == nil || v == w.Value) {
			return http.StatusForbidden
		}
	}
	for _, n := range p.Needs() {
		if n.When != "" && s.values[n.When] != n.Is {
			continue
		}
		c, sent := s.fields[n.Name]
		if !sent {
			if !n.IfSent && levels[who] < n.Level {
				return http.StatusForbidden
			}
			continue
		}
		do := n.Action
		if self, ok := s.fields[n.Self]; ok && self.place == "own" && self.specimen().name == oneself {
			do = n.SelfAction
		}
		if n.Level > actor.User && levels[who] >= n.Level {
			do = access.View
		}
		instead := false
		if or := n.Or; or != nil && (or.When == "" || s.values[or.When] == or.Is) {
			instead = s.fields[or.Name].may(who, or.Action)
		}
		switch {
		case !c.may(who, access.View):
			return http.StatusNotFound
		case !c.may(who, do) && !instead:
			return http.StatusForbidden
		}
	}
	for _, l := range p.Levels() {
		if s.values[l.Field] == l.Value && levels[who] < l.Least {
			return http.StatusForbidden
		}
	}
	return 0
}
