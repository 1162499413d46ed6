package sqldb

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/uptrace/bun/schema"
)

// array is how the values of a column go to PostgreSQL: as one value of its
// binary protocol, so that a statement has as many values as columns, however
// many rows it is for, and no text has to be quoted.
type array struct {
	of   uint32 // the type of an element, of those in elementTypes
	cast string // what the column takes an element as, such as "::jsonb", or empty
	one  element
}

// element appends a value with its length before it.
type element func(b []byte, v reflect.Value) ([]byte, error)

// elementTypes are the types that values are sent as.
var elementTypes = map[uint32]string{oidBool: "boolean", oidInt8: "bigint", oidText: "text", oidFloat8: "double precision", oidTimestampz: "timestamptz"}

// param is a parameter whose elements are rows.
func (a array) param(number int) string {
	return "unnest($" + strconv.Itoa(number) + "::" + elementTypes[a.of] + "[])" + a.cast
}

// append writes n values as one array.
func (a array) append(b []byte, n int, value func(i int) reflect.Value) ([]byte, error) {
	at := len(b)
	b = append(b, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0) // the length, one dimension, no flags
	b = binary.BigEndian.AppendUint32(b, a.of)
	b = binary.BigEndian.AppendUint32(b, uint32(n)) //nolint:gosec // rows in memory
	b = append(b, 0, 0, 0, 1)                       // where indexes begin
	var err error
	for i := range n {
		v := value(i)
		if !v.IsValid() {
			b = appendNull(b)
		} else if b, err = a.one(b, v); err != nil {
			return nil, err
		}
	}
	binary.BigEndian.PutUint32(b[at:], uint32(len(b)-at-4)) //nolint:gosec // PostgreSQL refuses more than 1 GB
	return b, nil
}

// arrayOf answers how values of a type go into a column of a type, as bun
// would store them, or no element for those that only bun can write. column is
// 0 where it is whatever suits the values, and name what a cast calls it.
func arrayOf(typ reflect.Type, column uint32, name string) array {
	if valueOf(typ) == nil {
		return array{}
	}
	base := typ
	for base.Kind() == reflect.Pointer {
		base = base.Elem()
	}
	if typ != base && base != timeType && typ.Implements(marshalerType) {
		return array{} // bun looks at the pointer
	}
	a := natural(base)
	switch {
	case a.of == oidText || a.of == oidInt8 || column == 0 || column == a.of:
	case base == timeType:
		a = array{of: oidText, one: func(b []byte, v reflect.Value) ([]byte, error) {
			t, _ := v.Interface().(time.Time)
			return appendText(b, timeText(t))
		}}
	case a.of == oidFloat8: // another type has other digits
		bits := base.Bits()
		a = array{of: oidText, one: func(b []byte, v reflect.Value) ([]byte, error) {
			return appendText(b, floatText(v.Float(), bits))
		}}
	case a.of == oidBool:
		a = array{of: oidText, one: func(b []byte, v reflect.Value) ([]byte, error) { return appendText(b, strconv.FormatBool(v.Bool())) }}
	}
	if a.of == oidText && column != 0 && column != oidText && column != oidVarchar {
		a.cast = "::" + name
	}
	for ; typ != base; typ = typ.Elem() {
		one := a.one
		a.one = func(b []byte, v reflect.Value) ([]byte, error) {
			if v.IsNil() {
				return appendNull(b), nil
			}
			return one(b, v.Elem())
		}
	}
	return a
}

var marshalerType = reflect.TypeFor[json.Marshaler]()

// natural answers how values of a type are sent where nothing speaks against it.
func natural(typ reflect.Type) array {
	switch typ {
	case timeType:
		return array{of: oidTimestampz, one: appendTime}
	case rawType:
		return array{of: oidText, one: appendRaw}
	}
	switch typ.Kind() {
	case reflect.String:
		return array{of: oidText, one: func(b []byte, v reflect.Value) ([]byte, error) { return appendText(b, v.String()) }}
	case reflect.Bool:
		return array{of: oidBool, one: appendBool}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return array{of: oidInt8, one: func(b []byte, v reflect.Value) ([]byte, error) {
			return append8(b, uint64(v.Int())), nil //nolint:gosec // its bits
		}}
	case reflect.Float32, reflect.Float64:
		bits := typ.Bits()
		return array{of: oidFloat8, one: func(b []byte, v reflect.Value) ([]byte, error) { return appendFloat(b, v.Float(), bits) }}
	}
	return array{of: oidText, one: appendJSON}
}

