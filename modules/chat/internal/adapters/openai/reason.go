package openai

import (
	"bytes"
	"encoding/json"
	"strings"
)

// wireError is what a server says about a failure.
type wireError struct {
	Message string
	Type    string
	Param   string
	Code    json.RawMessage // a string, a number or null
}

// reasonIn reads an error in any of the shapes that servers give it: {"error":
// {"message": …}}, {"error": "…"}, {"object": "error", "message": …},
// {"detail": …}, {"errors": […]}, or words without JSON.
func reasonIn(body []byte) wireError {
	body = bytes.TrimSpace(body)
	var e wireError
	switch {
	case json.Valid(body):
		const deepest = 4
		e.read(body, deepest)
	case !bytes.HasPrefix(body, []byte("<")): // a page says nothing
		e.Message = string(body)
	}
	return e
}

// read takes what is not known yet from raw, and then from what is in it.
func (e *wireError) read(raw json.RawMessage, depth int) {
	var words string
	var list []json.RawMessage
	var fields map[string]json.RawMessage
	switch {
	case depth == 0:
	case json.Unmarshal(raw, &words) == nil:
		e.Message += words
	case json.Unmarshal(raw, &list) == nil:
		for _, one := range list {
			if e.Message == "" {
				e.read(one, depth-1)
			}
		}
	case json.Unmarshal(raw, &fields) == nil:
		word := func(name string) string {
			var s string
			_ = json.Unmarshal(fields[name], &s) // of another type: not known
			return s
		}
		for _, inner := range []string{"error", "errors", "detail", "message", "msg", "reason"} {
			if e.Message == "" && something(fields[inner]) {
				e.read(fields[inner], depth-1)
			}
		}
		if e.Type == "" {
			e.Type = word("type")
		}
		if e.Param == "" {
			e.Param = word("param")
		}
		if len(e.Code) == 0 && something(fields["code"]) {
			e.Code = bytes.Clone(fields["code"])
		}
		e.Message = strings.TrimSpace(e.Message)
	}
}
