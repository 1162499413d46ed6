package web

import (
	"reflect"

	"parley/platform/kernel/apperr"
)

// success is the one form of every JSON answer that worked.
type success struct {
	Success bool   `json:"success"`
	Message string `json:"message"`
	Data    any    `json:"data"`
	Meta    any    `json:"meta,omitempty"`
}

// failure is the one form of every answer that did not.
type failure struct {
	_         struct{}       `schema:"Error"`
	Success   bool           `json:"success"`
	Message   string         `json:"message"`
	Data      *struct{}      `json:"data"` // always null
	Code      string         `json:"code"`
	Errors    []apperr.Field `json:"errors"`
	RequestID string         `json:"request_id"`
	Detail    string         `json:"detail"`
}

// WithMeta is an answer that says more about itself, such as the ids that
// were not found. A nil Meta is left out.
type WithMeta[T, M any] struct {
	Data T
	Meta *M
}

func (w WithMeta[T, M]) envelope() (data, meta any) {
	if w.Meta == nil {
		return w.Data, nil
	}
	return w.Data, w.Meta
}

func (WithMeta[T, M]) shape() (data, meta reflect.Type) {
	return reflect.TypeFor[T](), reflect.TypeFor[M]()
}

// enveloped is an answer that brings its own meta.
type enveloped interface {
	envelope() (data, meta any)
}
