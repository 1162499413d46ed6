package main_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// asker is a client that asks questions and notes what it sees.
type asker struct {
	base, token string
	agent       int64

	mu    sync.Mutex
	asked []*asked

	events, ends atomic.Int64 // that came, of all streams
}

// asked is a question and what its client saw of it.
type asked struct {
	question string
	accepted bool // 200 was seen
	id       int64
	events   []seenEvent
	answer   *string // of a plain question
}

// seenEvent is an event of a stream as far as every reader sees the same.
type seenEvent struct {
	Sequence             int64 `json:"sequence_number"`
	Step, Message, Delta string
}

// wire is an event as it comes.
type wire struct {
	seenEvent
	ID int64 `json:"agent_response_id"`
}

// note adds a question that no other is like.
func (a *asker) note() *asked {
	a.mu.Lock()
	defer a.mu.Unlock()
	one := &asked{question: fmt.Sprintf("When was the lighthouse built? (%d)", len(a.asked)+1)}
	a.asked = append(a.asked, one)
	return one
}

// stream asks a streamed question and reads as far as anything comes. It
// answers whether the server was there.
func (a *asker) stream(ctx context.Context, one *asked) bool {
	res, err := a.post(ctx, one, "response/stream", "")
	if err != nil {
		return false
	}
	defer res.Body.Close()
	one.accepted = res.StatusCode == http.StatusOK
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		var e wire
		if !ok || json.Unmarshal([]byte(data), &e) != nil { // a ping, or cut off
			continue
		}
		if e.ID != 0 {
			one.id = e.ID
		}
		one.events = append(one.events, e.seenEvent)
		a.events.Add(1)
		if e.Step == "end" {
			a.ends.Add(1)
		}
	}
	return true
}

// plain asks a plain question with an Idempotency-Key.
func (a *asker) plain(ctx context.Context, one *asked, key string) {
	res, err := a.post(ctx, one, "response", key)
	if err != nil {
		return
	}
	defer res.Body.Close()
	var body struct {
		Data struct {
			Answer string
			ID     int64 `json:"agent_response_id"`
		}
	}
	if res.StatusCode == http.StatusOK && json.NewDecoder(res.Body).Decode(&body) == nil {
		one.accepted, one.id, one.answer = true, body.Data.ID, &body.Data.Answer
	}
}

func (a *asker) post(ctx context.Context, one *asked, operation, key string) (*http.Response, error) {
	body, err := json.Marshal(map[string]string{"user_query": one.question})
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, fmt.Sprintf("%s/api/agent/%d/%s", a.base, a.agent, operation), strings.NewReader(string(body)))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+a.token)
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	return http.DefaultClient.Do(req)
}

// await waits until so many events came and, when ended is set, one answer has
// come to its end.
func (a *asker) await(t *testing.T, events int64, ended bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); a.events.Load() < events || ended && a.ends.Load() == 0; time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d events and %d ends came in a minute", a.events.Load(), a.ends.Load())
		}
	}
}

// keepAsking asks streamed questions until ctx ends.
func (a *asker) keepAsking(ctx context.Context) {
	for ctx.Err() == nil {
		if !a.stream(ctx, a.note()) {
			time.Sleep(5 * time.Millisecond)
		}
	}
}
