package embedding

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"parley/platform/kernel/work"
)

// Config says where the server is. Zero fields take the defaults given beside
// them.
type Config struct {
	// URL ends before /embeddings, as in https://api.openai.com/v1.
	URL string
	// APIKey may be empty for a local server. It never shows in an error.
	APIKey string
	Model  string

	Attempts    int           // while the server answers 429 or 5xx or can't be reached; 2
	Backoff     time.Duration // before the second attempt; 500ms. Retry-After counts instead, up to five seconds
	MaxResponse int64         // bytes of one response; 32 MiB
	Transport   http.RoundTripper
}

// Client implements core.Embedder. It is safe for concurrent use.
type Client struct {
	config Config
	url    string
	http   *http.Client
}

// maxRetryAfter is how long a call waits because a server says so.
const maxRetryAfter = 5 * time.Second

// New fails only on a URL that is not one.
func New(c Config) (*Client, error) {
	base, err := url.Parse(c.URL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, errors.New("the base URL of the embedding server must be an http or https address, such as http://127.0.0.1:11434/v1")
	}
	if c.Attempts <= 0 {
		c.Attempts = 2
	}
	if c.Backoff <= 0 {
		c.Backoff = 500 * time.Millisecond
	}
	if c.MaxResponse <= 0 {
		c.MaxResponse = 32 << 20
	}
	// A redirected POST would lose its body or show the key elsewhere.
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{config: c, url: base.JoinPath("embeddings").String(), http: &http.Client{Transport: c.Transport, CheckRedirect: stay}}, nil
}

// Model implements core.Embedder.
func (c *Client) Model() string { return c.config.Model }

// failure is how one attempt failed.
type failure struct {
	error
	again bool
	after time.Duration // what the server asks to wait
}

// Embed implements core.Embedder.
func (c *Client) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	body, err := json.Marshal(map[string]any{"model": c.config.Model, "input": texts, "encoding_format": "float"})
	if err != nil {
		return nil, fmt.Errorf("writing a request for embeddings: %w", err)
	}
	for attempt := 1; ; attempt++ {
		out, failed := c.once(ctx, body, len(texts))
		if failed == nil {
			return out, nil
		}
		if !failed.again || attempt >= c.config.Attempts || failed.after > maxRetryAfter {
			return nil, failed.error
		}
		pause := c.config.Backoff << (attempt - 1)
		if failed.after > 0 {
			pause = failed.after
		}
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, errors.Join(ctx.Err(), failed.error)
		case <-timer.C:
		}
	}
}

// once sends the request once.
func (c *Client) once(ctx context.Context, body []byte, texts int) ([][]float32, *failure) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return nil, &failure{error: fmt.Errorf("making a request for embeddings: %w", err)}
	}
	request.Header.Set("Content-Type", "application/json")
	if c.config.APIKey != "" {
		request.Header.Set("Authorization", "Bearer "+c.config.APIKey)
		if strings.HasSuffix(request.URL.Hostname(), ".azure.com") {
			request.Header.Set("Api-Key", c.config.APIKey)
		}
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, &failure{error: fmt.Errorf("asking the embedding server: %w", err), again: ctx.Err() == nil}
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, c.config.MaxResponse+1))
	switch {
	case err != nil:
		return nil, &failure{error: fmt.Errorf("reading embeddings: %w", err), again: ctx.Err() == nil}
	case int64(len(answer)) > c.config.MaxResponse:
		return nil, &failure{error: fmt.Errorf("the embedding server answered more than %d bytes", c.config.MaxResponse)}
	case response.StatusCode != http.StatusOK:
		return nil, c.refused(response, answer)
	}
	out, err := vectors(answer, texts)
	if err != nil {
		return nil, &failure{error: err}
	}
	return out, nil
}

// refused reads why the server did not answer. What it says of the texts is
// permanent.
func (c *Client) refused(response *http.Response, answer []byte) *failure {
	const most = 300
	said := strings.ToValidUTF8(string(answer[:min(len(answer), most)]), "")
	if c.config.APIKey != "" {
		said = strings.ReplaceAll(said, c.config.APIKey, "…")
	}
	f := &failure{error: fmt.Errorf("the embedding server answered HTTP %d: %s", response.StatusCode, strings.TrimSpace(said))}
	switch status := response.StatusCode; {
	case status == http.StatusTooManyRequests || status >= http.StatusInternalServerError:
		f.again = true
		const fits = 31 // bits: more seconds are no time.Duration
		if seconds, err := strconv.ParseUint(response.Header.Get("Retry-After"), 10, fits); err == nil {
			f.after = time.Duration(seconds) * time.Second
		}
	case status == http.StatusBadRequest || status == http.StatusRequestEntityTooLarge || status == http.StatusUnprocessableEntity:
		f.error = work.Permanent(f.error)
	}
	return f
}

// vectors reads an answer: as many vectors as texts, each once, in any order,
// and all of one length.
func vectors(answer []byte, texts int) ([][]float32, error) {
	var wire struct {
		Data []struct {
			Index     int       `json:"index"`
			Embedding []float32 `json:"embedding"`
		} `json:"data"`
	}
	if err := json.Unmarshal(answer, &wire); err != nil {
		return nil, fmt.Errorf("the embedding server did not answer as the protocol says: %w", err)
	}
	if len(wire.Data) != texts {
		return nil, fmt.Errorf("the embedding server answered %d vectors for %d texts", len(wire.Data), texts)
	}
	out := make([][]float32, texts)
	for _, d := range wire.Data {
		switch {
		case d.Index < 0 || d.Index >= texts || out[d.Index] != nil:
			return nil, fmt.Errorf("the embedding server answered no or two vectors for a text: index %d of %d", d.Index, texts)
		case len(d.Embedding) == 0 || len(d.Embedding) != len(wire.Data[0].Embedding):
			return nil, fmt.Errorf("the embedding server answered vectors of %d and %d dimensions", len(wire.Data[0].Embedding), len(d.Embedding))
		}
		out[d.Index] = d.Embedding
	}
	return out, nil
}
