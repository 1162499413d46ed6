package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
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
// bad UTF-8, half of a surrogate pair or anything after the value is an error.
// encoding/json accepts all of them: it puts U+FFFD where it can't read a
// character, and which of two equal keys wins depends on the reader.
func parseJSON(raw []byte) (any, error) {
	if !utf8.Valid(raw) {
		return nil, ErrMalformed.WithMessage("The body is not valid UTF-8.")
	}
	if bytes.HasPrefix(raw, []byte("\ufeff")) {
		return nil, ErrMalformed.WithMessage("The body begins with a byte order mark; leave it out.")
	}
	if at := halfPair(raw); at >= 0 {
		return nil, ErrMalformed.WithMessage(fmt.Sprintf("The body has half a character at byte %d: of a pair such as \\ud83d\\ude00 only one is there.", at+1))
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

// halfPair is where an escape stands that is half of a surrogate pair without
// the other half; -1 when there is none. What is no JSON may have any.
func halfPair(raw []byte) int {
	for i := bytes.IndexByte(raw, '\\'); i >= 0 && i < len(raw); {
		half := escaped(raw[i:])
		switch {
		case half < 0: // of another kind, or a backslash that stands for itself
			i += 2
		case !utf16.IsSurrogate(half):
			i += 6
		case utf16.DecodeRune(half, escaped(raw[i+6:])) == unicode.ReplacementChar:
			return i
		default:
			i += 12
		}
		if i >= len(raw) {
			return -1
		}
		next := bytes.IndexByte(raw[i:], '\\')
		if next < 0 {
			return -1
		}
		i += next
	}
	return -1
}

// escaped is what an escape such as \u00e9 at the beginning of raw stands for;
// -1 when there is none.
func escaped(raw []byte) rune {
	if len(raw) < 6 || raw[0] != '\\' || raw[1] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(string(raw[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(n)
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
