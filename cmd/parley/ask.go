package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"

	"parley/cmd/internal/api"
)

type askCmd struct {
	Question []string `arg:"" optional:"" help:"The question. Without one it is read from standard input."`
	Agent    int64    `required:"" short:"a" help:"The agent's id."`
	Thread   int64    `help:"A thread to go on with; a new one is made without."`
	Server   `embed:""`
}

// Server says which server a client command asks, and as whom.
type Server struct {
	URL    string `env:"PARLEY_URL" default:"http://127.0.0.1:8080" help:"The server."`
	APIKey string `env:"PARLEY_API_KEY" help:"An API key."`
}

// Run asks a question, and prints the answer as it comes, then its sources.
func (a askCmd) Run(ctx context.Context) error {
	c, err := api.WithKey(a.URL, a.APIKey)
	if err != nil {
		return err
	}
	question := strings.Join(a.Question, " ")
	if question == "" {
		raw, err := io.ReadAll(io.LimitReader(os.Stdin, 1<<20))
		if err != nil {
			return fmt.Errorf("reading the question: %w", err)
		}
		question = strings.TrimSpace(string(raw))
	}
	body := map[string]any{"user_query": question, "query_source": "cli"}
	if a.Thread != 0 {
		body["chat_thread_id"] = a.Thread
	}
	stream, err := c.Stream(ctx, fmt.Sprintf("/api/agent/%d/response/stream", a.Agent), body)
	if err != nil {
		return err
	}
	defer func() { _ = stream.Close() }()
	return show(stream, c.Base(), os.Stdout)
}

// streamed is one event of an answer's stream, as far as a reader needs it.
type streamed struct {
	Step   string
	Delta  string
	Output json.RawMessage
}

type cited struct {
	Number     int
	Title, URL string
}

// numbered counts an answer's citations from 1, in the order of its sources.
// Their own numbers are those of the passages that the model was given.
func numbered(answer string, references []cited) (string, []cited) {
	shown := map[string]string{}
	out := slices.Clone(references)
	for i := range out {
		shown[fmt.Sprintf("[%d]", out[i].Number)] = fmt.Sprintf("[%d]", i+1)
		out[i].Number = i + 1
	}
	return citation.ReplaceAllStringFunc(answer, func(c string) string { return cmp.Or(shown[c], c) }), out
}

var citation = regexp.MustCompile(`\[\d+\]`)

// link is where a browser opens a source: the API wants credentials, which a
// page of the server asks for.
func link(server, url string) string {
	if !strings.HasPrefix(url, "/api/") {
		return url
	}
	return server + "/open#" + url
}

// show prints a stream's text as it comes, and the sources at its end.
func show(stream io.Reader, server string, out io.Writer) error {
	lines := bufio.NewScanner(stream)
	lines.Buffer(nil, api.MaxAnswer)
	printed := false
	for lines.Scan() {
		data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: "))
		if !ok {
			continue // a keep-alive, or the end of an event
		}
		var e streamed
		if err := json.Unmarshal(data, &e); err != nil {
			return fmt.Errorf("reading the stream: %w", err)
		}
		switch e.Step {
		case "assistant_stream":
			printed = true
			say(out, "%s", e.Delta)
		case "error":
			var failed struct {
				Output struct {
					Error struct{ Code, Details string }
				}
			}
			if err := json.Unmarshal(data, &failed); err != nil {
				return fmt.Errorf("reading the stream: %w", err)
			}
			return fmt.Errorf("%s (%s)", failed.Output.Error.Details, failed.Output.Error.Code)
		case "end":
			var done struct {
				Output struct {
					Answer     string
					References []cited
					ThreadID   int64 `json:"thread_id"`
				}
			}
			if err := json.Unmarshal(e.Output, &done); err != nil {
				return fmt.Errorf("reading the stream: %w", err)
			}
			if !printed {
				say(out, "%s", done.Output.Answer)
			}
			say(out, "\n")
			for _, r := range done.Output.References {
				say(out, "  [%d] %s  %s\n", r.Number, r.Title, link(server, r.URL))
			}
			say(out, "\nTo ask on: --thread %d\n", done.Output.ThreadID)
			return nil
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("reading the stream: %w", err)
	}
	return errors.New("the stream broke off; GET /api/agent-response/{agent_response_id}/events has all of it")
}
