package openapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// Document is all that the OpenAPI document says.
type Document struct {
	Version string
	// Schemas are those that the bodies and parameters of Operations refer to.
	Schemas    *Schemas
	Operations []Operation
	Error      reflect.Type // the form of every error
	// APIKeyHeader is the name of the header that carries an API key.
	APIKeyHeader string
}

const (
	title = "Parley"
	about = "Ask agents questions about your documents and get answers with sources. An independent implementation of the Ejento API V1. " +
		"\"Who\" in an operation names the action that it takes on each thing; docs/api/permissions.md says who may take it. " +
		"In a body, null for a field that may be left out means that it is not sent, unless the field says that null takes its value away."
)

// refusals are the statuses of errors that an operation tells of. Every
// operation can answer others, which "default" stands for.
var refusals = map[int]string{
	http.StatusBadRequest:            "The request does not have the shape of the operation.",
	http.StatusUnauthorized:          "No credentials, or none that are valid now.",
	http.StatusForbidden:             "The caller, or the API key, may not do this.",
	http.StatusNotFound:              "Not there, or not visible to the caller.",
	http.StatusConflict:              "The present state stands against it, or the Idempotency-Key is in use.",
	http.StatusRequestEntityTooLarge: "The body is larger than the operation takes.",
	http.StatusUnsupportedMediaType:  "The body is of another type than the operation takes.",
	http.StatusUnprocessableEntity:   "A value that can't be accepted.",
	http.StatusTooManyRequests:       "Too many attempts; wait before the next one.",
	http.StatusServiceUnavailable:    "Not now; try again.",
	0:                                "What went wrong, and what to change.",
}

// answered are the headers of every answer, and told are those of some errors.
var (
	answered = map[string]string{"X-Request-Id": "The id of the request: the client's, if it sent a well-formed one."}
	told     = map[int]map[string]string{
		http.StatusUnauthorized:       {"WWW-Authenticate": "That a Bearer token is wanted."},
		http.StatusConflict:           {"Location": "Path of what is there already or is stored, where that is known."},
		http.StatusTooManyRequests:    {"Retry-After": "Seconds to wait."},
		http.StatusServiceUnavailable: {"Location": "Path of what is stored, where something is."},
	}
)

// headers describes headers by what they tell.
func headers(tell ...map[string]string) map[string]*huma.Param {
	out := map[string]*huma.Param{}
	for _, some := range tell {
		for name, what := range some {
			kind := huma.TypeString
			if name == "Retry-After" {
				kind = huma.TypeInteger
			}
			out[name] = &huma.Param{Description: what, Schema: &huma.Schema{Type: kind}}
		}
	}
	return out
}

// JSON is the document as it is served. It fails when two types that look
// different have one name.
func (d Document) JSON() ([]byte, error) {
	c := newComponents(d.Schemas)
	failed := c.copied(d.Schemas.of(d.Error), false, "")
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info:    &huma.Info{Title: title, Version: d.Version, Description: about},
		Servers: []*huma.Server{{URL: "/", Description: "The server that this document comes from."}},
		Components: &huma.Components{
			Responses: map[string]*huma.Response{},
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"bearer":  {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "The ejento_access_token of a sign-in."},
				"api_key": {Type: "apiKey", In: "header", Name: d.APIKeyHeader, Description: "An API key. Beside a token, which then says who acts, it only narrows."},
				"refresh": {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "The access_token of a sign-in, which opens nothing else."},
			},
		},
	}
	for status, what := range refusals {
		doc.Components.Responses[refusal(status)] = &huma.Response{Description: what, Headers: headers(answered, told[status]), Content: jsonContent(failed)}
	}
	for _, o := range d.Operations {
		doc.AddOperation(c.operation(o))
	}
	if c.err != nil {
		return nil, c.err
	}
	doc.Components.Schemas = &Schemas{all: c.all}
	out, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding the OpenAPI document: %w", err)
	}
	return append(out, '\n'), nil
}

// refusal is the name of a refusal's response among the components.
func refusal(status int) string {
	if status == 0 {
		return "Error"
	}
	return strings.ReplaceAll(http.StatusText(status), " ", "")
}

