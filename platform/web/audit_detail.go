package web

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
)

// target is method and path, with ids and nothing else that the client wrote.
func target(r *Route, param func(string) string) string {
	segments := strings.Split(r.Path, "/")
	for i, s := range segments {
		if !strings.HasPrefix(s, "{") {
			continue
		}
		segments[i] = "-"
		if id, ok := pathID(param(strings.Trim(s, "{}"))); ok {
			segments[i] = strconv.FormatInt(id, 10)
		}
	}
	return r.Method + " " + strings.Join(segments, "/")
}

// numbers are the numbers of a query: ids, and which part was asked for.
func (b *binding) numbers(request reflect.Value) map[string]any {
	out := map[string]any{}
	for _, f := range b.query {
		if v := request.FieldByIndex(f.index); v.CanInt() && !v.IsZero() {
			out[f.name] = v.Int()
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// detail picks from a body what can't be personal or secret: numbers,
// switches, and texts out of a fixed choice.
func (b *binding) detail(request reflect.Value) map[string]any {
	out := map[string]any{}
	for _, f := range b.fields {
		v := request.FieldByIndex(b.body.index).FieldByIndex(f.Index)
		if v.IsZero() {
			continue // not sent, or as good as that
		}
		if v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch v.Kind() {
		case reflect.Bool, reflect.Int, reflect.Int64:
			out[name] = v.Interface()
		case reflect.String:
			if f.Tag.Get("enum") != "" && v.String() != "" {
				out[name] = v.String()
			}
		case reflect.Slice:
			if raw, err := json.Marshal(v.Interface()); v.Type().Elem().Kind() == reflect.Int64 && v.Len() > 0 && err == nil {
				out[name] = json.RawMessage(raw)
			}
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}
