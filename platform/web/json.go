package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"parley/platform/kernel/apperr"
)

// maxDepth bounds the nesting of a JSON body.
const maxDepth = 32

// parseJSON reads one JSON value strictly: a repeated key, a NUL character,
// bad UTF-8 or anything after the value is an error. encoding/json accepts
// all four, and which of two equal keys wins then depends on the reader.
func parseJSON(raw []byte) (any, error) {
	if !utf8.Valid(raw) {
		return nil, ErrMalformed.Saying("The body is not valid UTF-8.")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	value, err := parseValue(d, "", 0)
	if err != nil {
		var shaped *apperr.Error
		if errors.As(err, &shaped) {
			return nil, err
		}
		return nil, ErrMalformed.Saying(fmt.Sprintf("The body is not valid JSON: %s.", jsonProblem(err)))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, ErrMalformed.Saying("The body has something after its JSON value.")
	}
	return value, nil
}

func jsonProblem(err error) string {
	var syntax *json.SyntaxError
	var number *json.UnmarshalTypeError
	switch {
	case errors.As(err, &number):
		return "a number is too large to be kept"
	case errors.As(err, &syntax):
		return fmt.Sprintf("%s at byte %d", syntax.Error(), syntax.Offset)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "it ends too early"
	}
	return err.Error()
}

func parseValue(d *json.Decoder, path string, depth int) (any, error) {
	if depth > maxDepth {
		return nil, ErrMalformed.Saying(fmt.Sprintf("The body is nested deeper than %d levels.", maxDepth))
	}
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '{' {
			return parseObject(d, path, depth)
		}
		return parseArray(d, path, depth)
	case string:
		if strings.ContainsRune(t, 0) {
			return nil, ErrUnacceptable.Saying("Text must not contain NUL characters.").On(path, "contains a NUL character")
		}
	}
	return token, nil
}

func parseObject(d *json.Decoder, path string, depth int) (any, error) {
	object := map[string]any{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, err
		}
		key := token.(string) // the decoder accepts nothing else here
		field := join(path, key)
		if _, twice := object[key]; twice {
			return nil, ErrMalformed.Saying(fmt.Sprintf("The field %q is given twice.", field)).On(field, "is given twice")
		}
		if object[key], err = parseValue(d, field, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return object, err
}

func parseArray(d *json.Decoder, path string, depth int) (any, error) {
	array := []any{}
	for d.More() {
		value, err := parseValue(d, path+"["+strconv.Itoa(len(array))+"]", depth+1)
		if err != nil {
			return nil, err
		}
		array = append(array, value)
	}
	_, err := d.Token()
	return array, err
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
