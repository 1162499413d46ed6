package web

import (
	"context"
	"net/http"
	"reflect"
	"strings"
)

// Handler is one operation: it gets a request that has the declared shape and
// answers data or an error. The caller is actor.From(ctx).
type Handler[Q, A any] func(ctx context.Context, request Q) (A, error)

// Route is one operation of the API, as a value.
type Route struct {
	Method  string
	Path    string // with {parameters}
	Name    string // the operation's name in the contract
	Group   string // set by Group
	Policy  Policy
	Status  int    // of a success
	Message string // of a success
	// Long lifts the deadline of a request, for streams and for answers that
	// wait on a model.
	Long bool
	// ByHandler says that the handler honours Idempotency-Key itself.
	ByHandler bool
	// Safe says that the operation only reads, although it is a POST, so that
	// there is nothing that Idempotency-Key could keep from happening twice.
	Safe bool
	// Toggles says that the operation does another thing when it is repeated,
	// so that Idempotency-Key is honoured although it is no POST.
	Toggles bool
	// Audited says that a GET is in the audit log when its handler commits a
	// unit of work.
	Audited bool
	// Flat answers the data without the envelope.
	Flat bool

	anyBody bool
	csv     bool
	columns []csvColumn
	refuses []int
	event   reflect.Type // of a stream
	types   []string     // of a download
	request reflect.Type
	answer  reflect.Type
	action  string // in the audit log
	either  bool   // a stream, or JSON
	binding *binding
	call    func(ctx context.Context, request reflect.Value) (any, error)
}

// Option says one thing about a route, such as the status of a success. Options
// stand one a line, after the policy.
type Option func(*Route)

// Message is what a success says.
func Message(m string) Option { return func(r *Route) { r.Message = m } }

// Created makes the status of a success 201.
func Created() Option { return func(r *Route) { r.Status = http.StatusCreated } }

// Long lifts the deadline of the request.
func Long() Option { return func(r *Route) { r.Long = true } }

// IdempotentByHandler says that the handler honours Idempotency-Key itself.
func IdempotentByHandler() Option { return func(r *Route) { r.ByHandler = true } }

// AnyBody says that what the operation is asked for stands in the path and the
// query, and that its body, of any content type, is not looked at: other
// standards than this API's say what is in it.
func AnyBody() Option { return func(r *Route) { r.anyBody = true } }

// Safe says that a POST only reads, and need not be kept from being repeated.
func Safe() Option { return func(r *Route) { r.Safe = true } }

// Toggles makes an operation that does another thing when it is repeated
// honour Idempotency-Key, as every POST does.
func Toggles() Option { return func(r *Route) { r.Toggles = true } }

// Audited says that a GET is in the audit log when its handler commits a unit of
// work: the handler decides which reads are, and commits before it answers.
func Audited() Option { return func(r *Route) { r.Audited = true } }

// idempotent reports whether the operation honours Idempotency-Key.
func (r *Route) idempotent() bool { return (r.Method == http.MethodPost && !r.Safe) || r.Toggles }

// Flat answers the data without the envelope.
func Flat() Option { return func(r *Route) { r.Flat = true } }

// Refuses names statuses of errors for the OpenAPI document, beyond those that
// follow from the rest of the route.
func Refuses(statuses ...int) Option { return func(r *Route) { r.refuses = statuses } }

// Streams says what one event of the operation's stream is.
func Streams[T any]() Option { return func(r *Route) { r.event = reflect.TypeFor[T]() } }

// Sends names the types that a download has most often.
func Sends(types ...string) Option { return func(r *Route) { r.types = types } }

// GET declares a route that reads.
func GET[Q, A any](path, name string, h Handler[Q, A], p Policy, options ...Option) Route {
	return route(http.MethodGet, path, name, h, p, options)
}

// POST declares a route that creates or runs.
func POST[Q, A any](path, name string, h Handler[Q, A], p Policy, options ...Option) Route {
	return route(http.MethodPost, path, name, h, p, options)
}

// PUT declares a route that changes.
func PUT[Q, A any](path, name string, h Handler[Q, A], p Policy, options ...Option) Route {
	return route(http.MethodPut, path, name, h, p, options)
}

// DELETE declares a route that removes. It answers what was removed.
func DELETE[Q, A any](path, name string, h Handler[Q, A], p Policy, options ...Option) Route {
	return route(http.MethodDelete, path, name, h, p, options)
}

func route[Q, A any](method, path, name string, h Handler[Q, A], p Policy, options []Option) Route {
	r := Route{
		Method: method, Path: path, Name: name, Policy: p, Status: http.StatusOK,
		Message: name + " succeeded.",
		request: reflect.TypeFor[Q](), answer: reflect.TypeFor[A](), action: action(method, path),
		call: func(ctx context.Context, request reflect.Value) (any, error) {
			return h(ctx, request.Interface().(Q))
		},
	}
	_, r.either = any(*new(A)).(interface{ mayStream() })
	for _, o := range options {
		o(&r)
	}
	return r
}

// Group puts routes under one heading of the contract.
func Group(name string, routes ...Route) []Route {
	for i := range routes {
		routes[i].Group = name
	}
	return routes
}

// params are the names of the path's parameters, in order.
func (r Route) params() []string {
	var names []string
	for _, segment := range strings.Split(r.Path, "/") {
		if strings.HasPrefix(segment, "{") {
			names = append(names, strings.Trim(segment, "{}"))
		}
	}
	return names
}

// ginPath is the path in gin's notation.
func (r Route) ginPath() string {
	return strings.NewReplacer("{", ":", "}", "").Replace(r.Path)
}

// leads reports whether the path is one of the route's, with ids in it.
func (r Route) leads(path string) bool {
	wanted, given := strings.Split(r.Path, "/"), strings.Split(path, "/")
	if len(wanted) != len(given) {
		return false
	}
	for i, w := range wanted {
		if _, isID := pathID(given[i]); strings.HasPrefix(w, "{") && !isID {
			return false
		} else if !strings.HasPrefix(w, "{") && w != given[i] {
			return false
		}
	}
	return true
}

// pathID reads a segment that is an id: a positive integer and nothing else.
func pathID(segment string) (int64, bool) {
	id, err := Integer(segment)
	return id, err == nil && id > 0
}
