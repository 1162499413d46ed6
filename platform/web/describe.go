package web

import (
	"fmt"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"parley/platform/kernel/apperr"
	"parley/platform/kernel/idempotency"
	"parley/platform/openapi"
)

// describe builds the OpenAPI document from the routes.
func (s *Server) describe() ([]byte, error) {
	d := openapi.Document{
		Version: s.config.Version, Schemas: s.schemas, Error: reflect.TypeFor[failure](), APIKeyHeader: apiKeyHeader, Words: s.config.Words,
		Codes:      exampleCodes(),
		Operations: make([]openapi.Operation, len(s.config.Routes)),
	}
	for i := range s.config.Routes {
		d.Operations[i] = s.config.Routes[i].operation()
	}
	return d.JSON()
}

// exampleCodes are the codes of errors that any module's routes answer, by
// their statuses.
func exampleCodes() map[int]string {
	codes := map[int]string{}
	for _, e := range []*apperr.Error{
		ErrMalformed, ErrUnauthenticated, ErrForbidden, ErrNotFound, idempotency.ErrInProgress, ErrTooLarge, ErrContentType, ErrUnacceptable, ErrInternal, ErrStorage,
	} {
		codes[status(e)] = e.Code
	}
	return codes
}

// operation is the route as the document describes it.
func (r *Route) operation() openapi.Operation {
	o := openapi.Operation{
		Method: r.Method, Path: r.Path, Name: r.Name, Action: action(r.Method, r.Path),
		Paged: r.binding.list != nil, Group: r.Group, Who: r.Policy.String(),
		Params: r.binding.params(), Body: r.binding.described(r.request), Answer: r.described(), Refusals: r.refused(),
	}
	if r.csv {
		o.Answer.Headers = map[string]string{"Vary": "Accept: the answer has the form that the request prefers."}
	}
	switch {
	case r.Policy.refresh:
		o.Security = openapi.RefreshToken
	case r.Policy.public:
		o.Security = openapi.Nothing
	}
	if r.keyed() {
		limit := idempotency.MaxKey
		o.Params = append(o.Params, openapi.Param{
			Name: idempotencyHeader, In: "header",
			Description: fmt.Sprintf("A key of the client's choice: the same request sent again within %.0f hours gets the stored answer.", idempotency.KeptFor.Hours()),
			Schema:      &huma.Schema{Type: huma.TypeString, MaxLength: &limit},
		})
		o.Answer.Headers = map[string]string{replayedHeader: "true when this is the stored answer of an earlier request."}
	}
	return o
}

// keyed reports whether a request may carry an Idempotency-Key: whose it is
// must be known.
func (r *Route) keyed() bool { return r.idempotent() && !r.Policy.public }

// refused are the statuses of the errors that a route can answer by what it
// declares, and those that any route can answer.
func (r *Route) refused() []int {
	statuses := []int{http.StatusBadRequest}
	if !r.Policy.public || r.Policy.refresh {
		statuses = append(statuses, http.StatusUnauthorized)
	}
	if !r.Policy.public { // at least for an API key that reaches less
		statuses = append(statuses, http.StatusForbidden)
	}
	if len(r.binding.path) > 0 || len(r.Policy.needs) > 0 {
		statuses = append(statuses, http.StatusNotFound)
	}
	if !reads(r.Method) && !r.Safe && !r.Policy.public {
		statuses = append(statuses, http.StatusConflict)
	}
	if r.Method != http.MethodGet { // also where there should be none
		statuses = append(statuses, http.StatusRequestEntityTooLarge)
	}
	if r.binding.takesBody() {
		statuses = append(statuses, http.StatusUnsupportedMediaType)
	}
	if r.keyed() || r.binding.takesValues() {
		statuses = append(statuses, http.StatusUnprocessableEntity)
	}
	return append(statuses, append(r.refuses, http.StatusInternalServerError, http.StatusServiceUnavailable)...)
}

// described is the form of the route's answer.
func (r *Route) described() openapi.Answer {
	a := openapi.Answer{Status: r.Status, Message: r.Message, Flat: r.Flat, Name: r.answer.Name(), Event: r.event, Types: r.types}
	switch r.answer {
	case reflect.TypeFor[Download]():
		a.File = true
		return a
	case reflect.TypeFor[EventStream]():
		a.Stream = true
		return a
	}
	zero := reflect.Zero(r.answer).Interface()
	a.Data = r.answer
	if shaped, ok := zero.(interface {
		shape() (data, meta reflect.Type)
	}); ok {
		a.Data, a.Meta = shaped.shape()
	}
	_, a.MetaAlways = zero.(interface{ alwaysMeta() })
	_, a.Stream = zero.(interface{ mayStream() })
	if _, a.Lines = zero.(interface{ mayBeLines() }); a.Lines {
		a.Headers = map[string]string{positionHeader: "Of lines: the position to go on from."}
	}
	a.Columns = columnNames(r.columns)
	return a
}

// params are the parameters of the path and the query.
func (b *binding) params() []openapi.Param {
	var out []openapi.Param
	for _, f := range b.path {
		one := 1.0
		out = append(out, openapi.Param{Name: f.name, In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeInteger, Format: "int64", Minimum: &one}})
	}
	for _, f := range b.query {
		out = append(out, openapi.Param{Name: f.name, In: "query", Required: f.required, Description: f.schema.Description, Schema: f.schema})
	}
	return out
}

// described is the body that a request has; nil when it has none.
func (b *binding) described(request reflect.Type) *openapi.Body {
	switch {
	case b.body != nil:
		body := &openapi.Body{ContentType: "application/json", Required: b.body.required, Schema: b.body.schema}
		if b.upload != nil {
			body.Upload = b.uploadForm(request)
		}
		return body
	case b.formAt != nil:
		form := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{}}
		for _, f := range b.form {
			form.Properties[f.name] = f.schema
			if f.required {
				form.Required = append(form.Required, f.name)
			}
		}
		return &openapi.Body{ContentType: "application/x-www-form-urlencoded", Required: true, Schema: form}
	case b.upload != nil:
		return &openapi.Body{ContentType: "multipart/form-data", Required: true, Schema: b.uploadForm(request)}
	}
	return nil
}

// uploadForm says what the parts of an upload are.
func (b *binding) uploadForm(request reflect.Type) *huma.Schema {
	f := reflect.New(request.FieldByIndex(b.upload).Type).Interface().(multipartField)
	return b.registry.Schema(f.form(), true, "")
}

// takesBody reports whether a request has a body of the operation's own form.
func (b *binding) takesBody() bool { return b.body != nil || b.formAt != nil || b.upload != nil }

// takesValues reports whether a request says more than its path does.
func (b *binding) takesValues() bool { return len(b.query) > 0 || b.takesBody() }
