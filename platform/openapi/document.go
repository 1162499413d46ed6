package openapi

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
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
	// Codes are examples of codes of errors, by the statuses that the edge answers.
	Codes map[int]string
	Words Words
}

const (
	title = "Parley"
	about = "Ask agents questions about your documents and get answers with sources. An independent implementation of the Ejento API V1. " +
		"\"Who\" in an operation names the action that it takes on each thing; docs/api/permissions.md says who may take it. " +
		"\"Errors\" names those that are particular to an operation: every operation answers 404 for what doesn't exist or the caller may not view, " +
		"and docs/api/errors.md has them all. \"Events\" names what webhooks and other modules hear of it, in the transaction of the change. " +
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
	http.StatusInternalServerError:   "A defect of the server; the request id finds it in the server's log.",
	http.StatusServiceUnavailable:    "Not now; try again.",
	0:                                "What went wrong, and what to change.",
}

// everyAnswer has these headers, and some errors have those of told.
var (
	everyAnswer = map[string]string{"X-Request-Id": "The id of the request: the client's, if it sent a well-formed one."}
	told        = map[int]map[string]string{
		http.StatusUnauthorized:       {"WWW-Authenticate": "That a Bearer token is wanted."},
		http.StatusConflict:           {"Location": "Path of what is there already or is stored, where that is known."},
		http.StatusTooManyRequests:    {"Retry-After": "Seconds to wait."},
		http.StatusServiceUnavailable: {"Location": "Path of what is stored, where something is.", "Retry-After": "Seconds to wait, where the server knows."},
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
	c := newComponents(d.Schemas, d.Words)
	failed := c.copied(d.Schemas.of(d.Error), answered, "")
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info:    &huma.Info{Title: title, Version: d.Version, Description: about, Contact: &huma.Contact{Name: "The operator of this server"}},
		Servers: []*huma.Server{{URL: "/", Description: "The server that this document comes from."}},
		Components: &huma.Components{
			Responses: map[string]*huma.Response{},
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"bearer": {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "The ejento_access_token of a sign-in."},
				"subscription_key": {Type: "apiKey", In: "header", Name: d.APIKeyHeader,
					Description: "An API key, alone or beside a token. Beside one, the token says who acts, and the key only narrows what they may do."},
				"refresh": {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "The access_token of a sign-in, which opens nothing else."},
			},
		},
	}
	for status, what := range refusals {
		doc.Components.Responses[refusal(status)] = &huma.Response{
			Description: what, Headers: headers(everyAnswer, told[status]), Content: jsonContent(failed, refused(d.code(status), what)),
		}
	}
	ids, tags := map[string]string{}, map[string]bool{}
	for _, o := range d.Operations {
		op := c.operation(o)
		if other, taken := ids[op.OperationID]; taken {
			return nil, fmt.Errorf("%s and %s %s have one id in the OpenAPI document, %q; give one of them another in Words.IDs", other, o.Method, o.Path,
				op.OperationID)
		}
		ids[op.OperationID], tags[o.Group] = o.Method+" "+o.Path, true
		doc.AddOperation(op)
	}
	for _, group := range slices.Sorted(maps.Keys(tags)) {
		doc.Tags = append(doc.Tags, &huma.Tag{Name: group, Description: d.Words.tag(group)})
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
	id := c.say.id(o)
	op := &huma.Operation{
		Method: o.Method, Path: o.Path, Summary: o.Name, OperationID: id,
		Tags: []string{o.Group}, Description: c.say.does(o, id),
		Extensions: map[string]any{"x-audit-action": o.Action},
		Responses: map[string]*huma.Response{
			fmt.Sprint(o.Answer.Status): {Description: o.Answer.Message, Headers: headers(everyAnswer, o.Answer.Headers), Content: c.answer(o.Answer)},
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
		op.Security = []map[string][]string{{"bearer": {}}, {"subscription_key": {}}, {"bearer": {}, "subscription_key": {}}}
	}
	for _, p := range o.Params {
		op.Parameters = append(op.Parameters, c.parameter(p))
	}
	if b := o.Body; b != nil {
		form := inForm
		if b.ContentType == asJSON { // only JSON has a null that may stand for what is not sent
			form = inJSON
		}
		op.RequestBody = &huma.RequestBody{Required: b.Required, Content: map[string]*huma.MediaType{b.ContentType: c.body(b.Schema, form, id)}}
		if b.Upload != nil {
			op.RequestBody.Content[asUpload] = c.body(b.Upload, inForm, id)
		}
	}
	return op
}

func (c *components) parameter(p Param) *huma.Param {
	out := &huma.Param{Name: p.Name, In: p.In, Required: p.Required, Description: p.Description, Schema: readable(p.Schema)}
	if out.Description == "" {
		out.Description = c.say.field("", p.Name)
	}
	if p.Required {
		out.Example = c.examples().of(p.Schema, "", p.Name)
	}
	return out
}

// body describes one form of a request's body.
func (c *components) body(from *huma.Schema, form use, id string) *huma.MediaType {
	s := c.copied(from, form, capital(id)+"Request")
	for name, p := range s.Properties { // of a form that is no type of its own
		if p.Description == "" {
			p.Description = c.say.field("", name)
		}
	}
	if v, ok := c.say.Requests[id]; ok && form == inJSON {
		return &huma.MediaType{Schema: s, Example: v}
	}
	return &huma.MediaType{Schema: s, Example: c.examples().of(s, "", "")}
}

func (c *components) examples() *examples { return &examples{all: c.all, say: c.say} }

// answer describes each form that the answer of a success may have.
func (c *components) answer(a Answer) map[string]*huma.MediaType {
	content := map[string]*huma.MediaType{}
	if a.Data != nil {
		s := c.success(a)
		example := c.examples().of(s, "", "")
		if o, ok := example.(map[string]any); ok && !a.Flat {
			o["message"] = a.Message
		}
		content[asJSON] = &huma.MediaType{Schema: s, Example: example}
	}
	if a.File {
		for _, kind := range append([]string{"application/octet-stream"}, a.Types...) {
			content[kind] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Format: "binary", Description: "The bytes of the file."}}
		}
	}
	if len(a.Columns) > 0 {
		form := "With Accept: text/csv, comma-separated values (RFC 4180, UTF-8): the columns " +
			strings.Join(a.Columns, ", ") + " in a header row, then the rows of data. " +
			"An empty cell is null. A text that a spreadsheet would take for a formula has an apostrophe before it. Errors stay JSON."
		content["text/csv"] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Description: form}, Example: rowExample(content[asJSON], a.Columns)}
	}
	if a.Stream {
		content[asStream] = c.stream(a.Event)
	}
	if a.Lines {
		const form = "The items of the list, one on each line."
		content["application/x-ndjson"] = &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Description: form}, Example: lineExample(content[asJSON])}
	}
	return content
}

