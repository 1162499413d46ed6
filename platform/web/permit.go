package web

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
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
		if v, _ := sent.value(n.When); n.When != "" && v != n.Is {
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
			kind = sent.text(n.KindIn)
		}
		may, known := s.deciders[kind]
		if !known {
			return ErrNotFound
		}
		do := n.Action
		if n.Level > actor.User && who.Level >= n.Level {
			do = View
		}
		if self, there := sent.id(n.Self); there && self == who.UserID {
			do = n.SelfAction
		}
		if err := may(ctx, who, id, do); err != nil {
			return err
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
	id, err := strconv.ParseInt(text, 10, 64)
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

// names are the path parameters, query parameters and fields of the JSON body.
func (b *binding) names(request reflect.Type) []string {
	var names []string
	for _, f := range slices.Concat(b.path, b.query) {
		names = append(names, f.name)
	}
	if b.body == nil {
		return names
	}
	for _, f := range reflect.VisibleFields(request.FieldByIndex(b.body.index).Type) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// sent is the value of a field of the bound body; false when it was not sent,
// or says no more than that.
func (b *binding) sent(request reflect.Value, field string) (any, bool) {
	if b.body == nil {
		return nil, false
	}
	body := request.FieldByIndex(b.body.index)
	for _, f := range reflect.VisibleFields(body.Type()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		v := body.FieldByIndex(f.Index)
		if name != field || v.IsZero() {
			continue
		}
		if v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		return v.Interface(), true
	}
	return nil, false
}
