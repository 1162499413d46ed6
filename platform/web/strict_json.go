package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/platform/kernel/apperr"
)

const (
	// maxDepth bounds the nesting of a JSON body.
	maxDepth = 32
	// maxFieldName bounds the name of a field, in bytes.
	maxFieldName = 200
)

// parseJSON reads one JSON value strictly: a repeated key, a NUL character,
// bad UTF-8 or anything after the value is an error. encoding/json accepts
// all four, and which of two equal keys wins then depends on the reader.
func parseJSON(raw []byte) (any, error) {
	if !utf8.Valid(raw) {
		return nil, ErrMalformed.WithMessage("The body is not valid UTF-8.")
	}
	p := &parser{Decoder: json.NewDecoder(bytes.NewReader(raw))}
	value, err := p.value()
	if err != nil {
		var shaped *apperr.Error
		if errors.As(err, &shaped) {
			return nil, err
		}
		return nil, ErrMalformed.WithMessage(fmt.Sprintf("The body is not valid JSON: %s.", jsonProblem(err)))
	}
	if _, err := p.Token(); !errors.Is(err, io.EOF) {
		return nil, ErrMalformed.WithMessage("The body has something after its JSON value.")
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

// parser reads values and knows where it is. The place is a stack and becomes
// text only in an error: a body of long names and many entries would cost the
// square of its length otherwise.
type parser struct {
	*json.Decoder
	values int // so far
	place  []step
}

// step is a field, or with no name an entry of an array.
type step struct {
	name  string
	index int
}

func (p *parser) String() string {
	var out strings.Builder
	for i, s := range p.place {
		switch {
		case s.name == "" && s.index >= 0:
			fmt.Fprintf(&out, "[%d]", s.index)
		case i > 0:
			out.WriteString("." + s.name)
		default:
			out.WriteString(s.name)
		}
	}
	return out.String()
}

func (p *parser) value() (any, error) {
	if len(p.place) > maxDepth {
		return nil, ErrMalformed.WithMessage(fmt.Sprintf("The body is nested deeper than %d levels.", maxDepth))
	}
	if p.values++; p.values > maxElements {
		return nil, ErrTooLarge.WithMessage(fmt.Sprintf("The body has more than %d values.", maxElements))
	}
	token, err := p.Token()
	if err != nil {
		return nil, err
	}
	switch t := token.(type) {
	case json.Delim:
		if t == '{' {
			return p.object()
		}
		return p.array()
	case string:
		if strings.ContainsRune(t, 0) {
			return nil, ErrUnacceptable.WithMessage("Text must not contain NUL characters.").WithField(p.String(), "contains a NUL character")
		}
		if unseen(t) {
			return nil, ErrUnacceptable.WithMessage("Text must not be of invisible characters alone.").WithField(p.String(), "has nothing that can be seen")
		}
	}
	return token, nil
}

// unseen reports whether a text shows nothing, though it is neither empty nor
// of spaces alone, which the operations look for: no list could show it as a
// name, and nobody could ask it.
func unseen(t string) bool {
	spaces := true
	for _, r := range t {
		switch {
		case unicode.IsSpace(r):
		case unicode.In(r, unicode.Cf, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector), r == '\u2800':
			spaces = false
		default:
			return false
		}
	}
	return !spaces
}

func (p *parser) object() (any, error) {
	object := map[string]any{}
	for p.More() {
		token, err := p.Token()
		if err != nil {
			return nil, err
		}
		name := token.(string) // the decoder accepts nothing else here
		if len(name) > maxFieldName {
			return nil, ErrMalformed.WithMessage(fmt.Sprintf("The name of a field is longer than %d bytes.", maxFieldName))
		}
		p.place = append(p.place, step{name: name, index: -1})
		if _, twice := object[name]; twice {
			return nil, ErrMalformed.WithMessage(fmt.Sprintf("The field %q is given twice.", p)).WithField(p.String(), "is given twice")
		}
		if object[name], err = p.value(); err != nil {
			return nil, err
		}
		p.place = p.place[:len(p.place)-1]
	}
	_, err := p.Token()
	return object, err
}

func (p *parser) array() (any, error) {
	array := []any{}
	p.place = append(p.place, step{})
	for p.More() {
		p.place[len(p.place)-1].index = len(array)
		value, err := p.value()
		if err != nil {
			return nil, err
		}
		array = append(array, value)
	}
	p.place = p.place[:len(p.place)-1]
	_, err := p.Token()
	return array, err
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