// stream describes one event of a stream: the JSON on the data line.
func (c *components) stream(event reflect.Type) *huma.MediaType {
	const form = "Events, each \"data: <one line of JSON>\" and an empty line."
	if event == nil {
		return &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeString, Description: form}}
	}
	s := c.copied(c.from.of(event), answered, "")
	s.Description = form + " This is the schema of that JSON."
	return &huma.MediaType{Schema: s, Example: c.examples().of(s, "", "")}
}

// success is the schema of an answer in JSON, in its envelope unless it is flat.
func (c *components) success(a Answer) *huma.Schema {
	data := c.part(a.Data, a.Name)
	if a.Flat {
		return data
	}
	object := &huma.Schema{
		Type: huma.TypeObject,
		Properties: map[string]*huma.Schema{
			"success": {Type: huma.TypeBoolean, Description: "true: errors have another form."},
			"message": {Type: huma.TypeString, Description: "What was done, in a sentence."},
			"data":    described(data, "What the operation answers."),
		},
		Required: []string{"success", "message", "data"},
	}
	if a.Meta != nil {
		object.Properties["meta"] = described(c.part(a.Meta, a.Name), "What there is to say about data.")
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
	of := c.copied(c.from.of(t), answered, name)
	if !pointer {
		return of
	}
	return nullable(of)
}

func described(s *huma.Schema, what string) *huma.Schema {
	if s.Description == "" {
		s.Description = what
	}
	return s
}

const (
	asJSON   = "application/json"
	asUpload = "multipart/form-data"
	asStream = "text/event-stream"
)

func jsonContent(s *huma.Schema, example any) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{asJSON: {Schema: s, Example: example}}
}

// code is an example of the code of an error; that of a defect stands for every
// status without one.
func (d Document) code(status int) string {
	return cmp.Or(d.Codes[status], d.Words.Codes[status], d.Codes[http.StatusInternalServerError])
}

// refused is an example of an error.
func refused(code, message string) any {
	return map[string]any{
		"success": false, "message": message, "detail": message, "data": nil, "code": code, "errors": []any{},
		"request_id": formats["uuid"],
	}
}
