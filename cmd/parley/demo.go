package main

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"parley/cmd/internal/api"
	"parley/platform/config"
)

type demoCmd struct {
	Docs     string `type:"existingdir" help:"Folder of documents for the agent; by default a few pages about Parley."`
	Question string `default:"What is Parley?" help:"Question to ask after the documents are indexed."`
}

// Run starts the server with demo content. It creates everything through the
// API, as any client would.
func (d demoCmd) Run(ctx context.Context) error {
	c, err := settings()
	if err != nil {
		return err
	}
	pages, err := d.pages()
	if err != nil {
		return err
	}
	address, err := reachable(c.Addr)
	if err != nil {
		return err
	}
	// The terminal shows the demo, so only warnings and errors are logged.
	c.LogLevel = max(c.LogLevel, config.Level(slog.LevelWarn))
	return serve(ctx, c, profileAll, func(ctx context.Context, admin credentials) error {
		asking, err := api.New("http://" + address)
		if err != nil {
			return err
		}
		x := demo{api: asking, state: filepath.Join(c.DataDir, "demo.json"), question: d.Question}
		return x.run(ctx, admin, pages)
	})
}

// maxDemoFiles bounds what the demo uploads.
const maxDemoFiles = 5000

// welcome is what the demo's agent knows: pages that answer what people ask
// first. They are part of the program, so the demo works anywhere.
//
//go:embed welcome/*.md
var welcome embed.FS

// sample is a document of the demo.
type sample struct {
	name string // that tells two files of one name apart
	from fs.FS
	path string
}

// pages lists what to upload: the pages about Parley, or everything below the
// folder that is not hidden.
func (d demoCmd) pages() ([]sample, error) {
	var from fs.FS = welcome
	root, prefix := "welcome", ""
	if d.Docs != "" {
		from, root, prefix = os.DirFS(d.Docs), ".", filepath.Base(d.Docs)+" - "
	}
	var pages []sample
	err := fs.WalkDir(from, root, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != root && strings.HasPrefix(e.Name(), "."):
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		case e.Type().IsRegular():
			name := strings.TrimPrefix(path, "welcome/")
			pages = append(pages, sample{name: prefix + strings.ReplaceAll(name, "/", " - "), from: from, path: path})
		}
		return nil
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("listing documents: %w", err)
	case len(pages) == 0:
		return nil, errors.New("found no documents: name a folder that has some with --docs")
	case len(pages) > maxDemoFiles:
		return nil, fmt.Errorf("the demo uploads at most %[2]d documents, the folder has %[1]d; name a smaller folder with --docs", len(pages), maxDemoFiles)
	}
	return pages, nil
}

// demo is a client that creates the demo content and asks a question.
type demo struct {
	api      *api.Client
	state    string // file with what an earlier start created
	question string
	remembered
}

// remembered is what the next start needs to find everything again.
type remembered struct {
	Email    string `json:"email"`
	Password string `json:"password"`
	Agent    int64  `json:"agent"`
	Corpus   int64  `json:"corpus"`
}

func (d *demo) run(ctx context.Context, admin credentials, pages []sample) error {
	if raw, err := os.ReadFile(d.state); err == nil {
		if err := json.Unmarshal(raw, &d.remembered); err != nil {
			return fmt.Errorf("reading %s: %w", d.state, err)
		}
	}
	if admin.Password != "" {
		d.Email, d.Password = admin.Email, admin.Password
	}
	if d.Password == "" {
		return errors.New("the demo has no password for this data directory; " +
			"set PARLEY_ADMIN_EMAIL and PARLEY_ADMIN_PASSWORD to sign in, or choose another PARLEY_DATA_DIR")
	}
	if err := d.signIn(ctx); err != nil {
		return err
	}
	if d.Agent == 0 {
		if err := d.build(ctx); err != nil {
			return err
		}
	}
	if err := d.upload(ctx, pages); err != nil {
		return err
	}
	if err := d.ask(ctx); err != nil {
		return err
	}
	d.explain()
	return nil
}

