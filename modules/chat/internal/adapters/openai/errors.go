package openai

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Codes of Error. They are stable.
const (
	CodeUnauthorized   = "unauthorized"     // the key is missing or wrong, or may not do this
	CodeModelNotFound  = "model_not_found"  // or the path is wrong
	CodeContextTooLong = "context_too_long" // the messages don't fit the model
	CodeBadRequest     = "bad_request"
	CodeRateLimited    = "rate_limited"
	CodeQuotaExceeded  = "quota_exceeded" // no more until somebody pays
	CodeServerError    = "server_error"
	CodeLoading        = "loading" // the server loads the model
	CodeUnreachable    = "unreachable"
	CodeTimedOut       = "timed_out" // before the first byte, between two, or overall
	CodeStreamCut      = "stream_cut"
	CodeTooLarge       = "response_too_large"
	CodeBadResponse    = "bad_response" // not the protocol
)

// Error is how a call fails, except for the caller's own context and emit
// function, whose errors come back as they are.
type Error struct {
	Status  int    // of HTTP; 0 when no response came
	Code    string // one of the codes above
	Message string // a sentence for the log and for administrators, without secrets
	// Reason is what the server said, without secrets and addresses; "" when
	// it gave none.
	Reason string
	// Retryable: the same call may succeed later.
	Retryable bool
	// RetryAfter is how long the server asks to wait; 0 when it doesn't say.
	RetryAfter time.Duration

	param string
	cause error
	// unsent: the request can't have reached the server.
	unsent bool
}

// Error implements error.
func (e *Error) Error() string {
	if e.Status != 0 {
		return fmt.Sprintf("model server: %s (HTTP %d): %s", e.Code, e.Status, e.Message)
	}
	return fmt.Sprintf("model server: %s: %s", e.Code, e.Message)
}

// Unused reports whether the server did not take the call or was not reached,
// so that it used nothing.
func (e *Error) Unused() bool { return e.Status != 0 || e.unsent }

// Unwrap gives the cause, such as a network error, when there is one.
func (e *Error) Unwrap() error { return e.cause }

// maxErrorBody is how much of an error's body is read.
const maxErrorBody = 64 << 10

// statusError reads a response that is not 200.
func (c *Client) statusError(resp *http.Response) *Error {
	var body []byte
	if resp.StatusCode != http.StatusSwitchingProtocols { // its body is the connection, which no context ends
		body, _ = io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	}
	wire := reasonIn(body)
	if wire.Message == "" && wire.Type == "" && len(wire.Code) == 0 {
		wire.Message = http.StatusText(resp.StatusCode)
	}
	e := c.providerError(resp.StatusCode, wire)
	e.RetryAfter = retryAfter(resp.Header)
	return e
}

func (c *Client) providerError(status int, wire wireError) *Error {
	e := &Error{Status: status, Message: c.redact(wire.Message), Reason: addresses.ReplaceAllString(c.redact(wire.Message), "[address]"), param: wire.Param}
	code := strings.Trim(string(wire.Code), `"`)
	switch {
	case code == "insufficient_quota" || wire.Type == "insufficient_quota" || status == http.StatusPaymentRequired:
		e.Code = CodeQuotaExceeded
	case status == http.StatusUnauthorized || status == http.StatusForbidden:
		e.Code = CodeUnauthorized
	case status == http.StatusTooManyRequests:
		e.Code, e.Retryable = CodeRateLimited, true
	case code == "context_length_exceeded" || wire.Type == "exceed_context_size_error" || status == http.StatusRequestEntityTooLarge || tooLong.MatchString(wire.Message):
		e.Code = CodeContextTooLong
	case status == http.StatusNotFound:
		e.Code = CodeModelNotFound
	case status == http.StatusRequestTimeout || status == http.StatusConflict:
		e.Code, e.Retryable = CodeServerError, true
	case status >= 500 && loadingSaid.MatchString(wire.Message):
		e.Code, e.Retryable = CodeLoading, true
	case status >= 500:
		e.Code, e.Retryable = CodeServerError, status != http.StatusNotImplemented
	case status >= 400:
		e.Code = CodeBadRequest
	default:
		e.Code = CodeBadResponse
		e.Message = fmt.Sprintf("The server answered with status %d instead of an answer. Check the base URL.", status)
	}
	if e.Message == "" {
		e.Message = "The server gave no reason."
	}
	return e
}

