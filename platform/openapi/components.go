package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"parley/platform/kernel/apperr"
)

// components copies the schemas that check requests into those that clients
// read: with names for them, and with null wherever null may stand. huma lets
// null pass for an absent field without saying so, and can't say it of an object.
type components struct {
	from *Schemas
	all  map[string]*huma.Schema
	made map[component]string
	err  error // the first name that two things want
}

// component is a schema of its own in the document.
type component struct {
	internal string // name in the registry
	sent     bool   // in requests
	name     string // that it must have; "" for that of its type
}

func newComponents(from *Schemas) *components {
	return &components{from: from, all: map[string]*huma.Schema{}, made: map[component]string{}}
}

// copied answers the document's form of s. sent is for what clients send, and
// name is for objects whose type has no name.
func (c *components) copied(s *huma.Schema, sent bool, name string) *huma.Schema {
	if s == nil {
		return nil
	}
	out := *readable(s)
	if s.Ref != "" {
		out.Ref = schemaPrefix + c.component(s.Ref, sent, name)
		return &out
	}
	out.Items = c.copied(s.Items, sent, name)
	if of, ok := s.AdditionalProperties.(*huma.Schema); ok {
		out.AdditionalProperties = c.copied(of, sent, name)
	}
	for i := range s.OneOf {
		out.OneOf = slices.Clone(out.OneOf)
		out.OneOf[i] = c.copied(s.OneOf[i], sent, name)
	}
	if out.Nullable {
		return nullable(&out)
	}
	return &out
}

// readable is s without what huma keeps in it for its own sentences, which is no
// part of JSON Schema.
func readable(s *huma.Schema) *huma.Schema {
	out := *s
	out.PatternDescription = ""
	return &out
}

// component answers the name of the schema that ref is to, having copied it.
func (c *components) component(ref string, sent bool, name string) string {
	t := c.from.TypeFromRef(ref)
	key := component{internal: ref, sent: sent}
	if t.Name() == "" {
		key.name = name
	}
	if made, ok := c.made[key]; ok {
		return made
	}
	if key.name == "" {
		name = schemaName(t)
	}
	c.made[key] = name
	s := c.object(c.from.SchemaFromRef(ref), t, sent, name)
	if other, taken := c.all[name]; taken && !same(other, s) && c.err == nil {
		c.err = fmt.Errorf("another schema than that of %s has the name %s in the OpenAPI document; name its type by a field _ struct{} with the tag schema", t, name)
	}
	c.all[name] = s
	return name
}

func (c *components) object(s *huma.Schema, t reflect.Type, sent bool, name string) *huma.Schema {
	out := *s
	out.Properties = map[string]*huma.Schema{}
	for _, f := range Shown(t) {
		property := fieldName(f)
		of, ok := s.Properties[property]
		if !ok {
			continue
		}
		if isNull(f.Type) {
			out.Properties[property] = &huma.Schema{Type: "null"}
			continue
		}
		p := c.copied(of, sent, name+capital(f.Name))
		absent := !slices.Contains(s.Required, property)
		if sent && absent || !sent && !absent && f.Type.Kind() == reflect.Pointer {
			p = nullable(p)
		}
		out.Properties[property] = p
	}
	return &out
}

// isNull reports whether a type says nothing but null: a pointer to an empty struct.
func isNull(t reflect.Type) bool {
	return t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct && t.Elem().NumField() == 0
}

// nullable is s or null.
func nullable(s *huma.Schema) *huma.Schema {
	c := *s
	switch {
	case s.Ref != "":
		return &huma.Schema{Description: s.Description, AnyOf: []*huma.Schema{{Ref: s.Ref}, {Type: "null"}}}
	case s.Type == "": // of any type, or in several forms that say it themselves
		return &c
	}
	c.Nullable = true
	if len(c.Enum) > 0 && !slices.Contains(c.Enum, nil) {
		c.Enum = append(slices.Clone(c.Enum), nil)
	}
	return &c
}

// schemaName is what clients call a type: what a blank field with the tag
// schema says, else its own name without the View that tells it from the thing
// it shows.
func schemaName(t reflect.Type) string {
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("schema"); t.Field(i).Name == "_" && name != "" {
			return name
		}
	}
	if t == reflect.TypeFor[apperr.Field]() {
		return "ErrorField" // the kernel knows of no schemas
	}
	return capital(strings.TrimSuffix(huma.DefaultSchemaNamer(t, ""), "View"))
}

func fieldName(f reflect.StructField) string {
	if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
		return name
	}
	return f.Name
}

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func same(a, b *huma.Schema) bool {
	one, errA := json.Marshal(a)
	two, errB := json.Marshal(b)
	return errA == nil && errB == nil && bytes.Equal(one, two)
}
