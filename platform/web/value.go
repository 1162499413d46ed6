package web

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// settable are the types that set can read from text.
func settable(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int64, reflect.Bool, reflect.String:
		return true
	}
	return t == reflect.TypeFor[time.Time]()
}

// Integer reads an integer in its one spelling, so that nothing has two names:
// 1, and neither 01 nor +1.
func Integer(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err == nil && strconv.FormatInt(n, 10) != text {
		err = strconv.ErrSyntax
	}
	return n, err
}

// set parses text into one field and checks it against the field's schema.
func (b *binding) set(v reflect.Value, f boundField, text string) error {
	target := v
	if v.Kind() == reflect.Pointer {
		target = reflect.New(v.Type().Elem()).Elem()
	}
	wrong := func(kind string) error {
		return ErrMalformed.WithMessage(fmt.Sprintf("%q must be %s.", f.name, kind)).WithField(f.name, "must be "+kind)
	}
	var value any
	switch target.Interface().(type) {
	case time.Time:
		at, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return wrong("a date-time such as 2024-10-02T00:02:24Z")
		}
		target.Set(reflect.ValueOf(at))
		value = text
	default:
		switch target.Kind() {
		case reflect.Int, reflect.Int64:
			n, err := Integer(text)
			if errors.Is(err, strconv.ErrRange) {
				return ErrUnacceptable.WithMessage(fmt.Sprintf("%q must be an integer within 64 bits.", f.name)).WithField(f.name, "must be an integer within 64 bits")
			}
			if err != nil {
				return wrong("an integer")
			}
			target.SetInt(n)
			value = n
		case reflect.Bool:
			if text != "true" && text != "false" {
				return wrong("true or false")
			}
			value = text == "true"
			target.SetBool(text == "true")
		case reflect.String:
			if !utf8.ValidString(text) {
				return wrong("valid UTF-8")
			}
			if strings.ContainsRune(text, 0) {
				return ErrUnacceptable.WithMessage(fmt.Sprintf("%q must not contain NUL characters.", f.name)).WithField(f.name, "contains a NUL character")
			}
			target.SetString(text)
			value = text
		default:
			return fmt.Errorf("query field %s has the unsupported kind %s", f.name, target.Kind())
		}
	}
	if target != v {
		v.Set(target.Addr())
	}
	return check(b.registry, f.schema, f.name, value)
}
