package web

import (
	"encoding/json"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// Optional is a field of a body that is left alone when it is absent and
// taken away when it is null. Tag the field with omitempty.
type Optional[T any] struct {
	Sent  bool
	Value *T // nil: take away
}

// UnmarshalJSON implements json.Unmarshaler. It is not called for a field
// that is absent.
func (o *Optional[T]) UnmarshalJSON(raw []byte) error {
	o.Sent = true
	return json.Unmarshal(raw, &o.Value)
}

// Schema implements huma.SchemaProvider.
func (Optional[T]) Schema(r huma.Registry) *huma.Schema {
	s := *r.Schema(reflect.TypeFor[T](), true, "")
	s.Nullable = true
	return &s
}
