package bench

import (
	"context"
	"fmt"
	"time"

	"parley/cmd/internal/api"
)

// World is the content of the server under test, made through its API: an
// agent that everybody may run, with a corpus whose content it shares, and an
// ordinary user who asks.
type World struct {
	Addr                string
	AdminToken, Asker   string // tokens
	admin               *api.Client
	agent, corpus, user int64
}

// MakeWorld fills the server at addr; its corpus has about so many passages.
func MakeWorld(ctx context.Context, addr string, passages int) (*World, error) {
	w := &World{Addr: addr}
	var err error
	if w.admin, err = signedIn(ctx, addr, AdminEmail, AdminPassword); err != nil {
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
	if err := w.admin.Post(ctx, connect, map[string]any{"shares_content": true}, nil); err != nil {
		return nil, err
	}
	asker, err := signedIn(ctx, addr, "asker@example.org", AdminPassword)
	if err != nil {
		return nil, err
	}
	w.AdminToken, w.Asker = w.admin.Token(), asker.Token()
	return w, w.upload(ctx, Book(passages))
}

func signedIn(ctx context.Context, addr, email, password string) (*api.Client, error) {
	c, err := api.New("http://" + addr)
	if err != nil {
		return nil, err
	}
	return c, c.SignIn(ctx, email, password)
}

// upload adds a document to the corpus and waits until it is indexed.
func (w *World) upload(ctx context.Context, text string) error {
	id, err := w.admin.Upload(ctx, w.corpus, "", "log-book.md", []byte(text))
	if err != nil {
		return err
	}
	return Poll(ctx, "indexing the corpus", func(ctx context.Context) (bool, error) {
		var d struct{ Step string }
		err := w.admin.Get(ctx, fmt.Sprintf("/api/document/%d", id), &d)
		if d.Step == "failed" {
			return false, fmt.Errorf("document %d was not indexed", id)
		}
		return d.Step == "completed", err
	})
}

// Queries is how many runs analytics has counted.
func (w *World) Queries(ctx context.Context) (int, error) {
	var totals struct{ Queries int }
	err := w.admin.Get(ctx, "/api/analytics/total-count", &totals)
	return totals.Queries, err
}

// Made creates something as the admin and answers its id.
func (w *World) Made(ctx context.Context, path string, body any) (int64, error) {
	var made struct{ ID int64 }
	err := w.admin.Post(ctx, path, body, &made)
	return made.ID, err
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
