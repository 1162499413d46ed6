package web

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"parley/platform/kernel/apperr"
)

func (b *binding) bindBody(v reflect.Value, r *http.Request) error {
	raw, err := readBody(r, "application/json", b.limit)
	if err != nil {
		return err
	}
	if len(bytes.TrimSpace(raw)) == 0 {
		if !b.body.required {
			return nil
		}
		return ErrMalformed.WithMessage("The body is missing; send a JSON object.")
	}
	value, err := parseJSON(raw)
	if err != nil {
		return err
	}
	if err := longLists(b.registry, b.body.schema, value); err != nil {
		return err
	}
	if err := check(b.registry, b.body.schema, "", value); err != nil {
		return err
	}
	if err := json.Unmarshal(raw, v.FieldByIndex(b.body.index).Addr().Interface()); err != nil {
		return unfit(err)
	}
	return nil
}

// unfit explains what the schema let pass and Go can't hold: an integer that
// is too large, or written as 1e3.
func unfit(err error) error {
	var kind *json.UnmarshalTypeError
	if !errors.As(err, &kind) {
		return ErrMalformed.WithMessage("The body does not have the shape of this operation.")
	}
	const what = "The field %q has a value that can't be kept; write integers within 64 bits and without exponent or fraction."
	e := ErrUnacceptable.WithMessage(fmt.Sprintf(what, kind.Field))
	return e.WithField(kind.Field, "can't be kept as "+kind.Type.Kind().String())
}

// refuseBody answers a body that an operation without one was sent. An empty
// object says nothing and is let pass, since many clients always send one.
func refuseBody(r *http.Request) error {
	raw, err := readAll(r, maxNoBody)
	if err != nil || len(bytes.TrimSpace(raw)) == 0 {
		return err
	}
	value, err := parseJSON(raw)
	object, ok := value.(map[string]any)
	if err != nil || !ok && value != nil { // whatever it is sent as
		return ErrMalformed.WithMessage("This operation takes no body; send none, or an empty JSON object.")
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		return ErrMalformed.WithMessage(fmt.Sprintf("The field %q is not one of this operation.", name)).WithField(name, "is not a field of this operation")
	}
	return nil
}

// readAll reads a body of at most limit bytes. One that breaks off, or is not
// sent as its headers say, is the client's mistake.
func readAll(r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength > limit { // who waits to be asked for it need not send it
		return nil, tooLarge(&http.MaxBytesError{Limit: limit}, limit)
	}
	raw, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, limit))
	var over *http.MaxBytesError
	var known *apperr.Error
	switch {
	case err == nil:
		return raw, nil
	case errors.As(err, &over):
		return nil, tooLarge(err, limit)
	case errors.As(err, &known), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return nil, fmt.Errorf("reading the body: %w", err)
	}
	return nil, fmt.Errorf("reading the body: %w: %w", errBrokenBody, err)
}

// errBrokenBody answers a body that ends too early, or whose chunks are none.
var errBrokenBody = ErrMalformed.WithMessage("The body ended too early, or was not sent as its headers say.")

// longLists refuses a list that is longer than its bound before its entries
// are looked at: each of them could be a mistake to tell.
func longLists(r huma.Registry, s *huma.Schema, value any) error {
	if s != nil && s.Ref != "" {
		s = r.SchemaFromRef(s.Ref)
	}
	object, ok := value.(map[string]any)
	if !ok || s == nil {
		return nil
	}
	first, most := "", 0 // by name
	for name, value := range object {
		list, ok := value.([]any)
		if !ok || first != "" && name > first {
			continue
		}
		if field := s.Properties[name]; field != nil && field.MaxItems != nil && len(list) > *field.MaxItems {
			first, most = name, *field.MaxItems
		}
	}
	if first == "" {
		return nil
	}
	problem := fmt.Sprintf("must have at most this many entries: %d", most)
	return ErrUnacceptable.WithMessage(fmt.Sprintf("The field %q %s.", first, problem)).WithField(first, problem)
}
