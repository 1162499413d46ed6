package webtest

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// Answer is what came back.
type Answer struct {
	t      testing.TB
	What   string // method and path, for messages
	Status int
	Header http.Header
	Body   []byte
}

// envelope is the form of every JSON answer.
type envelope struct {
	Success   bool            `json:"success"`
	Message   string          `json:"message"`
	Data      json.RawMessage `json:"data"`
	Meta      json.RawMessage `json:"meta"`
	Code      string          `json:"code"`
	RequestID string          `json:"request_id"`
	Errors    []struct {
		Field   string `json:"field"`
		Message string `json:"message"`
	} `json:"errors"`
}

// Want ends the test when the status is another one.
func (a Answer) Want(status int) Answer {
	a.t.Helper()
	if a.Status != status {
		a.t.Fatalf("%s: status %d, want %d: %s", a.What, a.Status, status, a.Body)
	}
	return a
}

// Refused ends the test unless the answer is an error of that status and code.
func (a Answer) Refused(status int, code string) Answer {
	a.t.Helper()
	a.Want(status)
	if got := a.Code(); got != code {
		a.t.Fatalf("%s: code %q, want %q: %s", a.What, got, code, a.Body)
	}
	return a
}

// JSON decodes the whole body.
func (a Answer) JSON(into any) Answer {
	a.t.Helper()
	if err := json.Unmarshal(a.Body, into); err != nil {
		a.t.Fatalf("%s: %v in %s", a.What, err, a.Body)
	}
	return a
}

// Data decodes the envelope's data.
func (a Answer) Data(into any) Answer {
	a.t.Helper()
	a.part("data", a.envelope().Data, into)
	return a
}

// Meta decodes the envelope's meta, which must be there.
func (a Answer) Meta(into any) Answer {
	a.t.Helper()
	a.part("meta", a.envelope().Meta, into)
	return a
}

// ID is the id of the entity in data.
func (a Answer) ID() int64 {
	a.t.Helper()
	var entity struct {
		ID int64 `json:"id"`
	}
	a.Data(&entity)
	if entity.ID == 0 {
		a.t.Fatalf("%s: no id in %s", a.What, a.Body)
	}
	return entity.ID
}

// Message is the envelope's sentence.
func (a Answer) Message() string { a.t.Helper(); return a.envelope().Message }

// Code is the error's code; "" of a success.
func (a Answer) Code() string { a.t.Helper(); return a.envelope().Code }

// RequestID is the one in an error.
func (a Answer) RequestID() string { a.t.Helper(); return a.envelope().RequestID }

// Fields are the names of the fields an error complains of, joined by commas.
func (a Answer) Fields() string {
	a.t.Helper()
	var names []string
	for _, e := range a.envelope().Errors {
		names = append(names, e.Field)
	}
	return strings.Join(names, ",")
}

func (a Answer) envelope() envelope {
	a.t.Helper()
	var e envelope
	a.JSON(&e)
	return e
}

func (a Answer) part(name string, raw json.RawMessage, into any) {
	a.t.Helper()
	if raw == nil {
		a.t.Fatalf("%s: no %s in %s", a.What, name, a.Body)
	}
	if err := json.Unmarshal(raw, into); err != nil {
		a.t.Fatalf("%s: %s: %v in %s", a.What, name, err, a.Body)
	}
}
