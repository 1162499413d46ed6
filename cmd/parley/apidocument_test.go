package main

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// apiSchema is what the tests below look at in a schema of the document.
type apiSchema struct {
	Ref                  string `json:"$ref"`
	Type                 any
	Format, Description  string
	ContentEncoding      string
	Enum                 []any
	Items                *apiSchema
	Properties           map[string]*apiSchema
	AdditionalProperties any
	AnyOf, OneOf         []*apiSchema
}

type apiMedia struct {
	Schema  *apiSchema
	Example any
}

type apiResponse struct {
	Ref         string `json:"$ref"`
	Description string
	Headers     map[string]struct{ Description string }
	Content     map[string]apiMedia
}

type apiOperation struct {
	OperationID, Summary, Description string
	Tags                              []string
	Security                          []map[string][]string
	Parameters                        []struct {
		Name, In, Description string
		Required              bool
		Example               any
	}
	RequestBody *struct{ Content map[string]apiMedia }
	Responses   map[string]apiResponse
}

type apiDocument struct {
	Info struct {
		Contact struct{ Name string }
		License any
	}
	Servers    []struct{ URL string }
	Tags       []struct{ Name, Description string }
	Paths      map[string]map[string]apiOperation
	Components struct {
		Schemas   map[string]*apiSchema
		Responses map[string]apiResponse
	}
}

// apiDoc is the document of all routes, as it is served.
func apiDoc(t *testing.T) (apiDocument, string) {
	t.Helper()
	_, h := built(t, profileAll)
	raw := openAPI(t, h)
	var d apiDocument
	if err := json.Unmarshal([]byte(raw), &d); err != nil {
		t.Fatal(err)
	}
	return d, raw
}

// each calls fn for every operation, in the order of the paths.
func (d apiDocument) each(fn func(call string, o apiOperation)) {
	for _, path := range slices.Sorted(maps.Keys(d.Paths)) {
		for _, method := range slices.Sorted(maps.Keys(d.Paths[path])) {
			fn(strings.ToUpper(method)+" "+path, d.Paths[path][method])
		}
	}
}
