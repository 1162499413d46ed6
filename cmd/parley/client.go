package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
)

// client asks a server over its API.
type client struct {
	base  string // such as http://127.0.0.1:8080
	token string // an access token, or
	key   string // an API key
}

// refusal is an error answer of the server.
type refusal struct{ path, code, message string }

// Error implements error.
func (r *refusal) Error() string { return fmt.Sprintf("%s: %s (%s)", r.path, r.message, r.code) }

// maxAnswer bounds an answer that is not a stream.
const maxAnswer = 16 << 20

// open sends a request and answers what comes back; an error answer is a
// *refusal.
func (c client) open(ctx context.Context, method, path, contentType string, body io.Reader) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimSuffix(c.base, "/")+path, body)
	if err != nil {
		return nil, fmt.Errorf("asking %s: %w", path, err)
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.key != "" {
		req.Header.Set("Ocp-Apim-Subscription-Key", c.key)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, fmt.Errorf("asking the server: %w", err)
	}
	if res.StatusCode < http.StatusBadRequest {
		return res, nil
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("reading the answer of %s: %w", path, err)
	}
	var failed struct{ Code, Message string }
	if err := json.Unmarshal(raw, &failed); err != nil {
		return nil, fmt.Errorf("%s: status %d, and the answer is not Parley's: %w", path, res.StatusCode, err)
	}
	return nil, &refusal{path, failed.Code, failed.Message}
}

// send sends a request and reads the answer's JSON.
func (c client) send(ctx context.Context, method, path, contentType string, body io.Reader, into any) (err error) {
	res, err := c.open(ctx, method, path, contentType, body)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("reading the answer of %s: %w", path, err)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("reading the answer of %s: %w", path, err)
	}
	return nil
}

// post sends JSON, and reads the data of the answer.
func (c client) post(ctx context.Context, path string, body, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return fmt.Errorf("writing the body of %s: %w", path, err)
	}
	var answer struct{ Data json.RawMessage }
	if err := c.send(ctx, http.MethodPost, path, "application/json", bytes.NewReader(raw), &answer); err != nil || into == nil {
		return err
	}
	if err := json.Unmarshal(answer.Data, into); err != nil {
		return fmt.Errorf("reading the answer of %s: %w", path, err)
	}
	return nil
}