// arrayOfField is arrayOf a field of a model.
func arrayOfField(f *schema.Field, column uint32, name string) array {
	if onlyBun(f) {
		return array{}
	}
	for _, option := range []string{"array", "hstore", "multirange", "msgpack", "type"} {
		if f.Tag.HasOption(option) {
			return array{}
		}
	}
	return arrayOf(f.StructField.Type, column, name)
}

func appendNull(b []byte) []byte { return append(b, 0xff, 0xff, 0xff, 0xff) }

func append8(b []byte, bits uint64) []byte {
	return binary.BigEndian.AppendUint64(append(b, 0, 0, 0, 8), bits)
}

func appendBool(b []byte, v reflect.Value) ([]byte, error) {
	if v.Bool() {
		return append(b, 0, 0, 0, 1, 1), nil
	}
	return append(b, 0, 0, 0, 1, 0), nil
}

// appendText writes what bun writes: what is no UTF-8 becomes U+FFFD, byte by
// byte.
func appendText(b []byte, s string) ([]byte, error) {
	if strings.IndexByte(s, 0) >= 0 {
		return nil, errNUL
	}
	if !utf8.ValidString(s) {
		s = string([]rune(s))
	}
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...), nil //nolint:gosec // PostgreSQL refuses more than 1 GB
}

func appendRaw(b []byte, v reflect.Value) ([]byte, error) {
	if v.IsNil() {
		return appendNull(b), nil
	}
	return appendText(b, string(v.Bytes()))
}

// appendJSON writes what bun writes: of a NUL, which PostgreSQL's JSON has not,
// the escape is kept as a text.
func appendJSON(b []byte, v reflect.Value) ([]byte, error) {
	if isNull(v) {
		return appendText(b, "null")
	}
	text, err := json.Marshal(v.Interface())
	if err != nil {
		return nil, err
	}
	if bytes.Contains(text, escapedNUL) {
		text = escapeNULs(text)
	}
	return append(binary.BigEndian.AppendUint32(b, uint32(len(text))), text...), nil //nolint:gosec // PostgreSQL refuses more than 1 GB
}

var escapedNUL = []byte(`\u0000`)

func escapeNULs(text []byte) (out []byte) {
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' {
			if bytes.HasPrefix(text[i:], escapedNUL) {
				out = append(out, '\\')
			}
			out = append(out, '\\') // and what it escapes
			i++
		}
		out = append(out, text[i])
	}
	return out
}

// firstTime and lastTime are the years that a text of bun can say.
var (
	firstTime  = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro()
	lastTime   = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() - 1
	beginOfAll = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).UnixMicro() // as PostgreSQL counts
	errYear    = errors.New("a time is before the year 1 or after the year 9999")
)

func appendTime(b []byte, v reflect.Value) ([]byte, error) {
	t, _ := v.Interface().(time.Time)
	at := t.UnixMicro()
	if at < firstTime || at > lastTime {
		return nil, errYear
	}
	return append8(b, uint64(at-beginOfAll)), nil //nolint:gosec // its bits
}

// floatText is a number as bun writes it.
func floatText(f float64, bits int) string {
	switch {
	case math.IsNaN(f):
		return "NaN"
	case math.IsInf(f, 0):
		return map[bool]string{true: "Infinity", false: "-Infinity"}[f > 0]
	case f == 0: // PostgreSQL's -0 is an operator and a number that has no sign
		return "0"
	}
	return strconv.FormatFloat(f, 'f', -1, bits)
}

func appendFloat(b []byte, f float64, bits int) ([]byte, error) {
	if bits == 32 && !math.IsNaN(f) && !math.IsInf(f, 0) { // the decimal that bun writes, not its bits
		var err error
		if f, err = strconv.ParseFloat(floatText(f, bits), 64); err != nil {
			return nil, err
		}
	}
	if f == 0 {
		f = 0 // without a sign, as bun's text is read
	}
	return append8(b, math.Float64bits(f)), nil
}
