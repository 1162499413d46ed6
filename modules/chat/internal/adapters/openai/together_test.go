package openai

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// echo answers a request with its last word forty times, and breaks the answer
// off when that ends with "cut".
func echo(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	mark, _, _ := strings.Cut(string(raw[strings.LastIndex(string(raw), "mark-"):]), `"`)
	w.Header().Set("Content-Type", "text/event-stream")
	for range 40 {
		_, _ = fmt.Fprintf(w, `data: {"model":"%s","choices":[{"index":0,"delta":{"content":"%s "}}]}`+"\n\n", mark, mark)
	}
	if strings.HasSuffix(mark, "cut") {
		panic(http.ErrAbortHandler)
	}
	_, _ = io.WriteString(w, `data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}`+"\n\ndata: [DONE]\n\n")
}

// Buffers, headers and names belong to all calls of a client, whatever becomes
// of a call.
func TestAnswersThatComeTogetherDoNotMix(t *testing.T) {
	client := start(t, http.HandlerFunc(echo), Config{Attempts: 1})
	how := []string{"whole", "cut", "panic", "refused", "left"}
	call := func(mark, how string) (kept []string, result Result, err error) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		defer func() { _ = recover() }()
		result, err = client.Stream(ctx, Request{Messages: []Message{{Role: "user", Content: mark}}}, func(piece string) error {
			kept = append(kept, piece)
			switch {
			case len(kept) < 9:
			case how == "panic":
				panic(how)
			case how == "refused":
				return errors.New(how)
			case how == "left":
				cancel()
			}
			return nil
		})
		return kept, result, err
	}
	var calls sync.WaitGroup
	for n := range 8 {
		calls.Go(func() {
			for i := range 20 {
				how := how[i%len(how)]
				mark := fmt.Sprintf("mark-%d-%d-%s", n, i, how)
				kept, result, err := call(mark, how)
				for _, piece := range append(kept, strings.Fields(result.Text)...) {
					if strings.TrimSpace(piece) != mark {
						t.Errorf("%s got %q", mark, piece)
					}
				}
				if how == "whole" && (err != nil || len(kept) != 40 || result.Model != mark) {
					t.Errorf("%s: %d pieces, %+v, %v", mark, len(kept), result, err)
				}
			}
		})
	}
	calls.Wait()
}

// leaving is a caller who leaves while the end of an answer is awaited.
type leaving struct {
	*late
	leave func()
}

// Read implements io.Reader.
func (l leaving) Read(p []byte) (int, error) {
	if n, err := l.Reader.Read(p); err == nil {
		return n, nil
	}
	l.leave()
	<-l.ctx.Done()
	return 0, l.ctx.Err()
}

// RoundTrip implements http.RoundTripper.
func (l leaving) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := l.late.RoundTrip(r)
	resp.Body = l
	return resp, err
}

func TestACallerWhoLeavesBehindTheMarkOfTheEndHasTheAnswer(t *testing.T) {
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	c := client(t, "http://model.test", Config{Transport: leaving{&late{Reader: strings.NewReader(usualAnswer())}, leave}})
	result, _, err := ask(ctx, c, Request{})
	if err != nil || result.FinishReason != FinishStop || ctx.Err() == nil {
		t.Errorf("%+v, %v, %v", result, err, ctx.Err())
	}
}
