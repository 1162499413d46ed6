package webtest

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"net/url"
	"strings"
	"sync"
	"testing"

	"parley/platform/kernel/event"
	"parley/platform/web"
)

// Client sends requests. It is a value: As and With answer another one.
type Client struct {
	t       testing.TB
	handler http.Handler // nil: base is a running server
	// promised is what the document of a server says, which answers are held to;
	// nil: none. The clients that a client answers share one reading of it.
	promised func() (*contract, error)
	base     string
	header   http.Header
	begun    bool
	log      Published     // nil: events are not watched
	expected []event.Event // of each request
}

// New returns a client that calls handler without a network. When that is a
// *web.Server, every answer is held to the OpenAPI document that it serves, and
// so is every JSON body that it accepts.
func New(t testing.TB, handler http.Handler) Client {
	c := Client{t: t, handler: handler, header: http.Header{}}
	if server, ok := handler.(*web.Server); ok {
		c = c.CheckedAgainst(server)
	}
	return c
}

// CheckedAgainst names the server behind a handler that is wrapped around it.
func (c Client) CheckedAgainst(s *web.Server) Client {
	c.promised = sync.OnceValues(func() (*contract, error) { return contractOf(s) })
	return c
}

// At returns a client of the server at a URL such as http://127.0.0.1:8080.
func At(t testing.TB, base string) Client {
	return Client{t: t, base: strings.TrimSuffix(base, "/"), header: http.Header{}}
}

// As sends token as the access token; "" sends none.
func (c Client) As(token string) Client {
	if token == "" {
		return c.With("Authorization", "")
	}
	return c.With("Authorization", "Bearer "+token)
}

// With sends a header with every request; an empty value takes it away.
func (c Client) With(name, value string) Client {
	c.header = c.header.Clone()
	if value == "" {
		c.header.Del(name)
	} else {
		c.header.Set(name, value)
	}
	return c
}

// Begun sends requests over a handler that end once their answer has begun, such
// as one for a stream that has no end of its own.
func (c Client) Begun() Client {
	c.begun = true
	return c
}

// begun ends a request with the first flush of its answer.
type begun struct {
	*httptest.ResponseRecorder
	end func()
}

// Flush implements http.Flusher.
func (b begun) Flush() {
	b.ResponseRecorder.Flush()
	b.end()
}

// On reports failures to t, for a client that subtests share.
func (c Client) On(t testing.TB) Client {
	c.t = t
	return c
}

// Do sends one request. The body is nothing (nil), JSON as it stands (string
// or []byte), a form (url.Values), or a value that is sent as JSON.
func (c Client) Do(method, path string, body any) Answer {
	c.t.Helper()
	kind, raw := encode(c.t, body)
	return c.Send(method, path, kind, raw)
}

// Send sends one request with a body of any content type.
func (c Client) Send(method, path, contentType string, body io.Reader) Answer {
	c.t.Helper()
	published := c.watch()
	a := c.send(method, path, contentType, body)
	c.holds(a.What, published())
	return a
}

func (c Client) send(method, path, contentType string, body io.Reader) Answer {
	c.t.Helper()
	var sent []byte
	if c.promised != nil && contentType == asJSON && body != nil {
		var err error
		sent, err = io.ReadAll(body)
		c.must(err)
		body = bytes.NewReader(sent)
	}
	r := c.request(method, path, contentType, body)
	if c.handler != nil {
		w := httptest.NewRecorder()
		if c.begun {
			ctx, end := context.WithCancel(r.Context())
			defer end()
			c.handler.ServeHTTP(begun{w, end}, r.WithContext(ctx))
		} else {
			c.handler.ServeHTTP(w, r)
		}
		a := Answer{t: c.t, What: method + " " + path, Status: w.Code, Header: w.Result().Header, Body: w.Body.Bytes()}
		if c.promised != nil {
			c.checkContract(a, method, path, sent)
		}
		return a
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		c.t.Fatalf("%s %s: reading the answer: %v", method, path, err)
	}
	return Answer{t: c.t, What: method + " " + path, Status: response.StatusCode, Header: response.Header, Body: raw}
}

// checkContract fails the test when the answer is not what the served OpenAPI document
// says of it, or when a body got through that it does not describe.
func (c Client) checkContract(a Answer, method, path string, sent []byte) {
	c.t.Helper()
	promised, err := c.promised()
	c.must(err)
	if err := promised.check(method, path, a); err != nil {
		c.t.Errorf("%s: %d is not what /openapi.json says: %v\n%s", a.What, a.Status, err, a.Body)
	}
	if a.Status >= http.StatusBadRequest || len(bytes.TrimSpace(sent)) == 0 {
		return
	}
	if err := promised.checkBody(method, path, sent); err != nil {
		c.t.Errorf("%s took what /openapi.json does not describe: %v\n%s", a.What, err, sent)
	}
}

// File is one file of an upload.
type File struct {
	Field   string
	Name    string
	Type    string // "" leaves the content type out
	Content []byte
}

// Upload posts fields and then files as multipart/form-data.
func (c Client) Upload(path string, fields map[string]string, files ...File) Answer {
	c.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for name, value := range fields {
		c.must(w.WriteField(name, value))
	}
	for _, f := range files {
		h := textproto.MIMEHeader{"Content-Disposition": {multipart.FileContentDisposition(f.Field, f.Name)}}
		if f.Type != "" {
			h.Set("Content-Type", f.Type)
		}
		part, err := w.CreatePart(h)
		c.must(err)
		_, err = part.Write(f.Content)
		c.must(err)
	}
	c.must(w.Close())
	return c.Send(http.MethodPost, path, w.FormDataContentType(), &body)
}

func (c Client) request(method, path, contentType string, body io.Reader) *http.Request {
	c.t.Helper()
	base := c.base
	if c.handler != nil {
		base = "http://api.test"
	}
	r, err := http.NewRequestWithContext(c.t.Context(), method, base+path, body)
	c.must(err)
	for name, values := range c.header {
		r.Header[name] = values
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	if r.Body == nil {
		r.Body = http.NoBody // a server's request always has one
	}
	return r
}

func (c Client) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

const asJSON = "application/json"

func encode(t testing.TB, body any) (contentType string, r io.Reader) {
	t.Helper()
	switch b := body.(type) {
	case nil:
		return "", nil
	case string:
		return asJSON, strings.NewReader(b)
	case []byte:
		return asJSON, bytes.NewReader(b)
	case url.Values:
		return "application/x-www-form-urlencoded", strings.NewReader(b.Encode())
	}
	raw, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	return asJSON, bytes.NewReader(raw)
}
