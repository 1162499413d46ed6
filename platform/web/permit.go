package web

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/gin-gonic/gin"

	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
)

// permitted answers whether the caller has now what the policy needs of the
// resources in a request, asking who decides about each. It is for a request
// that was carried out earlier and whose stored answer is asked for again: what
// its caller did yesterday they may not be allowed to read today.
//
// Lists of ids are not looked at again: they were all or nothing when the
// request was carried out, and hold people, whom the whole organization sees.
func (s *Server) permitted(ctx context.Context, r *Route, who actor.Actor, sent sentFields) error {
	if err := r.maySend(who, sent.value); err != nil {
		return err
	}
	for _, n := range r.Policy.needs {
		if !n.applies(sent) {
			continue
		}
		id, there := sent.id(n.Name)
		if !there && n.KindIn == "" {
			if n.Level > who.Level && !n.IfSent {
				return ErrForbidden
			}
			continue
		}
		kind := n.Resource
		if n.KindIn != "" {
			kind = actor.Resource(sent.text(n.KindIn))
		}
		if !s.config.Deciders.Know(kind) {
			return ErrNotFound
		}
		do := n.Action
		if n.Level > actor.User && who.Level >= n.Level {
			do = View
		}
		if self, there := sent.id(n.Self); there && self == who.UserID {
			do = n.SelfAction
		}
		if err := s.config.Deciders.Ask(ctx, kind, who, id, do); err != nil && !r.deleted(n, err) && !s.instead(ctx, n, who, sent) {
			return err
		}
	}
	return nil
}

// applies reports whether a request is one of those that the need is about.
func (n Need) applies(sent sentFields) bool {
	v, _ := sent.value(n.When)
	return n.When == "" || v == n.Is
}

// instead reports whether the caller has what is enough in the place of a need.
func (s *Server) instead(ctx context.Context, n Need, who actor.Actor, sent sentFields) bool {
	if n.Or == nil || !n.Or.applies(sent) {
		return false
	}
	id, there := sent.id(n.Or.Name)
	return there && s.config.Deciders.Ask(ctx, n.Or.Resource, who, id, n.Or.Action) == nil
}

// deleted reports whether err says only that a resource is gone which this very
// request deleted. Who deleted it has seen it.
func (r *Route) deleted(n Need, err error) bool {
	return r.Method == http.MethodDelete && n.Action == Delete && apperr.KindOf(err) == apperr.NotFound
}

// sentFields are what a request said by name: path parameters first, then the
// query, then the fields of the body.
type sentFields struct {
	path  gin.Params
	query url.Values
	body  map[string]json.RawMessage
}

// sentIn reads the fields of a request; raw is its body, or nothing.
func sentIn(r *http.Request, path gin.Params, raw []byte) sentFields {
	f := sentFields{path: path, query: r.URL.Query()}
	// The request was carried out, so the body has its shape.
	if err := json.Unmarshal(raw, &f.body); err != nil {
		f.body = nil
	}
	return f
}

func (f sentFields) id(name string) (int64, bool) {
	text, ok := f.path.Get(name)
	if !ok {
		text = f.query.Get(name)
	}
	if text == "" {
		text = string(f.body[name])
	}
	id, err := Integer(text)
	return id, err == nil
}

func (f sentFields) value(name string) (any, bool) {
	raw, sent := f.body[name]
	if !sent || string(raw) == "null" {
		return nil, false
	}
	var v any
	if json.Unmarshal(raw, &v) != nil {
		return nil, false
	}
	return v, true
}

func (f sentFields) text(name string) string {
	v, _ := f.value(name)
	s, _ := v.(string)
	return s
}
