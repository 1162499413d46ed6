package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Refusal is an error that the server answered.
type Refusal struct {
	Status  int
	Code    string // such as agents.not_found; "" when no Parley server answered
	Message string
	// RequestID is in the server's log.
	RequestID string `json:"request_id"`
	// Errors name the fields that are wrong.
	Errors []struct{ Field, Message string }

	call       string
	retryAfter time.Duration
}

func refusal(q request, answer *http.Response, raw []byte) *Refusal {
	r := &Refusal{}
	if json.Unmarshal(raw, r) != nil || r.Message == "" {
		r = &Refusal{Message: "This is not an answer of a Parley server; check the address."}
	}
	r.Status, r.call = answer.StatusCode, q.String()
	if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil {
		r.retryAfter = min(time.Duration(seconds)*time.Second, longestPause)
	}
	return r
}

// Error implements error.
func (r *Refusal) Error() string {
	var s strings.Builder
	fmt.Fprintf(&s, "the server answered %d to %s: %s", r.Status, r.call, r.Message)
	for _, e := range r.Errors {
		fmt.Fprintf(&s, " %s: %s", e.Field, e.Message)
	}
	switch {
	case r.Code != "" && r.RequestID != "":
		fmt.Fprintf(&s, " (%s, request %s)", r.Code, r.RequestID)
	case r.Code != "":
		fmt.Fprintf(&s, " (%s)", r.Code)
	}
	return s.String()
}

// passes reports whether the same request may succeed later.
func (r *Refusal) passes() bool {
	return r.Status == http.StatusTooManyRequests || r.Status >= 500 || r.Code == "request_in_progress"
}
