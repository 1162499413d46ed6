package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"
)

// maxBody is the size of a JSON or urlencoded body, in bytes.
const maxBody = 1 << 20

// maxPublicBody is the size of a body of whoever comes without credentials.
const maxPublicBody = 16 << 10

func (b *binding) bindBody(v reflect.Value, r *http.Request) error {
	raw, err := readBody(r, "application/json")
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
	raw, err := readBody(r, "application/json")
	if err != nil || len(bytes.TrimSpace(raw)) == 0 {
		return err
	}
	value, err := parseJSON(raw)
	if err != nil {
		return err
	}
	object, ok := value.(map[string]any)
	if !ok && value != nil {
		return ErrMalformed.WithMessage("This operation takes no body.")
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		return ErrMalformed.WithMessage(fmt.Sprintf("The field %q is not one of this operation.", name)).WithField(name, "is not a field of this operation")
	}
	return nil
}

// utf8Names are the names of UTF-8, and of its part that needs no more.
var utf8Names = []string{"utf-8", "utf8", "us-ascii"}

// readBody reads a small body of the given content type. A body without a
// content type is taken at its word.
func readBody(r *http.Request, want string) ([]byte, error) {
	if coding := r.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return nil, ErrContentType.WithMessage("Send the body without a Content-Encoding.")
	}
	raw, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		return nil, fmt.Errorf("reading the body: %w", tooLarge(err, maxBody))
	}
	if got := r.Header.Get("Content-Type"); got != "" && len(raw) > 0 {
		kind, params, err := mime.ParseMediaType(got)
		if err != nil || kind != want {
			return nil, ErrContentType.WithMessage("Send the body as " + want + ".")
		}
		// JSON in another encoding would be stored as what it does not say. A
		// form is ASCII whatever it declares.
		if charset := params["charset"]; want == "application/json" && charset != "" && !slices.Contains(utf8Names, strings.ToLower(charset)) {
			return nil, ErrContentType.WithMessage("Send the body in UTF-8.")
		}
	}
	return raw, nil
}