func (d *demo) save() error {
	raw, err := json.MarshalIndent(d.remembered, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(d.state, raw, 0o600); err != nil {
		return fmt.Errorf("saving the state of the demo: %w", err)
	}
	return nil
}

func (d *demo) signIn(ctx context.Context) error {
	if err := d.api.SignIn(ctx, d.Email, d.Password); err != nil {
		return err
	}
	return d.save()
}

type made struct {
	ID int64 `json:"id"`
}

// build creates the team, the project, the agent and the corpus.
func (d *demo) build(ctx context.Context) error {
	var team, project, agent, corpus made
	for _, step := range []struct {
		path string
		body func() any
		into *made
	}{
		{"/api/team", func() any { return map[string]any{"name": "Documentation"} }, &team},
		{"/api/project", func() any { return map[string]any{"name": "Handbook", "team": team.ID} }, &project},
		{"/api/agent", func() any {
			return map[string]any{"name": "Guide", "project_id": project.ID, "description": "Answers from the documentation.", "access": "Public"}
		}, &agent},
		{"/api/corpus", func() any { return map[string]any{"name": "Documentation", "is_public": true} }, &corpus},
	} {
		if err := d.api.Post(ctx, step.path, step.body(), step.into); err != nil {
			return err
		}
	}
	if err := d.api.Post(ctx, fmt.Sprintf("/api/agent/%d/corpus/%d", agent.ID, corpus.ID), map[string]any{}, nil); err != nil {
		return err
	}
	d.Agent, d.Corpus = agent.ID, corpus.ID
	return d.save()
}

// upload sends what the corpus doesn't have yet and shows a line of progress
// until all of it is indexed.
func (d *demo) upload(ctx context.Context, pages []sample) error {
	for i, p := range pages {
		progress("Uploading", i, len(pages))
		if err := d.uploadFile(ctx, p); err != nil {
			return err
		}
	}
	progress("Uploading", len(pages), len(pages))
	fmt.Println()
	for {
		completed, err := d.count(ctx, "completed")
		if err != nil {
			return err
		}
		failed, err := d.count(ctx, "failed")
		if err != nil {
			return err
		}
		all, err := d.count(ctx, "")
		if err != nil {
			return err
		}
		progress("Indexing", completed+failed, all)
		if completed+failed == all {
			fmt.Println()
			if failed > 0 {
				fmt.Printf("%d documents could not be indexed. GET /api/corpus/%d/document?step=failed shows the reasons.\n", failed, d.Corpus)
			}
			return nil
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func progress(what string, done, all int) {
	const width = 30
	filled := width
	if all > 0 {
		filled = width * done / all
	}
	fmt.Printf("\r%-9s [%s%s] %d of %d", what, strings.Repeat("#", filled), strings.Repeat(".", width-filled), done, all)
}

func (d *demo) uploadFile(ctx context.Context, p sample) error {
	content, err := fs.ReadFile(p.from, p.path)
	if err != nil {
		return fmt.Errorf("reading a document: %w", err)
	}
	_, err = d.api.Upload(ctx, d.Corpus, p.name, path.Base(p.path), content)
	var refused *api.Refusal
	if errors.As(err, &refused) && refused.Code == "duplicate_document" {
		return nil // from an earlier start
	}
	return err
}

// count is how many documents of the corpus are in a step of indexing; "" is
// any.
func (d *demo) count(ctx context.Context, step string) (int, error) {
	path := fmt.Sprintf("/api/corpus/%d/document?items_per_page=1", d.Corpus)
	if step != "" {
		path += "&step=" + step
	}
	return d.api.Count(ctx, path)
}

func (d *demo) ask(ctx context.Context) error {
	var answer struct {
		Answer     string
		References []cited
	}
	body := map[string]any{"user_query": d.question, "query_source": "demo"}
	if err := d.api.Post(ctx, fmt.Sprintf("/api/agent/%d/response", d.Agent), body, &answer); err != nil {
		return fmt.Errorf("asking the question: %w", err)
	}
	text, references := numbered(answer.Answer, answer.References)
	fmt.Printf("\nQuestion: %s\nAnswer:   %s\n", d.question, text)
	for _, r := range references {
		fmt.Printf("  [%d] %s  %s\n", r.Number, r.Title, link(d.api.Base(), r.URL))
	}
	return nil
}

func (d *demo) explain() {
	fmt.Printf(`
Sign in with:
  email:    %[2]s
  password: %[3]s

The links above open in a browser, with the same e-mail address and password.

Ask another question:
  TOKEN=$(curl -s %[1]s/api/login/access-token -d username=%[2]s --data-urlencode 'password=%[3]s' | sed 's/.*"ejento_access_token":"\([^"]*\)".*/\1/')
  curl -s %[1]s/api/agent/%[4]d/response -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"user_query":"Which file formats can I upload?"}'

API documentation: %[1]s/docs
Press Ctrl-C to stop. The next start keeps all data.
`, d.api.Base(), d.Email, d.Password, d.Agent)
}
