package openapi

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// OneOf is a part of an answer that has one of several forms. Its own
// MarshalJSON writes the one that it has.
type OneOf interface {
	// Forms is one value of each form.
	Forms() []any
}

// Schemas is the registry of the schemas of all requests and answers, which
// huma makes from Go types: a huma.Registry. It adds to huma's own what is
// embedded without being exported, which encoding/json shows too. Its names
// are for references within the server; the document has others for clients.
type Schemas struct {
	names map[reflect.Type]string
	types map[string]reflect.Type
	all   map[string]*huma.Schema
}

// huma keeps this as a package variable: a null is not an array.
func init() { huma.DefaultArrayNullable = false }

const schemaPrefix = "#/components/schemas/"

// NewSchemas returns an empty registry.
func NewSchemas() *Schemas {
	return &Schemas{names: map[reflect.Type]string{}, types: map[string]reflect.Type{}, all: map[string]*huma.Schema{}}
}

// Schema implements huma.Registry.
func (r *Schemas) Schema(t reflect.Type, allowRef bool, _ string) *huma.Schema {
	plain := deref(t)
	if plain.Kind() == reflect.Slice || plain.Kind() == reflect.Array {
		t = plain
	}
	if forms, ok := reflect.Zero(plain).Interface().(OneOf); ok {
		s := &huma.Schema{}
		for _, f := range forms.Forms() {
			s.OneOf = append(s.OneOf, r.Schema(reflect.TypeOf(f), true, ""))
		}
		return s
	}
	if !isObject(plain) {
		return huma.SchemaFromType(r, t)
	}
	name, known := r.names[plain]
	if !known {
		name = fmt.Sprintf("%d.%s", len(r.names), plain.Name())
		r.names[plain], r.types[name] = name, plain
		r.all[name] = &huma.Schema{} // for what refers to itself
		r.all[name] = huma.SchemaFromType(r, flat(plain))
	}
	if allowRef {
		return &huma.Schema{Ref: schemaPrefix + name}
	}
	return r.all[name]
}

// of is the schema of a type, or the reference to it.
func (r *Schemas) of(t reflect.Type) *huma.Schema { return r.Schema(t, true, "") }

// SchemaFromRef implements huma.Registry.
func (r *Schemas) SchemaFromRef(ref string) *huma.Schema {
	return r.all[strings.TrimPrefix(ref, schemaPrefix)]
}

// TypeFromRef implements huma.Registry.
func (r *Schemas) TypeFromRef(ref string) reflect.Type {
	return r.types[strings.TrimPrefix(ref, schemaPrefix)]
}

// Map implements huma.Registry.
func (r *Schemas) Map() map[string]*huma.Schema { return r.all }

// RegisterTypeAlias implements huma.Registry. Nothing here has an alias.
func (r *Schemas) RegisterTypeAlias(reflect.Type, reflect.Type) {}

// MarshalJSON implements json.Marshaler.
func (r *Schemas) MarshalJSON() ([]byte, error) { return json.Marshal(r.all) }

func deref(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// isObject reports whether a type is written as a JSON object of its fields.
func isObject(t reflect.Type) bool {
	if t.Kind() != reflect.Struct || t == reflect.TypeFor[time.Time]() {
		return false
	}
	for _, other := range []reflect.Type{reflect.TypeFor[huma.SchemaProvider](), reflect.TypeFor[encoding.TextUnmarshaler]()} {
		if t.Implements(other) || reflect.PointerTo(t).Implements(other) {
			return false
		}
	}
	return true
}

// Shown are the fields that encoding/json writes for a struct, those of
// embedded structs among them.
func Shown(t reflect.Type) []reflect.StructField {
	var out []reflect.StructField
	var objects [][]int // embedded under a name of their own
	for _, f := range reflect.VisibleFields(t) {
		if slices.ContainsFunc(objects, func(o []int) bool { return len(o) < len(f.Index) && slices.Equal(o, f.Index[:len(o)]) }) {
			continue
		}
		if f.Anonymous && deref(f.Type).Kind() == reflect.Struct {
			if f.Tag.Get("json") == "" {
				continue
			}
			objects = append(objects, f.Index)
		}
		if f.IsExported() {
			f.Anonymous = false
			out = append(out, f)
		}
	}
	return out
}

// flat is a struct with the fields that t shows.
func flat(t reflect.Type) reflect.Type {
	fields := Shown(t)
	for i := range fields {
		fields[i].Index, fields[i].Offset = nil, 0
	}
	return reflect.StructOf(fields)
}
