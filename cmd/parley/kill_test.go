package main_test

import (
	"context"
	"encoding/json"
	"flag"
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

var (
	kills   = flag.Int("kills", 8, "how often the server is killed at a random moment")
	streams = flag.Int("streams", 8, "how many answers are streamed meanwhile")
)

// changed is what a client saw done before a kill.
type changed struct {
	mu        sync.Mutex
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
		asker := &asker{base: "http://" + s.addr, token: signIn(admin.As(""), adminEmail, adminPassword), agent: w.agent}

		saw := &changed{documents: map[int64]bool{}, deleted: map[int64]bool{}}
		random := rand.New(rand.NewPCG(1, 2))
		for n := range *kills {
			ctx, cancel := context.WithCancel(t.Context())
			var clients sync.WaitGroup
			for range *streams {
				clients.Go(func() { asker.keepAsking(ctx) })
			}
			clients.Go(func() { change(ctx, asker.base, asker.token, w.corpus, saw) })
			// Moments are counted in events, which are as many on a slow machine.
			// An answer has about ten; before the last kill one has come to its end.
			asker.await(t, asker.events.Load()+1+random.Int64N(int64(20**streams)), n == *kills-1)
			s.kill()
			cancel()
			clients.Wait()
			s.start()
		}

		// Every accepted question is there and has ended, and every event had its
		// effect, once.
		var now *stored
		eventually(t, func() string { // PostgreSQL: dead processes are found first
			now = s.stored()
			var total totals
			admin.Do("GET", "/api/analytics/total-count", nil).Want(200).Data(&total)
			missing := told(t, second, saw.deleted)
			var users struct{ Count int }
			admin.Do("GET", "/api/user?items_per_page=1", nil).Want(200).Meta(&users)
			faults := append(now.faults, now.missing(asker.asked)...)
			runs := int64(len(now.runs))
			if total.Queries != runs || total.TotalTokens != now.tokens || total.Threads != runs || now.closed != runs || missing > 0 || total.Users != int64(users.Count) {
				faults = append(faults, fmt.Sprintf("%d runs, each in a thread, %d of them published, %d tokens, %d users; analytics says %+v; nobody was told of %d deletions",
					runs, now.closed, now.tokens, users.Count, total, missing))
			}
			return strings.Join(faults[:min(len(faults), 20)], "\n")
		})
		if now.states["interrupted"] == 0 || now.states["completed"] == 0 {
			t.Errorf("the kills met no run, so this proves nothing: %v", now.states)
		}
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
		accepted := 0
		for _, one := range asker.asked {
			if one.accepted {
				accepted++
			}
		}
		t.Logf("%d kills with %d streams: %d questions seen accepted, %d stored %v, %d tokens, %d documents, %d deletions",
			*kills, *streams, accepted, len(now.runs), now.states, now.tokens, len(saw.documents), len(saw.deleted))
	})
}

// told checks that nobody is told twice of one deletion, and answers of how
// many of the noted ones nobody was told.
func told(t *testing.T, c webtest.Client, deleted map[int64]bool) int {
	t.Helper()
	heard := map[int64]bool{}
	for n := 1; ; n++ {
		var page []struct{ Kind, Message string }
		c.Do("GET", fmt.Sprintf("/api/notification?items_per_page=500&page=%d", n), nil).Want(200).Data(&page)
		for _, m := range page {
			if m.Kind != "user_deleted" {
				continue
			}
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

// change uploads documents, and makes and deletes users, until ctx ends.
func change(ctx context.Context, base, token string, corpus int64, saw *changed) {
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
