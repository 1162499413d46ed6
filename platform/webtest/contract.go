package webtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"parley/platform/web"
)

// contract is what a served OpenAPI document promises of the answers.
type contract struct {
	paths map[string]map[string]operation // by path and method
	mu    sync.Mutex
	from  *jsonschema.Compiler
	made  map[string]*jsonschema.Schema // by place in the document
}

type operation struct {
	Responses   map[string]response
	RequestBody struct{ Content map[string]any }
}

type response struct {
	Ref     string `json:"$ref"`
	Content map[string]any
}

const documentURL = "https://api.test/openapi.json"

// contracts are those of the documents seen by this test binary.
var contracts sync.Map

// contractOf reads the document that s serves. Servers of the same routes
// share one reading.
func contractOf(s *web.Server) (*contract, error) {
	return read(s.OpenAPI(), true)
}

// read reads a document once. With strict, no answer has a field that the
// document does not name.
func read(raw []byte, strict bool) (*contract, error) {
	key := string(raw)
	if !strict {
		key = "open " + key
	}
	if c, ok := contracts.Load(key); ok {
		return c.(*contract), nil
	}
	var doc struct {
		Paths map[string]map[string]operation
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, fmt.Errorf("reading the OpenAPI document: %w", err)
	}
	whole, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, fmt.Errorf("reading the OpenAPI document: %w", err)
	}
	if strict {
		closed(whole)
	}
	c := &contract{paths: doc.Paths, from: jsonschema.NewCompiler(), made: map[string]*jsonschema.Schema{}}
	c.from.AssertFormat()
	if err := c.from.AddResource(documentURL, whole); err != nil {
		return nil, fmt.Errorf("reading the OpenAPI document: %w", err)
	}
	contracts.Store(key, c)
	return c, nil
}

// FitsIn holds a JSON value to the schema for its content type that stands at a
// place of an OpenAPI document, as "#/paths/…/responses/200".
func FitsIn(document []byte, place, kind string, value []byte) error {
	c, err := read(document, false)
	if err != nil {
		return err
	}
	return c.fits(place, kind, value)
}

// Escaped makes a key a part of a place in a document.
func Escaped(key string) string { return escape(key) }

// closed lets no object have a field that the document does not name: answers
// are open to fields that come later, but then these have come.
func closed(v any) {
	switch v := v.(type) {
	case []any:
		for _, of := range v {
			closed(of)
		}
	case map[string]any:
		_, open := v["additionalProperties"]
		if _, fields := v["properties"].(map[string]any); fields && v["type"] == "object" && !open {
			v["additionalProperties"] = false
		}
		for _, of := range v {
			closed(of)
		}
	}
}

// ofAny are statuses of requests that no client of an operation sends: of
// another method.
var ofAny = map[int]bool{http.StatusMethodNotAllowed: true}

// check answers how an answer differs from what the document says of it.
// Downloads have no form but their content type.
func (c *contract) check(method, path string, a Answer) error {
	path, _, _ = strings.Cut(path, "?")
	place, described := "#/components/responses/Error", response{Content: map[string]any{asJSON: nil}}
	template, ok := c.template(path)
	o, served := c.paths[template][strings.ToLower(method)]
	switch {
	case !strings.HasPrefix(path, "/api/") || (!ok || !served) && a.Status < http.StatusBadRequest:
		return nil // about the server itself
	case served:
		status := strconv.Itoa(a.Status)
		if _, ok := o.Responses[status]; !ok && ofAny[a.Status] {
			status = "default"
		}
		if described, ok = o.Responses[status]; !ok {
			return fmt.Errorf("the document has no answer %d", a.Status)
		}
		place = "#/paths/" + escape(template) + "/" + strings.ToLower(method) + "/responses/" + status
		if described.Ref != "" {
			place, described.Content = described.Ref, map[string]any{asJSON: nil}
		}
	}
	kind, _, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	if err != nil {
		return fmt.Errorf("content type %q: %w", a.Header.Get("Content-Type"), err)
	}
	if _, ok := described.Content["application/octet-stream"]; ok {
		return nil // of whatever type the file is
	}
	if _, ok := described.Content[kind]; !ok {
		return fmt.Errorf("the document has no answer of type %s, but %v", kind, slices.Sorted(maps.Keys(described.Content)))
	}
	if kind == asStream {
		return c.streams(place, described.Content[kind], a.Body)
	}
	if kind != asJSON {
		return nil
	}
	return c.fits(place, asJSON, a.Body)
}

// streams holds each event of a stream to the schema of its operation, if
// there is one.
func (c *contract) streams(place string, media any, body []byte) error {
	m, _ := media.(map[string]any)
	if s, _ := m["schema"].(map[string]any); s["$ref"] == nil {
		return nil
	}
	for line := range bytes.Lines(body) {
		if event, ok := bytes.CutPrefix(line, []byte("data: ")); ok {
			if err := c.fits(place, asStream, event); err != nil {
				return err
			}
		}
	}
	return nil
}

const asStream = "text/event-stream"

// checkBody answers how a JSON body differs from what the document says of it.
func (c *contract) checkBody(method, path string, sent []byte) error {
	path, _, _ = strings.Cut(path, "?")
	template, _ := c.template(path)
	if _, ok := c.paths[template][strings.ToLower(method)].RequestBody.Content[asJSON]; !ok {
		return nil // an operation without a body accepts {}
	}
	return c.fits("#/paths/"+escape(template)+"/"+strings.ToLower(method)+"/requestBody", asJSON, sent)
}

// fits holds JSON to the schema of its kind that stands at a place.
func (c *contract) fits(place, kind string, raw []byte) error {
	s, err := c.schema(place + "/content/" + escape(kind) + "/schema")
	if err != nil {
		return err
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return fmt.Errorf("reading the JSON: %w", err)
	}
	return s.Validate(value)
}

func (c *contract) schema(place string) (*jsonschema.Schema, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s, ok := c.made[place]; ok {
		return s, nil
	}
	s, err := c.from.Compile(documentURL + place)
	if err != nil {
		return nil, fmt.Errorf("the schema at %s: %w", place, err)
	}
	c.made[place] = s
	return s, nil
}

// template answers the path of the document that a request's path is of. A
// segment that stands there as it is goes before a parameter.
func (c *contract) template(path string) (string, bool) {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	best, literal := "", -1
	for t := range c.paths {
		if n := literals(strings.Split(strings.Trim(t, "/"), "/"), segments); n > literal {
			best, literal = t, n
		}
	}
	return best, literal >= 0
}

// literals counts the segments that stand in a template as they are; -1 when
// it is another path's.
func literals(template, segments []string) int {
	if len(template) != len(segments) {
		return -1
	}
	n := 0
	for i, s := range template {
		switch {
		case s == segments[i]:
			n++
		case !strings.HasPrefix(s, "{"):
			return -1
		}
	}
	return n
}

// escape makes a key a part of a JSON pointer in a URL.
func escape(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D").Replace(key)
}