// tooLong is how servers say that the messages don't fit: OpenAI, Azure and
// vLLM; vLLM's newer versions; llama.cpp; Anthropic; Ollama; Google; Mistral.
var tooLong = regexp.MustCompile(`(?i)maximum context length|context[ _]length[ _]exceeded|context (length|window|size)[^.]{0,40}exceed|` +
	`exceeds?[^.]{0,40}(context (size|length|window)|maximum model length|max_model_len|available context)|` +
	`(prompt|input|request|message)s? (is|are) too long|longer than the (maximum )?(model|context)|input length[^.]{0,60}exceed|` +
	`input token count[^.]{0,60}exceeds|too many tokens|too large for model|reduce the length of the (messages|prompt|input)`)

// loadingSaid is how servers say that the model is not there yet: llama.cpp,
// Ollama, Hugging Face, LocalAI.
var loadingSaid = regexp.MustCompile(
	`(?i)\bloading (the |a )?(llm |language )?model|\bmodel\b[^.]{0,80}\b(is|being|still)\b[^.]{0,20}\bload(ing|ed)\b|still loading`,
)

// retryAfter reads seconds; a date would need the server's clock.
func retryAfter(h http.Header) time.Duration {
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil && ms > 0 && ms < 1e9 {
		return time.Duration(ms * float64(time.Millisecond))
	}
	s, err := strconv.ParseFloat(h.Get("Retry-After"), 64)
	if err != nil || s <= 0 || s > 1e6 {
		return 0
	}
	return time.Duration(s * float64(time.Second))
}

// What ends a call from inside.
var (
	errFirstByte = errors.New("no answer began in time")
	errIdle      = errors.New("the answer stopped in the middle")
	errOverall   = errors.New("the answer took too long")
)

// netError says what a failed exchange means. When ctx was ended by a limit of
// this package it is that limit, when by the caller it is the caller's error.
func netError(ctx context.Context, err error) error {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errFirstByte), errors.Is(cause, errIdle), errors.Is(cause, errOverall):
		return &Error{Code: CodeTimedOut, Retryable: true, Message: "The model server was too slow: " + cause.Error() + ".", cause: cause}
	case cause != nil:
		return cause
	}
	// The address may hold a secret; what is behind it does not.
	var withURL *url.Error
	if errors.As(err, &withURL) {
		err = withURL.Err
	}
	var op *net.OpError
	unsent := errors.As(err, &op) && op.Op == "dial"
	return &Error{Code: CodeUnreachable, Retryable: true, Message: "The model server can't be reached: " + oneLine(err.Error()) + ".", cause: err, unsent: unsent}
}

var secrets = regexp.MustCompile(`(?i)\b(sk|key|pk)-[A-Za-z0-9_*.-]{4,}|\bbearer\s+\S+`)

// addresses are what the users of a server need not know of those behind it.
var addresses = regexp.MustCompile(`\b[a-z][a-z0-9+.-]*://\S+|\b\d{1,3}(\.\d{1,3}){3}(:\d+)?|(^|\s)/[\w./-]+`)

// redact shortens what a server says to a line and takes keys out of it, which
// some servers repeat.
func (c *Client) redact(s string) string {
	const longest = 400
	if key := c.config.APIKey; key != "" {
		s = strings.ReplaceAll(s, key, "[key]")
	}
	s = oneLine(secrets.ReplaceAllString(s, "[key]"))
	if len(s) > longest {
		s = strings.ToValidUTF8(s[:longest], "") + "…"
	}
	return s
}

// named is the model that answered last, as the server named it and as it is
// shown.
type named struct{ said, shown string }

// nameOf is the name of a model as it is shown. It is nearly always the same.
func (c *Client) nameOf(said string) string {
	if last := c.named.Load(); last != nil && last.said == said {
		return last.shown
	}
	shown := c.redact(said)
	const longest = 400
	if len(said) <= longest {
		c.named.Store(&named{said, shown})
	}
	return shown
}

func oneLine(s string) string {
	return strings.Join(strings.Fields(strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\uFFFD")), " ")
}
