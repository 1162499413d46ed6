package openapi

import (
	"reflect"

	"github.com/danielgtaylor/huma/v2"
)

// Security is what a request must bring to say who acts.
type Security int

// What requests bring.
const (
	Credentials  Security = iota // an access token, an API key, or both
	RefreshToken                 // the refresh token of a sign-in
	Nothing
)

// Operation is what the document says of one operation.
type Operation struct {
	Method   string
	Path     string // with {parameters}
	Name     string
	Action   string // its name in the audit log
	Paged    bool   // the answer is one page of a list
	Group    string
	Who      string // may call it, in words
	Security Security
	Params   []Param // in the order in which they are shown
	Body     *Body   // nil without one
	Answer   Answer
	Refusals []int // statuses of errors, of those that Document describes
}

// Param is a parameter of the path or the query, or a header.
type Param struct {
	Name        string
	In          string // "path", "query" or "header"
	Required    bool
	Description string
	Schema      *huma.Schema
}

// Body is what an operation takes.
type Body struct {
	ContentType string
	Required    bool
	Schema      *huma.Schema // in terms of Document.Schemas
	Upload      *huma.Schema // of the parts of an upload that may come instead; nil without
}

// Answer is the answer of a success.
type Answer struct {
	Status  int
	Message string
	Data    reflect.Type // nil: it has no form in JSON
	Meta    reflect.Type // beside the data; nil when there is none
	// MetaAlways says that Meta is never left out.
	MetaAlways bool
	// Flat says that Data stands without the envelope.
	Flat bool
	// Name is that of the schema of Data when its type has none.
	Name   string
	Stream bool         // of events, instead of Data or as the other form
	Event  reflect.Type // of the stream; nil: each is a line of JSON
	Lines  bool         // the items of a list, one on each line, as the other form
	// Headers are those that it may have beside what every answer has, with
	// what they tell.
	Headers map[string]string
	File    bool     // the bytes of a file
	Types   []string // of the file; none: any
	// Columns are those of Data as comma-separated values, the other form; nil
	// when it has none.
	Columns []string
}
