package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// World is the content of the server under test, made through its API: an
// agent that everybody may run, with a corpus whose content it shares, and an
// ordinary user who asks.
type World struct {
	Addr                string
	AdminToken, Asker   string // tokens
	agent, corpus, user int64
}

// MakeWorld fills the server at addr; its corpus has about so many passages.
func MakeWorld(ctx context.Context, addr string, passages int) (*World, error) {
	w := &World{Addr: addr}
	var err error
	if w.AdminToken, err = w.signIn(ctx, AdminEmail, AdminPassword); err != nil {
		return nil, err
	}
	var team, project int64
	for _, step := range []struct {
		path string
		body func() any
		into *int64
	}{
		{"/api/team", func() any { return map[string]any{"name": "Harbour"} }, &team},
		{"/api/project", func() any { return map[string]any{"name": "Lights", "team": team} }, &project},
		{"/api/agent", func() any { return map[string]any{"name": "Keeper", "project_id": project, "access": "Public"} }, &w.agent},
		{"/api/corpus", func() any { return map[string]any{"name": "Log books"} }, &w.corpus},
		{"/api/user", func() any { return map[string]any{"email": "asker@example.org", "password": AdminPassword} }, &w.user},
	} {
		if *step.into, err = w.Made(ctx, step.path, step.body()); err != nil {
			return nil, err
		}
	}
	connect := fmt.Sprintf("/api/agent/%d/corpus/%d", w.agent, w.corpus)
	if err := w.Call(ctx, http.MethodPost, connect, map[string]any{"shares_content": true}, nil); err != nil {
		return nil, err
	}
	if w.Asker, err = w.signIn(ctx, "asker@example.org", AdminPassword); err != nil {
		return nil, err
	}
	return w, w.upload(ctx, Book(passages))
}

func (w *World) signIn(ctx context.Context, email, password string) (string, error) {
	form := url.Values{"username": {email}, "password": {password}}
	var tokens struct {
		Token string `json:"ejento_access_token"`
	}
	err := w.send(ctx, http.MethodPost, "/api/login/access-token", "application/x-www-form-urlencoded", strings.NewReader(form.Encode()), &tokens)
	return tokens.Token, err
}

// upload adds a document to the corpus and waits until it is indexed.
func (w *World) upload(ctx context.Context, text string) error {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if err := form.WriteField("content_type", "file"); err != nil {
		return err
	}
	part, err := form.CreateFormFile("source", "log-book.md")
	if err != nil {
		return err
	}
	if _, err := io.WriteString(part, text); err != nil {
		return err
	}
	if err := form.Close(); err != nil {
		return err
	}
	var document answered[struct{ ID int64 }]
	if err := w.send(ctx, http.MethodPost, fmt.Sprintf("/api/corpus/%d/document", w.corpus), form.FormDataContentType(), &body, &document); err != nil {
		return err
	}
	return Poll(ctx, "indexing the corpus", func(ctx context.Context) (bool, error) {
		var d answered[struct{ Step string }]
		err := w.Call(ctx, http.MethodGet, fmt.Sprintf("/api/document/%d", document.Data.ID), nil, &d)
		if d.Data.Step == "failed" {
			return false, fmt.Errorf("the corpus was not indexed: %+v", d)
		}
		return d.Data.Step == "completed", err
	})
}

// Queries is how many runs analytics has counted.
func (w *World) Queries(ctx context.Context) (int, error) {
	var totals answered[struct{ Queries int }]
	err := w.Call(ctx, http.MethodGet, "/api/analytics/total-count", nil, &totals)
	return totals.Data.Queries, err
}

type answered[T any] struct{ Data T }

// Made creates something as the admin and answers its id.
func (w *World) Made(ctx context.Context, path string, body any) (int64, error) {
	var made answered[struct{ ID int64 }]
	err := w.Call(ctx, http.MethodPost, path, body, &made)
	return made.Data.ID, err
}

// Call sends JSON as the admin.
func (w *World) Call(ctx context.Context, method, path string, body, into any) error {
	if body == nil {
		return w.send(ctx, method, path, "", http.NoBody, into)
	}
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return w.send(ctx, method, path, "application/json", bytes.NewReader(raw), into)
}

func (w *World) send(ctx context.Context, method, path, contentType string, body io.Reader, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+w.Addr+path, body)
	if err != nil {
		return err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if w.AdminToken != "" {
		req.Header.Set("Authorization", "Bearer "+w.AdminToken)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, MaxAnswer))
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s answered %d: %.300s", method, path, res.StatusCode, raw)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

// Poll asks done every 50 ms until it says yes, for at most two minutes.
func Poll(ctx context.Context, what string, done func(ctx context.Context) (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		ok, err := done(ctx)
		if err != nil || ok {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s: %w", what, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}
