package main_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/platform/webtest"
	"parley/platform/webtest/modelstub"
)

// rounds is how often the server is killed.
const rounds = 8

// accepted is what clients saw accepted before a kill.
type accepted struct {
	mu        sync.Mutex
	responses map[int64]bool
	documents map[int64]bool
	deleted   map[int64]bool
}

// A server that is killed at any moment, while a slow model streams, loses no
// question and no document, leaves no run open, and does nothing twice.
func TestKillingTheServerLosesNothing(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		model := httptest.NewServer(modelstub.New(modelstub.Behaviour{
			Answer:     func(modelstub.Request) string { return strings.Repeat("The light was built in 1871 [1]. ", 6) },
			FirstDelay: 20 * time.Millisecond, Delay: 4 * time.Millisecond,
		}))
		defer model.Close()
		s := newServer(t, kind, "PARLEY_LLM_URL="+model.URL+"/v1", "PARLEY_LLM_MODEL=stub")
		s.start()
		admin := s.admin()
		w := build(admin)
		indexed(t, admin, upload(admin, w.corpus, "merrow.md", "The lighthouse of Cape Merrow was built in 1871 by Ada Lund."))
		admin.Do("POST", "/api/user", map[string]any{"email": "second@example.org", "password": adminPassword, "is_superuser": true}).Want(201)
		second := s.client("second@example.org", adminPassword)
		token := signIn(admin.As(""), adminEmail, adminPassword)

		saw := &accepted{responses: map[int64]bool{}, documents: map[int64]bool{}, deleted: map[int64]bool{}}
		random := rand.New(rand.NewPCG(1, 2))
		for range rounds {
			ctx, cancel := context.WithCancel(t.Context())
			var clients sync.WaitGroup
			for n := range 4 {
				clients.Go(func() { ask(ctx, "http://"+s.addr, token, w.agent, saw) })
				if n == 0 {
					clients.Go(func() { change(ctx, "http://"+s.addr, token, w.corpus, saw) })
				}
			}
			time.Sleep(150*time.Millisecond + time.Duration(random.IntN(400))*time.Millisecond)
			s.kill()
			cancel()
			clients.Wait()
			s.start()
		}

		// Every accepted question is there and ended, with its figures.
		var tokens, runs int64
		var threads []struct{ ID int64 }
		for n := 1; ; n++ {
			var page []struct{ ID int64 }
			admin.Do("GET", fmt.Sprintf("/api/agent/%d/chat-thread?items_per_page=500&page=%d", w.agent, n), nil).Want(200).Data(&page)
			threads = append(threads, page...)
			if len(page) < 500 {
				break
			}
		}
		states := map[string]int{}
		eventually(t, func() string { // PostgreSQL: leases end first
			tokens, runs = 0, 0
			clear(states)
			for _, thread := range threads {
				var full struct {
					Responses []struct {
						ID          int64
						State       string
						TotalTokens int64 `json:"total_tokens"`
					} `json:"agent_responses"`
				}
				admin.Do("GET", fmt.Sprintf("/api/chat-thread/%d", thread.ID), nil).Want(200).Data(&full)
				for _, r := range full.Responses {
					runs++
					tokens += r.TotalTokens
					states[r.State]++
					delete(saw.responses, r.ID)
				}
			}
			if open := states["queued"] + states["in_progress"]; open > 0 {
				return fmt.Sprintf("%d runs are left open", open)
			}
			return ""
		})
		if len(saw.responses) > 0 {
			t.Errorf("%d accepted questions are missing: %v", len(saw.responses), saw.responses)
		}
		if states["interrupted"] == 0 || states["completed"] == 0 {
			t.Errorf("the kills met no run, so this proves nothing: %v", states)
		}
		// Every event had its effect, once.
		eventually(t, func() string {
			var now totals
			admin.Do("GET", "/api/analytics/total-count", nil).Want(200).Data(&now)
			missing := told(t, second, saw.deleted)
			var users struct{ Count int }
			admin.Do("GET", "/api/user?items_per_page=1", nil).Want(200).Meta(&users)
			if now.Queries != runs || now.TotalTokens != tokens || now.Threads != int64(len(threads)) || missing > 0 || now.Users != int64(users.Count) {
				return fmt.Sprintf("%d runs, %d tokens, %d threads, %d users; analytics says %+v; nobody was told of %d deletions", runs, tokens, len(threads), users.Count, now, missing)
			}
			return ""
		})
		for id := range saw.documents {
			indexed(t, admin, id)
		}
		var found []struct {
			DocumentID int64 `json:"document_id"`
		}
		admin.Do("POST", fmt.Sprintf("/api/corpus/%d/search", w.corpus), map[string]any{"query": "harbour pilot", "limit": 100}).Want(200).Data(&found)
		once := map[int64]int{}
		for _, hit := range found {
			once[hit.DocumentID]++
			if once[hit.DocumentID] > 1 {
				t.Errorf("document %d was indexed %d times", hit.DocumentID, once[hit.DocumentID])
			}
		}
		t.Logf("%d kills: %d runs %v, %d tokens, %d documents, %d deletions", rounds, runs, states, tokens, len(saw.documents), len(saw.deleted))
	})
}

