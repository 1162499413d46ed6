package web

import (
	"bytes"
	"encoding/json"
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// TextOr is a part of a body that is a text, or an object that says more.
type TextOr[T any] struct {
	Text   string
	Object *T // nil when it is a text
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *TextOr[T]) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(raw, []byte{'"'}) {
		return json.Unmarshal(raw, &t.Text)
	}
	return json.Unmarshal(raw, &t.Object)
}

// maxText bounds the text, in characters.
const maxText = 1_000

// Schema implements huma.SchemaProvider.
func (TextOr[T]) Schema(r huma.Registry) *huma.Schema {
	longest := maxText
	text := &huma.Schema{Type: huma.TypeString, MaxLength: &longest}
	text.PrecomputeMessages()
	return &huma.Schema{OneOf: []*huma.Schema{text, r.Schema(reflect.TypeFor[T](), true, "")}}
}
