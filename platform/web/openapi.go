package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// describe builds the OpenAPI 3.1 document from the routes.
func (s *Server) describe() ([]byte, error) {
	d := &document{from: s.registry, all: map[string]*huma.Schema{}, made: map[component]string{}}
	failed := d.copied(s.registry.Schema(reflect.TypeFor[failure](), true, ""), false, "")
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title:       "Parley",
			Version:     s.config.Version,
			Description: about,
		},
		Components: &huma.Components{
			Responses: map[string]*huma.Response{},
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"bearer":  {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "The ejento_access_token of a sign-in."},
				"api_key": {Type: "apiKey", In: "header", Name: apiKeyHeader, Description: "An API key. Beside a token, which then says who acts, it only narrows."},
				"refresh": {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "The access_token of a sign-in, which opens nothing else."},
			},
		},
	}
	for status, what := range refusals {
		doc.Components.Responses[refusal(status)] = &huma.Response{Description: what, Content: jsonContent(failed)}
	}
	for _, r := range s.config.Routes {
		doc.AddOperation(s.operation(d, r))
	}
	if d.err != nil {
		return nil, d.err
	}
	doc.Components.Schemas = &schemas{all: d.all}
	out, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding the OpenAPI document: %w", err)
	}
	return append(out, '\n'), nil
}

const about = "Ask agents questions about your documents and get answers with sources. An independent implementation of the Ejento API V1. " +
	"\"Who\" in an operation names the action that it takes on each thing; docs/api/permissions.md says who may take it. " +
	"In a body, null for a field that may be left out means that it is not sent, unless the field says that null takes its value away."

// refusals are the statuses of errors that a route's declaration tells of.
// Every operation can answer others, which "default" stands for.
var refusals = map[int]string{
	http.StatusBadRequest:          "The request does not have the shape of the operation.",
	http.StatusUnauthorized:        "No credentials, or none that are valid now.",
	http.StatusForbidden:           "The caller, or the API key, may not do this.",
	http.StatusNotFound:            "Not there, or not visible to the caller.",
	http.StatusConflict:            "The present state stands against it, or the Idempotency-Key is in use.",
	http.StatusUnprocessableEntity: "A value that can't be accepted.",
	0:                              "What went wrong, and what to change.",
}

// refusal is the name of a refusal's response among the components.
func refusal(status int) string {
	if status == 0 {
		return "Error"
	}
	return strings.ReplaceAll(http.StatusText(status), " ", "")
}

// refused are the statuses of the errors that a route can answer by what it
// declares.
func (r *Route) refused() []int {
	statuses := []int{http.StatusBadRequest}
	keyed := r.idempotent() && !r.Policy.public
	if !r.Policy.public || r.Policy.refresh {
		statuses = append(statuses, http.StatusUnauthorized)
	}
	if !r.Policy.public { // at least for an API key that reaches less
		statuses = append(statuses, http.StatusForbidden)
	}
	if len(r.binding.path) > 0 || len(r.Policy.needs) > 0 {
		statuses = append(statuses, http.StatusNotFound)
	}
	if keyed {
		statuses = append(statuses, http.StatusConflict)
	}
	if keyed || len(r.binding.query) > 0 || r.binding.body != nil || r.binding.formAt != nil || r.binding.upload != nil {
		statuses = append(statuses, http.StatusUnprocessableEntity)
	}
	return statuses
}

// OpenAPI is the document as it is served.
func (s *Server) OpenAPI() []byte { return s.openapi }

func (s *Server) operation(d *document, r Route) *huma.Operation {
	op := &huma.Operation{
		Method: r.Method, Path: r.Path, Summary: r.Name, OperationID: operationID(r),
		Tags: []string{r.Group}, Description: "Who: " + r.Policy.String() + ".",
		Responses: map[string]*huma.Response{
			fmt.Sprint(r.Status): {Description: r.Message, Content: s.successContent(d, r)},
			"default":            {Ref: "#/components/responses/" + refusal(0)},
		},
	}
	for _, status := range r.refused() {
		op.Responses[fmt.Sprint(status)] = &huma.Response{Ref: "#/components/responses/" + refusal(status)}
	}
	switch {
	case r.Policy.refresh:
		op.Security = []map[string][]string{{"refresh": {}}}
	case !r.Policy.public:
		op.Security = []map[string][]string{{"bearer": {}}, {"api_key": {}}}
	}
	for _, f := range r.binding.path {
		one := 1.0
		op.Parameters = append(op.Parameters, &huma.Param{Name: f.name, In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeInteger, Format: "int64", Minimum: &one}})
	}
	for _, f := range r.binding.query {
		op.Parameters = append(op.Parameters, &huma.Param{Name: f.name, In: "query", Required: f.required, Description: f.schema.Description, Schema: f.schema})
	}
	if r.idempotent() && !r.Policy.public {
		limit := 255
		op.Parameters = append(op.Parameters, &huma.Param{Name: idempotencyHeader, In: "header", Description: "A key of the client's choice: the same request sent again within 24 hours gets the stored answer.", Schema: &huma.Schema{Type: huma.TypeString, MaxLength: &limit}})
	}
	op.RequestBody = s.requestBody(d, r)
	return op
}

