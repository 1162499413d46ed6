package openapi

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// examples makes values that fit schemas: the same ones for the same schemas.
type examples struct {
	all   map[string]*huma.Schema // components
	say   Words
	inner []string // the components that are being filled
}

// nothingYet are fields whose example is null where that may stand.
var nothingYet = []string{"next_cursor", "failure_", "deleted_", "cloned_from", "gone_"}

// of is an example of a field of a schema; both names are "" for a whole body.
func (e *examples) of(s *huma.Schema, schema, field string) any {
	for _, key := range []string{schema + "." + field, field} {
		if v, ok := e.say.Values[key]; ok && e.fits(s, v) {
			return v
		}
	}
	if s.Nullable && slices.ContainsFunc(nothingYet, func(p string) bool { return strings.HasPrefix(field, p) }) {
		return nil
	}
	switch {
	case s.Ref != "":
		return e.component(s.Ref, field)
	case len(s.Examples) > 0:
		return s.Examples[0]
	case len(s.Enum) > 0:
		return s.Enum[0]
	case len(s.AnyOf) > 0:
		if e.open(s.AnyOf[0]) {
			return nil
		}
		return e.of(s.AnyOf[0], schema, field)
	case len(s.OneOf) > 0:
		return e.of(s.OneOf[0], schema, field)
	}
	switch s.Type {
	case huma.TypeObject:
		return e.object(s, schema)
	case huma.TypeArray:
		if e.open(s.Items) && (s.MinItems == nil || *s.MinItems == 0) {
			return []any{}
		}
		out := []any{}
		for range max(1, value(s.MinItems)) {
			out = append(out, e.of(s.Items, schema, singular(field)))
		}
		return out
	case huma.TypeInteger:
		return int64(within(s, 1))
	case huma.TypeNumber:
		return within(s, 0.5)
	case huma.TypeBoolean:
		return !strings.HasPrefix(field, "is_deleted") && !strings.HasPrefix(field, "is_failed")
	case huma.TypeString:
		return text(s, field)
	case "":
		return map[string]any{}
	}
	return nil
}

// open reports whether a schema is one that is being filled.
func (e *examples) open(s *huma.Schema) bool {
	return s != nil && s.Ref != "" && slices.Contains(e.inner, s.Ref)
}

func (e *examples) component(ref, field string) any {
	if slices.Contains(e.inner, ref) {
		return nil
	}
	e.inner = append(e.inner, ref)
	defer func() { e.inner = e.inner[:len(e.inner)-1] }()
	name := strings.TrimPrefix(ref, schemaPrefix)
	s := e.all[name]
	if s.Type != huma.TypeObject {
		return e.of(s, name, field)
	}
	return e.object(s, name)
}

// object fills all fields of an answer. In a request, whose objects are closed,
// it fills what has to be there, and at least one field.
func (e *examples) object(s *huma.Schema, schema string) any {
	if values, ok := s.AdditionalProperties.(*huma.Schema); ok && len(s.Properties) == 0 {
		return map[string]any{"key": e.of(values, schema, "key")}
	}
	out := map[string]any{}
	names := slices.Sorted(maps.Keys(s.Properties))
	if closed, ok := s.AdditionalProperties.(bool); ok && !closed {
		names = s.Required
		if len(names) == 0 && len(s.Properties) > 0 {
			names = []string{telling(slices.Sorted(maps.Keys(s.Properties)))}
		}
	}
	for _, name := range names {
		out[name] = e.of(s.Properties[name], schema, name)
	}
	return out
}

// telling is the field that says most to a reader.
func telling(names []string) string {
	for _, name := range []string{"name", "title", "first_name", "org_name", "description", "user_query", "user_ids"} {
		if slices.Contains(names, name) {
			return name
		}
	}
	return names[0]
}

func singular(field string) string { return strings.TrimSuffix(field, "s") }

func value(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

func within(s *huma.Schema, v float64) float64 {
	if s.Minimum != nil {
		v = max(v, *s.Minimum)
	}
	if s.Maximum != nil {
		v = min(v, *s.Maximum)
	}
	return v
}

var formats = map[string]string{
	"date-time": "2024-10-02T00:02:24.378434Z", "date": "2024-10-02", "email": "ada@example.org", "uri": "https://example.org/handbook",
	"uuid": "01a20b90-b8f2-74d2-ab09-45e27c1cf85c", "binary": "# Handbook\n\nThe office opens at 8.\n",
}

// text is the format's example, or the name of the field in words.
func text(s *huma.Schema, field string) string {
	if v, ok := formats[s.Format]; ok {
		return v
	}
	v := strings.ReplaceAll(cmp.Or(field, "text"), "_", " ")
	for len(v) < value(s.MinLength) {
		v += "-" + v
	}
	if s.MaxLength != nil && len(v) > *s.MaxLength {
		v = v[:*s.MaxLength]
	}
	return v
}

// fits reports whether a value that a name stands for is of the schema's kind.
func (e *examples) fits(s *huma.Schema, v any) bool {
	if s.Ref != "" || len(s.AnyOf) > 0 || len(s.OneOf) > 0 {
		return false
	}
	if len(s.Enum) > 0 {
		return slices.Contains(s.Enum, v)
	}
	switch v := v.(type) {
	case string:
		return s.Type == huma.TypeString && s.Format == "" && len(v) >= value(s.MinLength) && (s.MaxLength == nil || len(v) <= *s.MaxLength)
	case bool:
		return s.Type == huma.TypeBoolean
	case int:
		return s.Type == huma.TypeInteger || s.Type == huma.TypeNumber
	case float64:
		return s.Type == huma.TypeNumber
	case []any:
		return s.Type == huma.TypeArray && !slices.ContainsFunc(v, func(item any) bool { return !e.fits(s.Items, item) })
	case nil:
		return s.Nullable
	}
	return s.Type == "" || s.Type == huma.TypeObject
}