// told checks that nobody is told twice of one deletion, and answers of how
// many of the noted ones nobody was told.
func told(t *testing.T, c webtest.Client, deleted map[int64]bool) int {
	t.Helper()
	heard := map[int64]bool{}
	for n := 1; ; n++ {
		var page []struct{ Message string }
		c.Do("GET", fmt.Sprintf("/api/notification?items_per_page=500&page=%d", n), nil).Want(200).Data(&page)
		for _, m := range page {
			var id int64
			if _, err := fmt.Sscanf(m.Message, "User %d was deleted", &id); err != nil {
				t.Fatalf("a message of nobody: %q", m.Message)
			}
			if heard[id] {
				t.Errorf("told twice of user %d", id)
			}
			heard[id] = true
		}
		if len(page) < 500 {
			break
		}
	}
	missing := 0
	for id := range deleted {
		if !heard[id] {
			missing++
		}
	}
	return missing
}

// ask asks streamed questions until ctx ends and notes those that began.
func ask(ctx context.Context, base, token string, agent int64, saw *accepted) {
	for ctx.Err() == nil {
		res, err := post(ctx, fmt.Sprintf("%s/api/agent/%d/response/stream", base, agent), token, `{"user_query":"When was the lighthouse built?"}`)
		if err != nil {
			time.Sleep(5 * time.Millisecond)
			continue
		}
		lines := bufio.NewScanner(res.Body)
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			var e struct {
				ID int64 `json:"agent_response_id"`
			}
			if json.Unmarshal([]byte(strings.TrimPrefix(lines.Text(), "data: ")), &e) == nil && e.ID != 0 {
				saw.mu.Lock()
				saw.responses[e.ID] = true
				saw.mu.Unlock()
			}
		}
		res.Body.Close()
	}
}

// change uploads documents, and makes and deletes users, until ctx ends.
func change(ctx context.Context, base, token string, corpus int64, saw *accepted) {
	for n := 0; ctx.Err() == nil; n++ {
		text := fmt.Sprintf("The harbour pilot wrote entry %d of %d.", n, time.Now().UnixNano())
		body := "--x\r\nContent-Disposition: form-data; name=\"content_type\"\r\n\r\ntext\r\n--x\r\nContent-Disposition: form-data; name=\"source\"\r\n\r\n" + text + "\r\n--x--\r\n"
		if id, ok := made(ctx, http.MethodPost, fmt.Sprintf("%s/api/corpus/%d/document", base, corpus), token, "multipart/form-data; boundary=x", body); ok {
			saw.mu.Lock()
			saw.documents[id] = true
			saw.mu.Unlock()
		}
		id, ok := made(ctx, http.MethodPost, base+"/api/user", token, "application/json", fmt.Sprintf(`{"email":"u%d@example.org"}`, time.Now().UnixNano()))
		if !ok {
			continue
		}
		if _, ok := made(ctx, http.MethodDelete, base+"/api/user/batch", token, "application/json", fmt.Sprintf(`{"user_ids":[%d]}`, id)); ok {
			saw.mu.Lock()
			saw.deleted[id] = true
			saw.mu.Unlock()
		}
	}
}

// made sends a request and answers the id in data; false when the server was
// gone before it answered.
func made(ctx context.Context, method, url, token, contentType, body string) (int64, bool) {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0, false
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", contentType)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, false
	}
	defer res.Body.Close()
	var answer struct {
		Success bool
		Data    json.RawMessage
	}
	if json.NewDecoder(res.Body).Decode(&answer) != nil || !answer.Success {
		return 0, false
	}
	var one struct{ ID int64 }
	_ = json.Unmarshal(answer.Data, &one) // a list of the deleted has none
	return one.ID, true
}

func post(ctx context.Context, url, token, body string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", "application/json")
	return http.DefaultClient.Do(req)
}
