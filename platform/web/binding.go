package web

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// binding is how one request type is filled, worked out once per route.
type binding struct {
	registry huma.Registry
	path     []boundField
	query    []boundField
	header   []boundField
	body     *boundField           // JSON
	fields   []reflect.StructField // of the body, and of what is embedded in it
	form     []boundField
	formAt   []int
	upload   []int // index of a Multipart
	parts    []boundField
	list     []int  // index of ListQuery's ByCursor
	tag      string // of the cursors that the list gives out
	limit    int64  // of the body, in bytes
	anyBody  bool   // which is not looked at
}

type boundField struct {
	name   string
	index  []int
	schema *huma.Schema
	// required fields are missed when they are not sent.
	required bool
	kind     reflect.Type
	// file and repeats are of the parts of an upload.
	file, repeats bool
}

func textField(r huma.Registry, f reflect.StructField, tag string) boundField {
	schema := huma.SchemaFromField(r, f, "")
	schema.Nullable = false // a pointer says that it may be absent: no text is null
	return boundField{name: f.Tag.Get(tag), index: f.Index, schema: schema, required: f.Tag.Get("required") == "true", kind: f.Type}
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
			if f.Type.Kind() == reflect.Struct {
				b.fields = reflect.VisibleFields(f.Type)
			}
		case f.Name == "Form" && len(f.Index) == 1:
			b.formAt = f.Index
			for i := range f.Type.NumField() {
				b.form = append(b.form, textField(r, f.Type.Field(i), "form"))
			}
		case f.Type.Implements(reflect.TypeFor[multipartField]()) || reflect.PointerTo(f.Type).Implements(reflect.TypeFor[multipartField]()):
			b.upload = f.Index
			if err := b.newParts(reflect.New(f.Type).Interface().(multipartField).form()); err != nil {
				return nil, err
			}
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

// names are the path parameters, query parameters and fields of the JSON body.
func (b *binding) names() []string {
	var names []string
	for _, f := range slices.Concat(b.path, b.query) {
		names = append(names, f.name)
	}
	for _, f := range b.fields {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		names = append(names, name)
	}
	return names
}

// sent is the value of a field of the bound body; false when it was not sent,
// or says no more than that.
func (b *binding) sent(request reflect.Value, field string) (any, bool) {
	for _, f := range b.fields {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		v := request.FieldByIndex(b.body.index).FieldByIndex(f.Index)
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
