package main_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/platform/freeaddr"
	"parley/platform/webtest"
)

// heard reads n notifications of a stream, each as its kind and link.
func heard(t *testing.T, s *webtest.Stream, n int) (kinds []string, last float64) {
	t.Helper()
	for len(kinds) < n {
		e, ok := s.Next()
		if !ok {
			t.Fatalf("the stream ended after %v", kinds)
		}
		last, _ = e["sequence_number"].(float64)
		if n, is := e["notification"].(map[string]any); is {
			kinds = append(kinds, fmt.Sprint(n["kind"], " ", n["link"], " by ", n["created_by"]))
		}
	}
	return kinds, last
}

// A user follows their inbox while others act. A stream elsewhere, and one that
// starts behind what was seen after the server was killed, miss nothing.
func TestAnInboxIsFollowedWhileThingsHappen(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		s := newServer(t, kind, oneKey)
		s.start()
		admin := s.admin()
		jo := admin.Do("POST", "/api/user", map[string]any{"email": "jo@example.org", "password": adminPassword}).Want(201).ID()
		client := s.client("jo@example.org", adminPassword)
		w := build(admin)
		admin.Do("PUT", fmt.Sprintf("/api/agent/%d/access", w.agent), map[string]any{"access": "Only me"}).Want(200)
		mine := client.Do("POST", "/api/corpus", map[string]any{"name": "Mine"}).Want(201).ID()

		live := client.Stream("GET", "/api/notification/stream", nil)
		if e, _ := live.Next(); e.Step() != "start" {
			t.Fatalf("the stream begins with %v", e)
		}
		admin.Do("POST", fmt.Sprintf("/api/team/%d/user", w.team), map[string]any{"user_ids": []int64{jo}}).Want(200)
		admin.Do("POST", fmt.Sprintf("/api/team/%d/user", w.team), map[string]any{"user_ids": []int64{jo}}).Want(200) // which changes nothing
		want := []string{fmt.Sprintf("membership_changed /api/team/%d by System", w.team)}
		got, _ := heard(t, live, 1)
		admin.Do("PUT", fmt.Sprintf("/api/agent/%d/access", w.agent), map[string]any{"access": "Only team"}).Want(200)
		want = append(want, fmt.Sprintf("agent_shared /api/agent/%d by System", w.agent))
		more, _ := heard(t, live, 1)
		got = append(got, more...)
		broken := client.Upload(fmt.Sprintf("/api/corpus/%d/document", mine), map[string]string{"content_type": "file"},
			webtest.File{Field: "source", Name: "broken.docx", Content: []byte("PK\x03\x04 and no more")}).Want(201).ID()
		want = append(want, fmt.Sprintf("document_failed /api/document/%d by System", broken))
		more, _ = heard(t, live, 1)
		got = append(got, more...)
		admin.Do("POST", fmt.Sprintf("/api/notification/user/%d", jo), map[string]any{"message": "Lunch?", "link": "/api/user/me"}).Want(201)
		want = append(want, "message /api/user/me by "+adminEmail)
		more, seen := heard(t, live, 1)
		if diff := cmp.Diff(want, append(got, more...)); diff != "" || seen != 4 {
			t.Errorf("seen up to %v: %s", seen, diff)
		}

		if kind == "postgres" {
			second := otherProcess(t, s)
			elsewhere := second.client("jo@example.org", adminPassword).Stream("GET", "/api/notification/stream", nil)
			elsewhere.Next()
			admin.Do("POST", fmt.Sprintf("/api/notification/user/%d", jo), map[string]any{"message": "Still?", "kind": "lunch"}).Want(201)
			if got, _ := heard(t, elsewhere, 1); got[0] != "lunch <nil> by "+adminEmail {
				t.Errorf("another process tells %v", got)
			}
		}

		s.kill()
		s.start()
		admin, client = s.admin(), s.client("jo@example.org", adminPassword)
		admin.Do("DELETE", fmt.Sprintf("/api/team/%d/user", w.team), map[string]any{"user_ids": []int64{jo}}).Want(200)
		live = client.Stream("GET", "/api/notification/stream?starting_after=3", nil)
		again := 2
		if kind == "postgres" {
			again++
		}
		if got, _ = heard(t, live, again); got[0] != want[3] || got[again-1] != "membership_changed <nil> by System" {
			t.Errorf("behind 3 came %v", got)
		}

		var inbox []struct {
			Title, Message string
			IsRead         bool `json:"is_read"`
		}
		var meta struct{ Unread, Count int }
		client.Do("GET", "/api/notification", nil).Want(200).Data(&inbox).Meta(&meta)
		if meta.Count != again+3 || meta.Unread != again+3 || len(inbox) != again+3 {
			t.Errorf("the inbox has %+v, %+v", meta, inbox)
		}
		client.Do("PUT", "/api/notification/read", nil).Want(200)
		client.Do("GET", "/api/notification?is_read=true", nil).Want(200).Meta(&meta)
		if meta.Count != again+3 || meta.Unread != 0 {
			t.Errorf("when all are read: %+v", meta)
		}

		// Who is suspended follows no more.
		admin.Do("PUT", fmt.Sprintf("/api/user/%d", jo), map[string]any{"is_active": false}).Want(200)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			live.All()
		}()
		select {
		case <-ended:
		case <-time.After(30 * time.Second):
			t.Error("the stream goes on")
		}
	})
}

// otherProcess starts a second server over the database and the files of another one.
func otherProcess(t *testing.T, s *server) *server {
	t.Helper()
	addr := freeaddr.For(t)
	other := &server{t: t, kind: s.kind, addr: addr, env: append(append([]string{}, s.env...), "PARLEY_ADDR="+addr)}
	t.Cleanup(other.kill)
	other.start()
	return other
}
