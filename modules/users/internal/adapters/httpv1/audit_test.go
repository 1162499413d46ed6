package httpv1_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"testing"

	"parley/platform/webtest"
)

// line is what a follower needs of an entry.
type line struct {
	Action, Outcome string
	Count, Position int64
}

// follow reads lines behind a position, and where to go on.
func follow(t *testing.T, c webtest.Client, query string) (lines []line, next string) {
	t.Helper()
	answer := c.With("Accept", "application/x-ndjson").Do("GET", "/api/audit-log"+query, nil).Want(200)
	if kind := answer.Header.Get("Content-Type"); kind != "application/x-ndjson" {
		t.Errorf("lines are %s", kind)
	}
	for s := bufio.NewScanner(bytes.NewReader(answer.Body)); s.Scan(); {
		var l line
		if err := json.Unmarshal(s.Bytes(), &l); err != nil {
			t.Fatalf("%v in %s", err, s.Bytes())
		}
		lines = append(lines, l)
	}
	return lines, answer.Header.Get("X-Next-Position")
}

func TestTheAuditLogIsFollowedByPosition(t *testing.T) {
	h := newHouse(t)
	admin := h.as("admin@example.com")
	for i := range 3 {
		admin.Expecting(userMade).Do("POST", "/api/user", fmt.Sprintf(`{"email":"jo%d@example.com"}`, i)).Want(201)
	}
	all, end := follow(t, admin, "?after=0")
	if len(all) < 4 || fmt.Sprint(all[len(all)-1].Position) != end {
		t.Fatalf("%d lines, the end is %s", len(all), end)
	}
	for i, l := range all {
		if i > 0 && l.Position <= all[i-1].Position || l.Position == 0 {
			t.Errorf("position %d after %d", l.Position, all[max(i-1, 0)].Position)
		}
	}
	// Pages walk the same.
	var walked []line
	for next := "0"; len(walked) < len(all); {
		var part []line
		part, next = follow(t, admin, "?items_per_page=1&after="+next)
		if len(part) != 1 {
			t.Fatalf("%d lines behind %s", len(part), next)
		}
		walked = append(walked, part...)
	}
	if fmt.Sprint(walked) != fmt.Sprint(all) {
		t.Errorf("%v in parts, %v at once", walked, all)
	}
	// Nothing new is no line, and the same place.
	if more, next := follow(t, admin, "?after="+end); len(more) != 0 || next != end {
		t.Errorf("%v behind %s, then %s", more, end, next)
	}
	admin.Expecting(userMade).Do("POST", "/api/user", `{"email":"al@example.com"}`).Want(201)
	if more, _ := follow(t, admin, "?after="+end); len(more) != 1 || more[0].Action != "post_user" {
		t.Errorf("got %v", more)
	}
	if found, _ := follow(t, admin, "?action=post_user"); len(found) != 4 {
		t.Errorf("filtered: %v", found)
	}
	// The ordinary list is as it was.
	admin.With("Accept", "application/json, */*").Do("GET", "/api/audit-log?page=1", nil).Want(200)
}

func TestLinesAreRefusedWithWords(t *testing.T) {
	h := newHouse(t)
	admin := h.as("admin@example.com")
	lines := admin.With("Accept", "application/x-ndjson")
	for query, status := range map[string]int{"?after=-1": 422, "?page=2": 422, "?cursor=": 422, "?after=x": 400} {
		lines.Do("GET", "/api/audit-log"+query, nil).Want(status)
	}
	admin.Do("GET", "/api/audit-log?after=0", nil).Want(422)
	h.add("jo@example.com")
	h.as("jo@example.com").With("Accept", "application/x-ndjson").Do("GET", "/api/audit-log", nil).Refused(403, "forbidden")
	h.With("Accept", "application/x-ndjson").Do("GET", "/api/audit-log", nil).Refused(401, "unauthenticated")
}
