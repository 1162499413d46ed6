package jsonout

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"
)

// Any appends plain data. What is no map with names, list, text, number, time or
// boolean is Own's, or else left to encoding/json.
func (t *Text) Any(value any) {
	switch v := value.(type) {
	case nil:
		t.Raw("null")
	case string:
		t.String(v)
	case bool:
		t.Bool(v)
	case int:
		t.Int(int64(v))
	case int64:
		t.Int(v)
	case float64:
		t.Float(v)
	case time.Time:
		t.Time(v)
	case []int:
		List(t, v, func(t *Text, n *int) { t.Int(int64(*n)) })
	case []int64:
		List(t, v, func(t *Text, n *int64) { t.Int(*n) })
	case []string:
		List(t, v, func(t *Text, s *string) { t.String(*s) })
	case map[string]any:
		t.object(v)
	default:
		if t.Own == nil || !t.Own(t, v) {
			t.Other(v)
		}
	}
}

// object appends a map, in the order of its names.
func (t *Text) object(m map[string]any) {
	if m == nil {
		t.Raw("null")
		return
	}
	var room [16]string
	names := room[:0]
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	t.Raw("{")
	for i, name := range names {
		if i > 0 {
			t.Raw(",")
		}
		t.String(name)
		t.Raw(":")
		t.Any(m[name])
	}
	t.Raw("}")
}

// List appends a list whose elements one appends.
func List[V any](t *Text, list []V, one func(t *Text, v *V)) {
	if list == nil {
		t.Raw("null")
		return
	}
	t.Raw("[")
	for i := range list {
		if i > 0 {
			t.Raw(",")
		}
		one(t, &list[i])
	}
	t.Raw("]")
}

// Other appends whatever encoding/json can encode, by means of it.
func (t *Text) Other(value any) {
	var made bytes.Buffer
	e := json.NewEncoder(&made)
	e.SetEscapeHTML(false)
	err := e.Encode(value)
	t.Bytes = append(t.Bytes, bytes.TrimSuffix(made.Bytes(), []byte("\n"))...)
	if t.Err == nil {
		t.Err = err
	}
}
