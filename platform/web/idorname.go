package web

import (
	"bytes"
	"encoding/json"
	"strconv"

	"github.com/danielgtaylor/huma/v2"
)

// IDOrName names a thing by its id, a JSON integer, or by a text. A text of
// digits alone is shown as an id.
type IDOrName string

// UnmarshalJSON implements json.Unmarshaler.
func (n *IDOrName) UnmarshalJSON(raw []byte) error {
	if bytes.HasPrefix(raw, []byte{'"'}) {
		return json.Unmarshal(raw, (*string)(n))
	}
	var id int64
	err := json.Unmarshal(raw, &id)
	*n = IDOrName(strconv.FormatInt(id, 10))
	return err
}

// MarshalJSON implements json.Marshaler.
func (n IDOrName) MarshalJSON() ([]byte, error) {
	if id, err := strconv.ParseInt(string(n), 10, 64); err == nil && id > 0 && strconv.FormatInt(id, 10) == string(n) {
		return []byte(n), nil
	}
	return json.Marshal(string(n))
}

// maxName bounds the text, in characters.
const maxName = 400

// Schema implements huma.SchemaProvider.
func (IDOrName) Schema(huma.Registry) *huma.Schema {
	least, shortest, longest := 1.0, 1, maxName
	id := &huma.Schema{Type: huma.TypeInteger, Format: "int64", Minimum: &least}
	name := &huma.Schema{Type: huma.TypeString, MinLength: &shortest, MaxLength: &longest}
	id.PrecomputeMessages()
	name.PrecomputeMessages()
	return &huma.Schema{OneOf: []*huma.Schema{id, name}}
}
