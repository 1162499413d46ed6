package sqldb

import (
	"database/sql/driver"
	"encoding"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun/schema"
)

// binder is a field of a row, and answers its value as SQLite's driver takes
// it, so that it is stored as bun writes it into a statement.
type binder struct {
	within []int // where the struct is that has the field; empty for the row
	at     int
	shared bool // the struct is that of the binder before
	value  func(reflect.Value) (any, error)
}

// errNUL refuses what bun refuses: PostgreSQL has no such text.
var errNUL = errors.New("a text has a NUL character in it")

var (
	timeType    = reflect.TypeFor[time.Time]()
	rawType     = reflect.TypeFor[json.RawMessage]()
	valuerType  = reflect.TypeFor[driver.Valuer]()
	jsonType    = reflect.TypeFor[json.Marshaler]()
	plainType   = reflect.TypeFor[encoding.TextMarshaler]()
	appenderOwn = reflect.TypeFor[schema.QueryAppender]()
)

// onlyBun reports whether only bun can write a field.
func onlyBun(f *schema.Field) bool {
	return f.NullZero || f.SQLDefault != "" || valueOf(f.StructField.Type) == nil
}

// binderOf is the binder of a field of a row, false when only bun can write it:
// also when it is within a struct that may be nil. before are those of the
// fields that come first.
func binderOf(row reflect.Type, f *schema.Field, before []binder) (binder, bool) {
	last := len(f.Index) - 1
	b := binder{within: f.Index[:last], at: f.Index[last], value: valueOf(f.StructField.Type)}
	for _, i := range b.within {
		if row = row.Field(i).Type; row.Kind() != reflect.Struct {
			return b, false
		}
	}
	b.shared = len(before) > 0 && slices.Equal(before[len(before)-1].within, b.within)
	return b, !onlyBun(f)
}

// valueOf answers how values of a type are bound.
func valueOf(typ reflect.Type) func(reflect.Value) (any, error) {
	switch {
	case typ == timeType:
		return bindTime
	case typ == rawType:
		return bindRaw
	case typ.Implements(valuerType), typ.Implements(appenderOwn), reflect.PointerTo(typ).Implements(valuerType):
		return nil
	}
	switch typ.Kind() {
	case reflect.String:
		return bindText
	case reflect.Bool:
		return func(v reflect.Value) (any, error) { return v.Bool(), nil }
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return func(v reflect.Value) (any, error) { return v.Int(), nil }
	case reflect.Float32, reflect.Float64:
		return func(v reflect.Value) (any, error) { return v.Float(), nil }
	case reflect.Pointer:
		return bindPointer(valueOf(typ.Elem()))
	case reflect.Slice, reflect.Map, reflect.Struct:
		if typ.Kind() == reflect.Slice && typ.Elem().Kind() == reflect.Uint8 {
			return nil
		}
		return bindJSON
	}
	return nil
}

func bindTime(v reflect.Value) (any, error) {
	if v.CanAddr() { // which needs no copy on the heap
		t, _ := v.Addr().Interface().(*time.Time)
		return timeText(*t), nil
	}
	t, _ := v.Interface().(time.Time)
	return timeText(t), nil
}

// asBun is how bun writes a time into SQLite.
const asBun = "2006-01-02 15:04:05.999999-07:00"

// timeText is a time as bun writes it. What RFC 3339 has a form for is written
// in a third of the time.
func timeText(t time.Time) string {
	t = t.UTC()
	if year := t.Year(); year < 0 || year > 9999 {
		return t.Format(asBun)
	}
	var room [40]byte
	b := t.Truncate(time.Microsecond).AppendFormat(room[:0], time.RFC3339Nano)
	b[len("2006-01-02")] = ' '
	return string(append(b[:len(b)-len("Z")], "+00:00"...))
}

func bindRaw(v reflect.Value) (any, error) {
	if v.IsNil() {
		return nil, nil //nolint:nilnil // NULL
	}
	return string(v.Bytes()), nil
}

func bindText(v reflect.Value) (any, error) {
	s := v.String()
	if strings.IndexByte(s, 0) >= 0 {
		return nil, errNUL
	}
	return s, nil
}

func bindPointer(value func(reflect.Value) (any, error)) func(reflect.Value) (any, error) {
	if value == nil {
		return nil
	}
	return func(v reflect.Value) (any, error) {
		if v.IsNil() {
			return nil, nil //nolint:nilnil // NULL
		}
		return value(v.Elem())
	}
}

func bindJSON(v reflect.Value) (any, error) {
	if isNull(v) {
		return "null", nil
	}
	text, err := json.Marshal(v.Interface())
	return string(text), err
}

// isNull reports whether a value is null as JSON, which most lists of a question
// are.
func isNull(v reflect.Value) bool {
	kind := v.Kind()
	return (kind == reflect.Slice || kind == reflect.Map) && v.IsNil() && !v.Type().Implements(jsonType) && !v.Type().Implements(plainType)
}