func refusalRef(status int) *huma.Response {
	return &huma.Response{Ref: "#/components/responses/" + refusal(status)}
}

func (c *components) operation(o Operation) *huma.Operation {
	op := &huma.Operation{
		Method: o.Method, Path: o.Path, Summary: o.Name, OperationID: OperationID(o.Method, o.Path),
		Tags: []string{o.Group}, Description: "Who: " + o.Who + ".",
		Responses: map[string]*huma.Response{
			fmt.Sprint(o.Answer.Status): {Description: o.Answer.Message, Headers: headers(answered, o.Answer.Headers), Content: c.answer(o.Answer)},
			"default":                   refusalRef(0),
		},
	}
	for _, status := range o.Refusals {
		op.Responses[fmt.Sprint(status)] = refusalRef(status)
	}
	switch o.Security {
	case Nothing:
		op.Security = []map[string][]string{} // which says so; nil says nothing
	case RefreshToken:
		op.Security = []map[string][]string{{"refresh": {}}}
	case Credentials:
		op.Security = []map[string][]string{{"bearer": {}}, {"api_key": {}}}
	}
	for _, p := range o.Params {
		op.Parameters = append(op.Parameters, &huma.Param{Name: p.Name, In: p.In, Required: p.Required, Description: p.Description, Schema: readable(p.Schema)})
	}
	if b := o.Body; b != nil {
		// Only JSON has a null that may stand for what is not sent.
		schema := c.copied(b.Schema, b.ContentType == asJSON, o.bodyName())
		op.RequestBody = &huma.RequestBody{Required: b.Required, Content: map[string]*huma.MediaType{b.ContentType: {Schema: schema}}}
		if b.Upload != nil {
			op.RequestBody.Content["multipart/form-data"] = &huma.MediaType{Schema: c.copied(b.Upload, false, o.bodyName())}
		}
	}
	return op
}

// answer describes each form that the answer of a success may have.
func (c *components) answer(a Answer) map[string]*huma.MediaType {
	content := map[string]*huma.MediaType{}
	if a.Data != nil {
		content[asJSON] = &huma.MediaType{Schema: c.success(a)}
	}
	if a.File {
		content["application/octet-stream"] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}
	}
	if len(a.Columns) > 0 {
		form := "With Accept: text/csv, comma-separated values (RFC 4180, UTF-8): the columns " + strings.Join(a.Columns, ", ") + " in a header row, then the rows of data. " +
			"An empty cell is null. A text that a spreadsheet would take for a formula has an apostrophe before it. Errors stay JSON."
		content["text/csv"] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Description: form}}
	}
	if a.Stream {
		const form = "Events, each \"data: <one line of JSON>\" and an empty line."
		content["text/event-stream"] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Description: form}}
	}
	if a.Lines {
		const form = "The items of the list, one on each line."
		content["application/x-ndjson"] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Description: form}}
	}
	return content
}

// success is the schema of an answer in JSON, in its envelope unless it is flat.
func (c *components) success(a Answer) *huma.Schema {
	data := c.part(a.Data, a.Name)
	if a.Flat {
		return data
	}
	object := &huma.Schema{
		Type:       huma.TypeObject,
		Properties: map[string]*huma.Schema{"success": {Type: huma.TypeBoolean}, "message": {Type: huma.TypeString}, "data": data},
		Required:   []string{"success", "message", "data"},

		AdditionalProperties: false,
	}
	if a.Meta != nil {
		object.Properties["meta"] = c.part(a.Meta, a.Name)
	}
	if a.MetaAlways {
		object.Required = append(object.Required, "meta")
	}
	return object
}

// part is the schema of data or meta. A pointer may be null, and one to an
// empty struct always is.
func (c *components) part(t reflect.Type, name string) *huma.Schema {
	pointer := t.Kind() == reflect.Pointer
	if isNull(t) {
		return &huma.Schema{Type: "null"}
	}
	of := c.copied(c.from.of(t), false, name)
	if !pointer {
		return of
	}
	return nullable(of)
}

const asJSON = "application/json"

func jsonContent(s *huma.Schema) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{asJSON: {Schema: s}}
}