func (s *Server) requestBody(d *document, r Route) *huma.RequestBody {
	switch b := r.binding; {
	case b.body != nil:
		return &huma.RequestBody{Required: b.body.required, Content: jsonContent(d.copied(b.body.schema, true, bodyName(r)))}
	case b.formAt != nil:
		form := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{}}
		for _, f := range b.form {
			form.Properties[f.name] = f.schema
			if f.required {
				form.Required = append(form.Required, f.name)
			}
		}
		return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/x-www-form-urlencoded": {Schema: form}}}
	case b.upload != nil:
		f := reflect.New(r.request.FieldByIndex(b.upload).Type).Interface().(multipartField)
		return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: d.copied(s.registry.Schema(f.form(), true, ""), false, bodyName(r))}}}
	}
	return nil
}

// bodyName is the name of a body's schema, after the operation.
func bodyName(r Route) string {
	var name strings.Builder
	for _, word := range strings.FieldsFunc(r.Name, func(c rune) bool { return !isLetter(c) }) {
		name.WriteString(title(word))
	}
	return name.String() + "Request"
}

func isLetter(c rune) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

func (s *Server) successContent(d *document, r Route) map[string]*huma.MediaType {
	if r.answer == reflect.TypeFor[Download]() {
		return map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}}
	}
	stream := map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString, Description: "Events, each \"data: <one line of JSON>\" and an empty line."}}}
	if r.answer == reflect.TypeFor[EventStream]() {
		return stream
	}
	var data, meta any
	if e, ok := reflect.Zero(r.answer).Interface().(interface{ shape() (any, any) }); ok {
		data, meta = e.shape()
	} else {
		data = reflect.Zero(r.answer).Interface()
	}
	schemaOf := func(v any) *huma.Schema {
		t := reflect.TypeOf(v)
		pointer := t.Kind() == reflect.Pointer
		if pointer && t.Elem().Kind() == reflect.Struct && t.Elem().NumField() == 0 {
			return &huma.Schema{Type: "null"}
		}
		of := d.copied(s.registry.Schema(t, true, ""), false, r.answer.Name())
		if !pointer {
			return of
		}
		return nullable(of)
	}
	dataSchema := schemaOf(data)
	if r.Flat {
		return jsonContent(dataSchema)
	}
	object := &huma.Schema{
		Type:       huma.TypeObject,
		Properties: map[string]*huma.Schema{"success": {Type: huma.TypeBoolean}, "message": {Type: huma.TypeString}, "data": dataSchema},
		Required:   []string{"success", "message", "data"},

		AdditionalProperties: false,
	}
	if meta != nil {
		object.Properties["meta"] = schemaOf(meta)
	}
	if _, always := reflect.Zero(r.answer).Interface().(withMetaAlways); always {
		object.Required = append(object.Required, "meta")
	}
	content := jsonContent(object)
	if strings.HasPrefix(r.answer.Name(), "Either[") {
		content["text/event-stream"] = stream["text/event-stream"]
	}
	return content
}

func jsonContent(s *huma.Schema) map[string]*huma.MediaType {
	return map[string]*huma.MediaType{"application/json": {Schema: s}}
}

var notWord = regexp.MustCompile(`[^a-z0-9]+`)

// operationID is made of method and path, which are unique together.
func operationID(r Route) string {
	return strings.ToLower(r.Method) + "_" + strings.Trim(notWord.ReplaceAllString(strings.ToLower(strings.TrimPrefix(r.Path, "/api")), "_"), "_")
}
