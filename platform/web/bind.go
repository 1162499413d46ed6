package web

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"reflect"
	"slices"

	"parley/platform/kernel/page"
)

// errNoID answers a segment of a path that should be an id and is none.
var errNoID = errors.New("a segment of the path is no id")

// bind fills a request of type t from an HTTP request. Path parameters are
// set last and only from the path, so nothing in a query or a body can stand
// in for one.
func (b *binding) bind(t reflect.Type, r *http.Request, param func(string) string, maxUpload int64) (reflect.Value, error) {
	v := reflect.New(t).Elem()
	if !b.hasIDs(param) { // a path that is not there says so before anything else
		return v, errNoID
	}
	if err := b.bindQuery(v, r); err != nil {
		return v, err
	}
	for _, f := range b.header {
		text, err := headerOnce(r, f.name)
		if err != nil {
			return v, err
		}
		if text != "" {
			if err := b.set(v.FieldByIndex(f.index), f, text); err != nil {
				return v, err
			}
		}
	}
	switch {
	case b.upload != nil && (b.body == nil || isMultipart(r)):
		if err := v.FieldByIndex(b.upload).Addr().Interface().(multipartField).open(r, maxUpload, b); err != nil {
			return v, err
		}
	case b.body != nil:
		if err := b.bindBody(v, r); err != nil {
			return v, err
		}
	case b.formAt != nil:
		if err := b.bindForm(v.FieldByIndex(b.formAt), r); err != nil {
			return v, err
		}
	case b.anyBody:
		if _, err := readAll(r, b.limit); err != nil {
			return v, err
		}
	case r.Method != http.MethodGet:
		if err := refuseBody(r); err != nil {
			return v, err
		}
	}
	for _, f := range b.path {
		id, _ := pathID(param(f.name))
		v.FieldByIndex(f.index).SetInt(id)
	}
	return v, nil
}

// hasIDs reports whether every segment of the path that should be an id is one.
func (b *binding) hasIDs(param func(string) string) bool {
	for _, f := range b.path {
		if _, ok := pathID(param(f.name)); !ok {
			return false
		}
	}
	return true
}

func (b *binding) bindQuery(v reflect.Value, r *http.Request) error {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return ErrMalformed.WithMessage("The query is not well-formed; encode it as name=value pairs joined by &.")
	}
	for _, f := range b.query {
		given, sent := values[f.name]
		delete(values, f.name)
		if !sent {
			if f.required {
				return ErrMalformed.WithMessage(fmt.Sprintf("The query parameter %q is missing.", f.name)).WithField(f.name, "is missing")
			}
			continue
		}
		if len(given) != 1 {
			return ErrMalformed.WithMessage(fmt.Sprintf("The query parameter %q is given twice.", f.name)).WithField(f.name, "is given twice")
		}
		if f.name == "cursor" && b.list != nil {
			v.FieldByIndex(b.list).SetBool(true)
			if given[0], sent = untagged(given[0], b.tag); !sent {
				return page.ErrCursor
			}
		}
		if err := b.set(v.FieldByIndex(f.index), f, given[0]); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		e := ErrMalformed.WithMessage(fmt.Sprintf("The query parameter %q is not one of this operation.", name))
		return e.WithField(name, "is not a parameter of this operation")
	}
	return nil
}

func (b *binding) bindForm(v reflect.Value, r *http.Request) error {
	raw, err := readBody(r, "application/x-www-form-urlencoded", b.limit)
	if err != nil {
		return err
	}
	values, err := parseForm(raw)
	if err != nil {
		return err
	}
	for _, f := range b.form {
		text, sent := values[f.name]
		delete(values, f.name)
		if !sent {
			if f.required {
				return ErrMalformed.WithMessage(fmt.Sprintf("The field %q is missing.", f.name)).WithField(f.name, "is missing")
			}
			continue
		}
		if err := b.set(v.FieldByIndex(f.index), f, text); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		return ErrMalformed.WithMessage(fmt.Sprintf("The field %q is not one of this operation.", name)).WithField(name, "is not a field of this operation")
	}
	return nil
}

// parseForm reads an urlencoded body whose fields are given once each.
func parseForm(raw []byte) (map[string]string, error) {
	values, err := url.ParseQuery(string(raw))
	if err != nil {
		return nil, ErrMalformed.WithMessage("The body is not a well-formed form.")
	}
	out := make(map[string]string, len(values))
	for name, given := range values {
		if len(given) != 1 {
			return nil, ErrMalformed.WithMessage(fmt.Sprintf("The field %q is given twice.", name)).WithField(name, "is given twice")
		}
		out[name] = given[0]
	}
	return out, nil
}
