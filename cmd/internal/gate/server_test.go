package gate

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// server plays the part of the API that the gate uses, as the contract has it.
type server struct {
	mu      sync.Mutex
	t       *testing.T
	evals   map[string]*test // by idempotency key
	results []result
	// ends is what an evaluation ends as, after so many looks at it.
	ends  test
	after int
	// trouble is answered to the first calls, if it is set for them.
	trouble []http.HandlerFunc
	calls   []string
	keys    []string // of idempotency
	created map[string]any
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.calls = append(s.calls, r.Method+" "+r.URL.Path)
	var trouble http.HandlerFunc
	if len(s.trouble) > 0 {
		trouble, s.trouble = s.trouble[0], s.trouble[1:]
	}
	if r.Method == http.MethodPost {
		s.keys = append(s.keys, r.Header.Get("Idempotency-Key"))
	}
	s.mu.Unlock()
	if trouble != nil {
		trouble(w, r)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r.Header.Get("Ocp-Apim-Subscription-Key") != "the key" {
		refuse(http.StatusUnauthorized, "unauthorized", "")(w, r)
		return
	}
	switch path := strings.TrimPrefix(r.URL.Path, "/base"); {
	case r.Method == http.MethodPost && path == "/api/agent/3/evaluation":
		s.create(w, r)
	case r.Method == http.MethodGet && path == "/api/evaluation/12":
		s.show(w, r)
	case r.Method == http.MethodPut && path == "/api/evaluation/12/status":
		var body struct{ Status string }
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Status != cancelled {
			s.t.Errorf("the status that is set is %q, %v", body.Status, err)
		}
		for _, e := range s.evals {
			e.Status = cancelled
			answer(w, http.StatusOK, e)
		}
	default:
		refuse(http.StatusNotFound, "not_found", "")(w, r)
	}
}

func (s *server) create(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Idempotency-Key")
	if s.evals == nil {
		s.evals = map[string]*test{}
	}
	if s.evals[key] == nil {
		s.evals[key] = &test{ID: 12, Agent: 3, Dataset: 4, DatasetVersion: 2, Status: "pending", Metrics: []string{"answer_correctness"}, Progress: progress{Total: int64(len(s.results))}}
		if err := json.NewDecoder(r.Body).Decode(&s.created); err != nil {
			s.t.Error(err)
		}
	}
	answer(w, http.StatusCreated, s.evals[key])
}

func (s *server) show(w http.ResponseWriter, r *http.Request) {
	for _, e := range s.evals {
		if s.after--; s.after < 0 && e.open() {
			ends := s.ends
			ends.ID, ends.Agent, ends.Dataset, ends.DatasetVersion, ends.Metrics = e.ID, e.Agent, e.Dataset, e.DatasetVersion, e.Metrics
			ends.Progress = progress{Total: int64(len(s.results)), Done: int64(len(s.results))}
			*e = ends
		}
		var page, size int
		if _, err := fmt.Sscan(r.URL.Query().Get("items_per_page"), &size); err != nil {
			s.t.Error("no items_per_page")
		}
		page = 1
		if p := r.URL.Query().Get("page"); p != "" {
			_, _ = fmt.Sscan(p, &page)
		}
		shown := *e
		from := min((page-1)*size, len(s.results))
		shown.Results = s.results[from:min(from+size, len(s.results))]
		answer(w, http.StatusOK, shown)
	}
}

func answer(w http.ResponseWriter, status int, data any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"success": true, "message": "Done.", "data": data, "meta": map[string]any{"next_cursor": nil}})
}

func refuse(status int, code, field string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		body := map[string]any{"success": false, "data": nil, "message": "No " + code + ".", "code": code, "request_id": "r-1"}
		if field != "" {
			body["errors"] = []map[string]string{{"field": field, "message": "is wrong"}}
		}
		_ = json.NewEncoder(w).Encode(body)
	}
}

// start serves s, and gives the options of a gate that uses it.
func start(t *testing.T, s *server) Options {
	t.Helper()
	s.t = t
	h := httptest.NewServer(s)
	t.Cleanup(h.Close)
	return Options{URL: h.URL + "/base/", APIKey: "the key", Agent: 3, Dataset: 4, Name: "gate", Poll: time.Millisecond}
}

func yes(v bool) *bool { return &v }

func num(v float64) *float64 { return &v }

func id(v int64) *int64 { return &v }

func str(v string) *string { return &v }

func (s *server) did(call string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, c := range s.calls {
		if c == call {
			n++
		}
	}
	return n
}
