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
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"parley/platform/kernel/page"
)

// maxBody is the size of a JSON or urlencoded body, in bytes.
const maxBody = 1 << 20

// binding is how one request type is filled, worked out once per route.
type binding struct {
	registry huma.Registry
	path     []boundField
	query    []boundField
	header   []boundField
	body     *boundField // JSON
	form     []boundField
	formAt   []int
	upload   []int  // index of a Multipart
	list     []int  // index of ListQuery's ByCursor
	tag      string // of the cursors that the list gives out
}

type boundField struct {
	name   string
	index  []int
	schema *huma.Schema
	// required fields are missed when they are not sent.
	required bool
	kind     reflect.Type
}

func textField(r huma.Registry, f reflect.StructField, tag string) boundField {
	return boundField{name: f.Tag.Get(tag), index: f.Index, schema: huma.SchemaFromField(r, f, ""), required: f.Tag.Get("required") == "true", kind: f.Type}
}

// settable are the types that set can read from text.
func settable(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int64, reflect.Bool, reflect.String:
		return true
	}
	return t == reflect.TypeFor[time.Time]()
}

func newBinding(r huma.Registry, t reflect.Type, params []string) (*binding, error) {
	b := &binding{registry: r}
	if t.Kind() != reflect.Struct {
		return nil, fmt.Errorf("request type %s is not a struct", t)
	}
	for _, f := range reflect.VisibleFields(t) {
		switch {
		case f.Type == reflect.TypeFor[ListQuery]() && f.Anonymous:
			sub, _ := f.Type.FieldByName("ByCursor")
			b.list = append(slices.Clone(f.Index), sub.Index...)
		case f.Tag.Get("path") != "":
			b.path = append(b.path, boundField{name: f.Tag.Get("path"), index: f.Index, kind: f.Type})
		case f.Tag.Get("query") != "":
			b.query = append(b.query, textField(r, f, "query"))
		case f.Tag.Get("header") != "":
			b.header = append(b.header, textField(r, f, "header"))
		case f.Name == "Body" && len(f.Index) == 1:
			hint := t.Name()
			b.body = &boundField{index: f.Index, schema: r.Schema(f.Type, true, hint), required: f.Tag.Get("required") != "false"}
		case f.Name == "Form" && len(f.Index) == 1:
			b.formAt = f.Index
			for i := range f.Type.NumField() {
				b.form = append(b.form, textField(r, f.Type.Field(i), "form"))
			}
		case f.Type.Implements(reflect.TypeFor[multipartField]()) || reflect.PointerTo(f.Type).Implements(reflect.TypeFor[multipartField]()):
			b.upload = f.Index
		}
	}
	for _, f := range slices.Concat(b.query, b.header, b.form) {
		if f.name == "" || !settable(f.kind) {
			return nil, fmt.Errorf("request type %s has a text field %q of the unsupported type %s", t, f.name, f.kind)
		}
	}
	for _, f := range b.path {
		if f.kind.Kind() != reflect.Int64 {
			return nil, fmt.Errorf("the path parameter %q of %s is a %s, not an int64", f.name, t, f.kind)
		}
	}
	declared := make([]string, len(b.path))
	for i, p := range b.path {
		declared[i] = p.name
	}
	slices.Sort(declared)
	wanted := slices.Sorted(slices.Values(params))
	if !slices.Equal(declared, wanted) {
		return nil, fmt.Errorf("the path has parameters %v and the request %s declares %v", wanted, t, declared)
	}
	return b, nil
}

// errNoID answers a segment of a path that should be an id and is none.
var errNoID = errors.New("a segment of the path is no id")

// bind fills a request of type t from an HTTP request. Path parameters are
// set last and only from the path, so nothing in a query or a body can stand
// in for one.
func (b *binding) bind(t reflect.Type, r *http.Request, param func(string) string, maxUpload int64) (reflect.Value, error) {
	v := reflect.New(t).Elem()
	for _, f := range b.path { // a path that is not there says so before anything else
		if _, ok := pathID(param(f.name)); !ok {
			return v, errNoID
		}
	}
	if err := b.bindQuery(v, r); err != nil {
		return v, err
	}
	for _, f := range b.header {
		if text := r.Header.Get(f.name); text != "" {
			if err := b.set(v.FieldByIndex(f.index), f, text); err != nil {
				return v, err
			}
		}
	}
	switch {
	case b.body != nil:
		if err := b.bindBody(v, r); err != nil {
			return v, err
		}
	case b.formAt != nil:
		if err := b.bindForm(v.FieldByIndex(b.formAt), r); err != nil {
			return v, err
		}
	case b.upload != nil:
		if err := v.FieldByIndex(b.upload).Addr().Interface().(multipartField).open(r, maxUpload); err != nil {
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
		return ErrMalformed.WithMessage(fmt.Sprintf("The query parameter %q is not one of this operation.", name)).WithField(name, "is not a parameter of this operation")
	}
	return nil
}

// set parses text into one field and checks it against the field's schema.
func (b *binding) set(v reflect.Value, f boundField, text string) error {
	target := v
	if v.Kind() == reflect.Pointer {
		target = reflect.New(v.Type().Elem()).Elem()
	}
	wrong := func(kind string) error {
		return ErrMalformed.WithMessage(fmt.Sprintf("%q must be %s.", f.name, kind)).WithField(f.name, "must be "+kind)
	}
	var value any
	switch target.Interface().(type) {
	case time.Time:
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return wrong("a date-time such as 2024-10-02T00:02:24Z")
		}
		target.Set(reflect.ValueOf(at))
		value = text
	default:
		switch target.Kind() {
		case reflect.Int, reflect.Int64:
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return wrong("an integer")
			}
			target.SetInt(n)
			value = n
		case reflect.Bool:
			if text != "true" && text != "false" {
				return wrong("true or false")
			}
			value = text == "true"
			target.SetBool(text == "true")
		case reflect.String:
			if !utf8.ValidString(text) {
				return wrong("valid UTF-8")
			}
			if strings.ContainsRune(text, 0) {
				return ErrUnacceptable.WithMessage(fmt.Sprintf("%q must not contain NUL characters.", f.name)).WithField(f.name, "contains a NUL character")
			}
			target.SetString(text)
			value = text
		default:
			return fmt.Errorf("query field %s has the unsupported kind %s", f.name, target.Kind())
		}
	}
	if target != v {
		v.Set(target.Addr())
	}
	return check(b.registry, f.schema, f.name, value)
}

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
	e := ErrUnacceptable.WithMessage(fmt.Sprintf("The field %q has a value that can't be kept; write integers within 64 bits and without exponent or fraction.", kind.Field))
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

func (b *binding) bindForm(v reflect.Value, r *http.Request) error {
	raw, err := readBody(r, "application/x-www-form-urlencoded")
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
		kind, _, err := mime.ParseMediaType(got)
		if err != nil || kind != want {
			return nil, ErrContentType.WithMessage("Send the body as " + want + ".")
		}
	}
	return raw, nil
}
