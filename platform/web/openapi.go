package web

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// describe builds the OpenAPI 3.1 document from the routes.
func (s *Server) describe() ([]byte, error) {
	doc := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title:       "Parley",
			Version:     s.config.Version,
			Description: "Ask agents questions about your documents and get answers with sources. An independent implementation of the Ejento API V1.",
		},
		Components: &huma.Components{
			Schemas: s.registry,
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"bearer":  {Type: "http", Scheme: "bearer", BearerFormat: "JWT", Description: "The ejento_access_token of a sign-in."},
				"api_key": {Type: "apiKey", In: "header", Name: apiKeyHeader, Description: "An API key. Beside a token, which then says who acts, it only narrows."},
			},
		},
	}
	failed := s.registry.Schema(reflect.TypeFor[failure](), true, "Error")
	for _, r := range s.config.Routes {
		doc.AddOperation(s.operation(r, failed))
	}
	out, err := json.MarshalIndent(doc, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encoding the OpenAPI document: %w", err)
	}
	return append(out, '\n'), nil
}

// OpenAPI is the document as it is served.
func (s *Server) OpenAPI() []byte { return s.openapi }

func (s *Server) operation(r Route, failed *huma.Schema) *huma.Operation {
	op := &huma.Operation{
		Method: r.Method, Path: r.Path, Summary: r.Name, OperationID: operationID(r),
		Tags: []string{r.Group}, Description: "Who: " + r.Policy.String() + ".",
		Responses: map[string]*huma.Response{
			fmt.Sprint(r.Status): {Description: r.Message, Content: s.successContent(r)},
			"default":            {Description: "What went wrong, and what to change.", Content: jsonContent(failed)},
		},
	}
	if !r.Policy.public {
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
	op.RequestBody = s.requestBody(r)
	return op
}

func (s *Server) requestBody(r Route) *huma.RequestBody {
	switch b := r.binding; {
	case b.body != nil:
		return &huma.RequestBody{Required: b.body.required, Content: jsonContent(b.body.schema)}
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
		return &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"multipart/form-data": {Schema: s.registry.Schema(f.form(), true, "Upload")}}}
	}
	return nil
}

func (s *Server) successContent(r Route) map[string]*huma.MediaType {
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
	dataSchema := s.registry.Schema(reflect.TypeOf(data), true, r.answer.Name()+"Data")
	if r.Flat {
		return jsonContent(dataSchema)
	}
	object := &huma.Schema{
		Type:       huma.TypeObject,
		Properties: map[string]*huma.Schema{"success": {Type: huma.TypeBoolean}, "message": {Type: huma.TypeString}, "data": dataSchema},
		Required:   []string{"success", "message", "data"},
	}
	if meta != nil {
		object.Properties["meta"] = s.registry.Schema(reflect.TypeOf(meta), true, "Meta")
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
