package httpv1_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/modules/agents/internal/core"
	"parley/modules/chat"
	"parley/modules/users"
)

func TestRecentAgents(t *testing.T) {
	h := newHouse(t)
	a, b := h.agent(core.Public), h.agent(core.Public)
	row := h.As("bob").Do("POST", fmt.Sprintf("/api/agent/%d/recent", a), nil).Want(201)
	var got struct {
		ID        int64
		Agent     struct{ ID int64 }
		User      map[string]any
		CreatedOn string `json:"created_on"`
	}
	row.Data(&got)
	h.same(map[string]any{"id": 4., "email": "bob@x", "first_name": "bob", "last_name": nil, "organization": 1.}, got.User)
	h.same(a, got.Agent.ID)
	h.same("2024-10-02T00:02:24.378434Z", got.CreatedOn)
	h.clock.Advance(time.Second)
	h.As("bob").Do("POST", fmt.Sprintf("/api/agent/%d/recent", b), `{}`).Want(201)
	h.same([]int64{b, a}, h.bookmarks("bob", "recent"))
	h.clock.Advance(time.Second)
	if again := h.As("bob").Do("POST", fmt.Sprintf("/api/agent/%d/recent", a), nil).Want(201); again.ID() != got.ID {
		t.Error("again is another row")
	}
	h.same([]int64{a, b}, h.bookmarks("bob", "recent"))
	h.same([]int64{}, h.bookmarks("mel", "recent"))
	var left []struct{ Agent struct{ ID int64 } }
	h.As("bob").Do("DELETE", fmt.Sprintf("/api/agent/%d/recent", a), nil).Want(200).Data(&left)
	if len(left) != 1 || left[0].Agent.ID != b {
		t.Errorf("left are %v", left)
	}
	h.As("bob").Do("DELETE", fmt.Sprintf("/api/agent/%d/recent", b), nil).Want(200).Data(&left)
	h.same(0, len(left))
}

func TestOnlyTheLast20RecentsAreKeptAndStarsStay(t *testing.T) {
	h := newHouse(t)
	var newest []int64
	for range 23 {
		id := h.agent(core.Public)
		newest = append(newest, id)
		h.clock.Advance(time.Second)
		h.As("bob").Do("POST", fmt.Sprintf("/api/agent/%d/recent", id), nil).Want(201)
		h.As("bob").Do("POST", fmt.Sprintf("/api/agent/%d/starred", id), nil).Want(201)
	}
	slices.Reverse(newest)
	h.same(newest[:20], h.bookmarks("bob", "recent"))
	h.same(newest, h.bookmarks("bob", "starred"))
	h.same(newest[10:15], h.bookmarks("bob", "starred?page=3&items_per_page=5"))
	var meta struct {
		Count int
		Next  *string `json:"next_cursor"`
	}
	h.As("bob").Do("GET", "/api/agent/starred?items_per_page=22", nil).Meta(&meta)
	h.same(23, meta.Count)
	h.same(newest[22:], h.bookmarks("bob", "starred?items_per_page=22&cursor="+*meta.Next))
}

func TestAStarIsRefusedWhenThereAreTooMany(t *testing.T) {
	h := newHouse(t)
	id := h.agent(core.Public)
	for i := range int64(500) {
		if _, err := h.store.AddBookmark(t.Context(), core.Starred, core.Bookmark{OrganizationID: 1, UserID: bob, AgentID: 1000 + i, CreatedOn: h.clock.Now()}); err != nil {
			t.Fatal(err)
		}
	}
	h.As("bob").Do("POST", fmt.Sprintf("/api/agent/%d/starred", id), nil).Refused(409, "agents.too_many_stars")
	h.same([]int64{}, h.bookmarks("bob", "starred"))
}

func TestListsShowOnlyAgentsThatAreStillVisible(t *testing.T) {
	h := newHouse(t)
	public, hidden := h.agent(core.Public), h.agent(core.OnlyMe)
	for _, id := range []int64{hidden, 99} {
		for _, list := range []string{"recent", "starred"} {
			for _, method := range []string{"POST", "DELETE"} {
				h.As("bob").Do(method, fmt.Sprintf("/api/agent/%d/%s", id, list), nil).Refused(404, "agents.not_found")
			}
		}
	}
	for _, list := range []core.Kind{core.Recent, core.Starred} { // from when bob could see it
		for _, id := range []int64{public, hidden} {
			if _, err := h.store.AddBookmark(t.Context(), list, core.Bookmark{OrganizationID: 1, UserID: bob, AgentID: id, CreatedOn: h.clock.Now()}); err != nil {
				t.Fatal(err)
			}
		}
	}
	h.same([]int64{public}, h.bookmarks("bob", "recent"))
	h.same([]int64{public}, h.bookmarks("bob", "starred"))
}

func run(agent, user int64, at time.Time) chat.RunCompleted {
	return chat.RunCompleted{Run: chat.Run{RunID: fmt.Sprint(agent, user, at), OrganizationID: 1, AgentID: agent, UserID: user, AskedOn: at}}
}

func TestAChatRunPutsTheAgentAmongTheAskersRecents(t *testing.T) {
	h := newHouse(t)
	a, b := h.agent(core.Public), h.agent(core.Public)
	at := h.clock.Now()
	h.publish(run(a, bob, at.Add(time.Minute)), run(b, bob, at))
	h.same([]int64{a, b}, h.bookmarks("bob", "recent"))
	h.publish(run(a, bob, at.Add(-time.Hour))) // told late: it moves nothing back
	h.same([]int64{a, b}, h.bookmarks("bob", "recent"))
	h.same([]int64{}, h.bookmarks("ann", "recent"))
	h.publish(run(99, bob, at))
	h.same([]int64{a, b}, h.bookmarks("bob", "recent"))
}

func TestDeletingAUserTakesTheirListsAndPassesTheirAgentsOn(t *testing.T) {
	owner := func(h house, id int64) int64 {
		h.t.Helper()
		var v struct{ User struct{ ID int64 } }
		h.As("root").Do("GET", fmt.Sprintf("/api/agent/%d", id), nil).Want(200).Data(&v)
		return v.User.ID
	}
	for name, c := range map[string]struct{ by, heir int64 }{
		"an admin":                        {mel, mel},
		"the server itself":               {0, root},
		"an admin who is gone by now too": {tom, root},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			id := h.agent(core.Public)
			for _, who := range []string{"ann", "bob"} {
				h.As(who).Do("POST", fmt.Sprintf("/api/agent/%d/recent", id), nil).Want(201)
				h.As(who).Do("POST", fmt.Sprintf("/api/agent/%d/starred", id), nil).Want(201)
			}
			h.people.delete(ann)
			h.people.delete(tom)
			h.publish(users.UserDeleted{UserID: ann, OrganizationID: 1, DeletedBy: c.by})
			h.publish(run(id, ann, h.clock.Now())) // told late: it brings nothing back
			h.same(c.heir, owner(h, id))
			for _, list := range []string{"recent", "starred"} {
				h.same([]int64{}, h.bookmarks("ann", list))
				h.same([]int64{id}, h.bookmarks("bob", list))
			}
		})
	}
}
