package main_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

// talked is what clients saw accepted before a kill.
type talked struct {
	mu       sync.Mutex
	comments map[string]int64 // texts, and on which answer
	deleted  map[int64]bool   // answers
}

// A server that is killed while answers are rated, commented and deleted counts
// each vote as it is stored, keeps each comment once, and brings nothing back.
func TestKillingTheServerCountsEachVoteOnce(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		s := newServer(t, kind)
		s.start()
		admin := s.admin()
		w := build(admin)
		token := signIn(admin.As(""), adminEmail, adminPassword)
		answers := make([]int64, 6)
		for i := range answers {
			var a struct {
				ID int64 `json:"agent_response_id"`
			}
			admin.Do("POST", fmt.Sprintf("/api/agent/%d/response", w.agent), map[string]any{"user_query": "When was it built?"}).Want(200).Data(&a)
			answers[i] = a.ID
		}
		saw := &talked{comments: map[string]int64{}, deleted: map[int64]bool{}}
		for round := range 4 {
			ctx, cancel := context.WithCancel(t.Context())
			var clients sync.WaitGroup
			for n := range 3 {
				clients.Go(func() { talk(ctx, "http://"+s.addr, token, answers, fmt.Sprintf("%d.%d", round, n), saw) })
			}
			if round > 1 {
				id := answers[len(answers)-round]
				clients.Go(func() {
					if status := send(ctx, "DELETE", fmt.Sprintf("http://%s/api/agent-response/%d", s.addr, id), token, "", ""); status == 200 {
						saw.mu.Lock()
						saw.deleted[id] = true
						saw.mu.Unlock()
					}
				})
			}
			time.Sleep(250 * time.Millisecond)
			s.kill()
			cancel()
			clients.Wait()
			s.start()
		}

		type record struct {
			Comments []struct{ Comment string }
			Feedback []struct {
				Up   bool `json:"is_upvote"`
				Down bool `json:"is_downvote"`
			}
		}
		stored := map[string]int{}
		for _, id := range answers {
			got := admin.Do("GET", fmt.Sprintf("/api/agent-response/%d", id), nil)
			if got.Status == http.StatusNotFound {
				saw.deleted[id] = true // committed, though nobody was told
				continue
			}
			var r record
			got.Want(200).Data(&r)
			if saw.deleted[id] {
				t.Errorf("answer %d came back", id)
			}
			if len(r.Feedback) > 1 {
				t.Errorf("%d votes of one user on answer %d", len(r.Feedback), id)
			}
			for _, c := range r.Comments {
				stored[c.Comment]++
			}
		}
		for text, n := range stored {
			if n > 1 {
				t.Errorf("%q is stored %d times", text, n)
			}
		}
		for text, id := range saw.comments {
			if stored[text] == 0 && !saw.deleted[id] {
				t.Errorf("%q is lost", text)
			}
		}
		if len(saw.comments) == 0 {
			t.Error("no comment was accepted, so this proves nothing")
		}
		// A vote more on each answer that is left makes them known: they differ
		// from what analytics says by those of the deleted ones, which stay.
		for _, id := range answers {
			if !saw.deleted[id] {
				admin.Do("POST", fmt.Sprintf("/api/agent-response/%d/downvote", id), nil).Want(200)
			}
		}
		left := int64(len(answers) - len(saw.deleted))
		eventually(t, func() string {
			var now struct{ Upvotes, Downvotes, Queries int64 }
			admin.Do("GET", "/api/analytics/total-count", nil).Want(200).Data(&now)
			over := now.Downvotes - left // of deleted answers
			if now.Queries != int64(len(answers)) || over < 0 || now.Upvotes < 0 || over+now.Upvotes > int64(len(saw.deleted)) {
				return fmt.Sprintf("%d answers are left of %d; analytics says %+v", left, len(answers), now)
			}
			return ""
		})
		t.Logf("%d comments, %d deletions", len(saw.comments), len(saw.deleted))
	})
}

// talk votes and comments until ctx ends, each comment with a key of its own.
func talk(ctx context.Context, base, token string, answers []int64, who string, saw *talked) {
	for n := 0; ctx.Err() == nil; n++ {
		id := answers[n%len(answers)]
		path := fmt.Sprintf("%s/api/agent-response/%d/", base, id)
		send(ctx, "POST", path+[]string{"upvote", "downvote"}[(n/len(answers))%2], token, "", "")
		text := fmt.Sprintf("Comment %d of %s.", n, who)
		if send(ctx, "POST", path+"comment", token, text, fmt.Sprintf(`{"comment":%q}`, text)) == http.StatusCreated {
			saw.mu.Lock()
			saw.comments[text] = id
			saw.mu.Unlock()
		}
	}
}

// send sends a request and answers its status, or 0 when the server was gone.
func send(ctx context.Context, method, url, token, key, body string) int {
	req, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
	if err != nil {
		return 0
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if key != "" {
		req.Header.Set("Idempotency-Key", key)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return 0
	}
	return res.StatusCode
}
