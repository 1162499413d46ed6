package sqldb

import (
	"database/sql/driver"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"time"

	"github.com/uptrace/bun/schema"
)

// binder answers the value of a field of a row as SQLite's driver takes it, so
// that it is stored as bun writes it into a statement.
type binder func(row reflect.Value) (any, error)

// errNUL refuses what bun refuses: PostgreSQL has no such text.
var errNUL = errors.New("a text has a NUL character in it")

var (
	timeType    = reflect.TypeFor[time.Time]()
	rawType     = reflect.TypeFor[json.RawMessage]()
	valuerType  = reflect.TypeFor[driver.Valuer]()
	appenderOwn = reflect.TypeFor[schema.QueryAppender]()
)

// binderOf is nil for a field that only bun can write.
func binderOf(f *schema.Field) binder {
	value := valueOf(f.StructField.Type)
	if value == nil || f.NullZero || f.SQLDefault != "" {
		return nil
	}
	return func(row reflect.Value) (any, error) { return value(f.Value(row)) }
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
	t, _ := v.Interface().(time.Time)
	return timeText(t), nil
}

// timeText is a time as bun writes it.
func timeText(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05.999999-07:00") }

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
	text, err := json.Marshal(v.Interface())
	return string(text), err
}
