// Package graphstub is a server for tests that speaks the part of Microsoft
// Graph that is about sites, drives and their items, as it is documented:
// paths and ids, upload sessions, delta, permissions, throttling and errors.
// Mount it with httptest.NewServer; the base URL is the server's address
// followed by /v1.0, and tokens come from /<tenant>/oauth2/v2.0/token.
package graphstub

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"parley/platform/kernel/clock"
)

// Server is the handler. It is safe for concurrent use.
type Server struct {
	clock        clock.Clock
	clientID     string
	clientSecret string

	mu        sync.Mutex
	behaviour Behaviour
	tokens    map[string]bool
	sites     map[string]*site
	drives    map[string]*drive
	uploads   map[string]*upload
	jobs      map[string]string // copies, by monitor; the value is the new item
	links     map[string]link   // downloads that need no credentials
	faults    []planned
	requests  []string
	running   map[string]int // calls under way, by drive
	most      map[string]int
}

type planned struct {
	match func(*http.Request) bool
	fault Fault
	times int
}

type site struct {
	id, name string
	drives   []string
}

type link struct{ drive, item string }

// New returns a server for an application with these credentials.
func New(c clock.Clock, clientID, clientSecret string) *Server {
	return &Server{
		clock: c, clientID: clientID, clientSecret: clientSecret, tokens: map[string]bool{}, sites: map[string]*site{}, drives: map[string]*drive{},
		uploads: map[string]*upload{}, jobs: map[string]string{}, links: map[string]link{}, running: map[string]int{}, most: map[string]int{},
	}
}

// Set changes how the server behaves.
func (s *Server) Set(b Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.behaviour = b
}

// Fail makes the next requests that match fail, so many times.
func (s *Server) Fail(times int, f Fault, match func(*http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, planned{match, f, times})
}

// Requests are method and path of what was asked for, oldest first, without
// the questions for tokens.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

// MostAtOnce is how many calls about a drive were under way together at most.
func (s *Server) MostAtOnce(driveID string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most[driveID]
}

// AddSite makes a site with empty drives and answers their ids.
func (s *Server) AddSite(name string, drives ...string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	made := &site{id: "contoso.sharepoint.com," + rand.Text() + "," + rand.Text(), name: name}
	s.sites[made.id] = made
	for _, d := range drives {
		id := "b!" + rand.Text()
		made.drives = append(made.drives, id)
		s.drives[id] = newDrive(made.id, id, d, s.clock.Now())
	}
	return made.drives
}

// problem is an error on its way out.
type problem struct {
	status   int
	code     string
	inner    string
	location string
	header   http.Header
}

// Error implements error.
func (p *problem) Error() string { return p.code }

func refuse(status int, code string, inner ...string) *problem {
	return &problem{status: status, code: code, inner: strings.Join(inner, "")}
}

var errNotFound = refuse(http.StatusNotFound, "itemNotFound")

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasSuffix(r.URL.Path, "/oauth2/v2.0/token") {
		s.token(w, r)
		return
	}
	drive := driveIn(r.URL.EscapedPath())
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+r.URL.EscapedPath())
	s.running[drive]++
	s.most[drive] = max(s.most[drive], s.running[drive])
	fault := s.fault(r)
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.running[drive]--
	}()
	if fault != nil && !fault.After {
		failed(w, fault)
		return
	}
	answer, err := s.answer(r)
	switch {
	case fault != nil:
		failed(w, fault)
	case err != nil:
		fail(w, err)
	default:
		answer(w)
	}
}

// reply writes an answer.
type reply func(w http.ResponseWriter)

func asJSON(status int, value any) reply {
	return func(w http.ResponseWriter) {
		w.Header().Set("Content-Type", "application/json; odata.metadata=minimal")
		w.WriteHeader(status)
		_ = json.NewEncoder(w).Encode(value) // who has gone away hears nothing
	}
}

func noContent(w http.ResponseWriter) { w.WriteHeader(http.StatusNoContent) }

func failed(w http.ResponseWriter, f *Fault) {
	p := refuse(f.Status, f.Code, f.Inner)
	if f.RetryAfter != "" {
		p.header = http.Header{"Retry-After": {f.RetryAfter}}
	}
	fail(w, p)
}

// fail writes an error in Graph's nested form.
func fail(w http.ResponseWriter, err error) {
	p, ok := err.(*problem) //nolint:errorlint // never wrapped
	if !ok {
		p = refuse(http.StatusInternalServerError, "generalException")
	}
	for name, values := range p.header {
		w.Header()[name] = values
	}
	if p.location != "" {
		w.Header().Set("Location", p.location)
	}
	inner := map[string]any{"date": "2026-05-01T12:00:00", "request-id": rand.Text()}
	if p.inner != "" {
		inner["code"] = "unknownToClients"
		inner["innerError"] = map[string]any{"code": p.inner}
	}
	asJSON(p.status, map[string]any{"error": map[string]any{"code": p.code, "message": "The request failed: " + p.code, "innerError": inner}})(w)
}

func (s *Server) fault(r *http.Request) *Fault {
	for i := range s.faults {
		if f := &s.faults[i]; f.times > 0 && f.match(r) {
			f.times--
			return &f.fault
		}
	}
	return nil
}

func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	id, secret, basic := r.BasicAuth()
	if !basic {
		id, secret = r.PostFormValue("client_id"), r.PostFormValue("client_secret")
	}
	if r.PostFormValue("grant_type") != "client_credentials" || id != s.clientID || secret != s.clientSecret || !strings.HasSuffix(r.PostFormValue("scope"),
		"/.default") {
		asJSON(http.StatusUnauthorized, map[string]string{"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided."})(w)
		return
	}
	token := rand.Text()
	s.mu.Lock()
	s.tokens[token] = true
	s.mu.Unlock()
	asJSON(http.StatusOK, map[string]any{"token_type": "Bearer", "expires_in": 3599, "access_token": token})(w)
}

// answer does what is asked for. Upload and download links must come without
// credentials; all else needs them.
func (s *Server) answer(r *http.Request) (reply, error) {
	token, has := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	segments := strings.Split(strings.TrimPrefix(r.URL.EscapedPath(), "/"), "/")
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(segments) == 2 && segments[0] == "upload", len(segments) == 2 && segments[0] == "download", len(segments) == 2 && segments[0] == "monitor":
		if has {
			return nil, refuse(http.StatusUnauthorized, "unauthenticated")
		}
		switch segments[0] {
		case "upload":
			return s.fragment(r, segments[1])
		case "download":
			return s.download(r, segments[1])
		}
		return s.monitor(segments[1])
	case !s.tokens[token]:
		return nil, refuse(http.StatusUnauthorized, "InvalidAuthenticationToken")
	case len(segments) > 2 && segments[1] == "sites":
		return s.site(r, segments[2:])
	case len(segments) > 2 && segments[1] == "drives":
		return s.drive(r, segments)
	}
	return nil, refuse(http.StatusBadRequest, "BadRequest")
}

// driveIn is the drive that a path is about; "" when it is about none.
func driveIn(path string) string {
	_, rest, ok := strings.Cut(path, "/drives/")
	if !ok {
		return ""
	}
	id, _, _ := strings.Cut(rest, "/")
	if plain, err := url.PathUnescape(id); err == nil {
		return plain
	}
	return id
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999Z") }
