package httpv1_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"parley/modules/agents"
	"parley/modules/agents/internal/core"
	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/webtest"
)

func TestAReviewIsForWhoHasRunTheAgent(t *testing.T) {
	h := newHouse(t)
	id, other := h.agent(core.Public), h.agent(core.Public)
	path := fmt.Sprintf("/api/agent/%d/review", id)
	h.As("bob").Do("POST", path, `{"review":"Good."}`).Refused(409, "agents.not_run_yet")
	h.publish(run(other, bob, h.clock.Now()), run(id, mel, h.clock.Now()))
	h.As("bob").Do("POST", path, `{"review":"Good."}`).Refused(409, "agents.not_run_yet")
	h.publish(run(id, bob, h.clock.Now()))
	answer := h.As("bob").Do("POST", path, `{"review":" Good. "}`).Want(201)
	var got map[string]any
	answer.Data(&got)
	const at = "2024-10-02T00:02:24.378434Z"
	h.same(map[string]any{
		"id": 1., "agent": float64(id), "user": map[string]any{"id": 4., "email": "bob@x", "first_name": "bob", "last_name": nil, "organization": 1.}, "review": "Good.",
		"created_by": "bob@x", "created_on": at, "modified_by": "", "modified_on": at,
	}, got)
	h.As("bob").Do("POST", path, `{"review":"Again."}`).Refused(409, "agents.already_reviewed")
	h.As("bob").Do("POST", path, `{"review":"  "}`).Refused(422, "agents.blank_review")
	h.As("bob").Do("POST", path, `{"review":""}`).Refused(422, "unacceptable_value")
	h.As("bob").Do("POST", path, map[string]string{"review": strings.Repeat("ü", 4001)}).Refused(422, "unacceptable_value")
	h.As("bob").Do("POST", path, `{}`).Refused(400, "malformed_request")
	h.As("strange").Do("POST", path, `{"review":"Good."}`).Refused(404, "agents.not_found")
	h.As("mel").Do("POST", path, `{"review":"Fine."}`).Want(201)
	var list []map[string]any
	h.As("tom").Do("GET", path, nil).Want(200).Data(&list)
	h.same([]any{"Fine.", "Good."}, []any{list[0]["review"], list[1]["review"]})
	h.same(got, list[1])
	h.As("strange").Do("GET", path, nil).Refused(404, "agents.not_found")
}

func TestChangingAndDeletingReviews(t *testing.T) {
	h := newHouse(t)
	id, other := h.agent(core.Public), h.agent(core.Public)
	h.publish(run(id, bob, h.clock.Now()), run(other, bob, h.clock.Now()))
	path := func(agent, review int64) string { return fmt.Sprintf("/api/agent/%d/review/%d", agent, review) }
	mine := h.As("bob").Do("POST", fmt.Sprintf("/api/agent/%d/review", id), `{"review":"Good."}`).Want(201).ID()
	elsewhere := h.As("bob").Do("POST", fmt.Sprintf("/api/agent/%d/review", other), `{"review":"Bad."}`).Want(201).ID()
	for _, c := range []struct {
		method, who string
		review      int64
		status      int
		code        string
	}{
		{"PUT", "bob", mine, 200, ""},
		{"PUT", "ann", mine, 403, "agents.not_author"}, // not even the agent's admin
		{"PUT", "root", mine, 403, "agents.not_author"},
		{"PUT", "mel", mine, 403, "agents.not_author"},
		{"PUT", "strange", mine, 404, "agents.not_found"},
		{"PUT", "bob", elsewhere, 404, "agents.review_not_found"}, // of another agent
		{"PUT", "bob", 99, 404, "agents.review_not_found"},
		{"DELETE", "mel", mine, 403, "agents.not_author"},
		{"DELETE", "strange", mine, 404, "agents.not_found"},
		{"DELETE", "ann", elsewhere, 404, "agents.review_not_found"},
		{"DELETE", "ann", mine, 200, ""},
		{"DELETE", "ann", mine, 404, "agents.review_not_found"},
	} {
		var body any
		if c.method == "PUT" {
			body = `{"review":"Better."}`
		}
		answer := h.Play(webtest.Scenario{Who: c.who, Method: c.method, Path: path(id, c.review), Body: body, Status: c.status, Code: c.code})
		if c.status == 200 {
			var v struct {
				ID         int64
				Review     string
				ModifiedBy string `json:"modified_by"`
			}
			if answer.Data(&v); v.ID != mine || v.Review != "Better." || v.ModifiedBy != "bob@x" {
				t.Errorf("%s %s: %s", c.method, c.who, answer.Body)
			}
		}
	}
	h.As("bob").Do("DELETE", path(other, elsewhere), nil).Want(200)
	h.As("bob").Do("PUT", path(other, elsewhere), `{"review":" "}`).Refused(422, "agents.blank_review")
	h.As("bob").Do("POST", fmt.Sprintf("/api/agent/%d/review", other), `{"review":"Again."}`).Want(201)
}

type rating struct {
	Agent   int64
	Count   int64 `json:"rating_count"`
	IsRated bool  `json:"is_rated"`
}

func (h house) rating(method, who string, id int64) (r rating) {
	h.t.Helper()
	h.As(who).Do(method, fmt.Sprintf("/api/agent/%d/rating", id), nil).Want(200).Data(&r)
	return r
}

func TestARatingTurnsOver(t *testing.T) {
	h := newHouse(t)
	id := h.agent(core.Public)
	h.same(rating{id, 0, false}, h.rating("GET", "bob", id))
	h.same(rating{id, 1, true}, h.rating("PUT", "bob", id))
	h.same(rating{id, 2, true}, h.rating("PUT", "mel", id))
	h.same(rating{id, 2, false}, h.rating("GET", "ann", id))
	h.same(rating{id, 1, false}, h.rating("PUT", "bob", id))
	h.same(rating{id, 1, true}, h.rating("GET", "mel", id))
	hidden := h.agent(core.OnlyMe)
	for _, agent := range []int64{hidden, 99} {
		h.As("bob").Do("PUT", fmt.Sprintf("/api/agent/%d/rating", agent), nil).Refused(404, "agents.not_found")
		h.As("bob").Do("GET", fmt.Sprintf("/api/agent/%d/rating", agent), nil).Refused(404, "agents.not_found")
	}
	h.As("bob").Do("PUT", fmt.Sprintf("/api/agent/%d/rating", id), `{"is_rated":true}`).Refused(400, "malformed_request")
}

func TestAHundredAtOnceCountOnce(t *testing.T) {
	h := newHouse(t)
	id := h.agent(core.Public)
	h.publish(run(id, bob, h.clock.Now()))
	path := fmt.Sprintf("/api/agent/%d/", id)
	statuses := func(method, what, body string) map[int]int {
		var mu sync.Mutex
		var wg sync.WaitGroup
		got := map[int]int{}
		h.Together(what, func(api webtest.Client) {
			for range 100 {
				wg.Go(func() {
					var b any
					if body != "" {
						b = body
					}
					status := api.As("bob").Do(method, path+what, b).Status
					mu.Lock()
					defer mu.Unlock()
					got[status]++
				})
			}
			wg.Wait()
		})
		return got
	}
	h.people.grant(bob, actor.Grant{Resource: actor.Agent, ID: id, Role: actor.Admin})
	h.same(map[int]int{200: 100}, statuses("PUT", "rating", ""))
	h.same(rating{id, 0, false}, h.rating("GET", "bob", id)) // turned over an even number of times
	h.same(map[int]int{201: 100}, statuses("POST", "recent", ""))
	h.same([]int64{id}, h.bookmarks("bob", "recent"))
	h.same(map[int]int{201: 1, 409: 99}, statuses("POST", "review", `{"review":"Good."}`))
	h.same(map[int]int{201: 1, 409: 99}, statuses("POST", "alias", `{}`))
}

func TestOnlyTheLast20RecentsAreKeptWhenManyComeAtOnce(t *testing.T) {
	h := newHouse(t)
	var ids []int64
	for range 60 {
		ids = append(ids, h.agent(core.Public))
	}
	h.Together("sixty recents", func(api webtest.Client) {
		var wg sync.WaitGroup
		for _, id := range ids {
			wg.Go(func() { api.As("bob").Do("POST", fmt.Sprintf("/api/agent/%d/recent", id), nil).Want(201) })
		}
		wg.Wait()
	})
	h.same(20, len(h.bookmarks("bob", "recent")))
}

func TestReviewsRatingsAndRunsGoWithTheirUser(t *testing.T) {
	h := newHouse(t)
	id := h.agent(core.Public)
	path := fmt.Sprintf("/api/agent/%d/review", id)
	for _, who := range []string{"bob", "mel"} {
		h.publish(run(id, actors()[who].UserID, h.clock.Now()))
		h.As(who).Do("POST", path, `{"review":"Good."}`).Want(201)
		h.rating("PUT", who, id)
	}
	h.publish(users.UserDeleted{UserID: bob, OrganizationID: 1, DeletedBy: root})
	var list []struct{ User struct{ ID int64 } }
	h.As("mel").Do("GET", path, nil).Want(200).Data(&list)
	if len(list) != 1 || list[0].User.ID != mel {
		t.Errorf("got %v", list)
	}
	h.same(rating{id, 1, true}, h.rating("GET", "mel", id))
	h.As("bob").Do("POST", path, `{"review":"Good."}`).Refused(409, "agents.not_run_yet") // as another user of the same id would
}

func TestAliases(t *testing.T) {
	h := newHouse(t)
	a, b := h.agent(core.Public), h.agent(core.OnlyMe)
	h.As("ann").Expecting(updated(a, "Träum & Schäume Guide", core.Public)).Do("PUT", fmt.Sprintf("/api/agent/%d", a), `{"name":"Träum & Schäume Guide"}`).Want(200)
	path := func(id int64) string { return fmt.Sprintf("/api/agent/%d/alias", id) }
	for who, status := range map[string]int{"mel": 403, "bob": 403, "strange": 404, "": 401} {
		h.As(who).Do("POST", path(a), `{}`).Want(status)
		h.As(who).Do("PUT", path(a), `{"alias":"a@x.example"}`).Want(status)
	}
	h.As("ann").Do("PUT", path(a), `{"alias":"a@x.example"}`).Refused(404, "agents.alias_not_found")
	var got map[string]any
	h.As("ann").Do("POST", path(a), nil).Refused(400, "malformed_request")
	h.As("ann").Do("POST", path(a), `{}`).Want(201).Data(&got)
	const at = "2024-10-02T00:02:24.378434Z"
	h.same(map[string]any{"id": 1., "agent": float64(a), "alias": "TraumSchaumeGuide_1@x.example", "created_by": "ann@x", "created_on": at, "modified_by": "", "modified_on": at}, got)
	h.same("TraumSchaumeGuide_1@x.example", *h.view("bob", a).Alias)
	h.As("ann").Do("POST", path(a), `{"alias":"other@x.example"}`).Refused(409, "agents.has_alias")
	h.people.change(mel, func(u *users.User) { u.Email = "mel@x.example" })
	for address, code := range map[string]string{
		"traumschaumeguide_1@X.example": "agents.alias_taken", "Mel@x.example": "agents.alias_taken", "a@y.example": "agents.foreign_domain", "a@sub.x.example": "agents.foreign_domain",
		"@x.example": "agents.invalid_alias", "a.@x.example": "agents.invalid_alias", "a b@x.example": "agents.invalid_alias", "abc": "agents.invalid_alias", "a@b@x.example": "agents.foreign_domain",
		strings.Repeat("a", 65) + "@x.example": "agents.invalid_alias", "ü@x.example": "agents.invalid_alias", "a\n@x.example": "agents.invalid_alias",
	} {
		for method, id := range map[string]int64{"POST": b, "PUT": a} {
			if method == "PUT" && strings.HasPrefix(address, "traum") {
				continue // its own, in another case
			}
			if answer := h.As("ann").Do(method, path(id), map[string]string{"alias": address}); answer.Code() != code || (answer.Status == 409) != (code == "agents.alias_taken") {
				t.Errorf("%s %q: %s", method, address, answer.Body)
			}
		}
	}
	h.As("ann").Do("POST", path(b), `{"alias":"Second@X.example"}`).Want(201).Data(&got)
	h.same("Second@x.example", got["alias"].(string))
	h.As("ann").Do("PUT", path(a), `{"alias":"second@x.example"}`).Refused(409, "agents.alias_taken")
	h.As("ann").Do("PUT", path(a), `{"alias":"first@x.example"}`).Want(200).Data(&got)
	h.same("first@x.example/ann@x", got["alias"].(string)+"/"+got["modified_by"].(string))
	h.same(map[string]string{agents.Key(a): "first@x.example", agents.Key(b): "second@x.example"}, h.held())
	h.As("ann").Do("PUT", path(a), `{"alias":"FIRST@x.example"}`).Want(200).Data(&got) // its own, in another case
	h.same("FIRST@x.example", got["alias"].(string))
	h.As("ann").Do("PUT", path(b), `{"alias":"fiRst@x.example"}`).Refused(409, "agents.alias_taken")
	h.same(map[string]string{agents.Key(a): "first@x.example", agents.Key(b): "second@x.example"}, h.held())
	for who, want := range map[string]int{"ann": 2, "root": 2, "bob": 1, "strange": 0} {
		var list []struct{ Agent int64 }
		h.As(who).Do("GET", "/api/agent/alias", nil).Want(200).Data(&list)
		h.same(want, len(list))
	}
}

func TestARefusedValueNamesItsField(t *testing.T) {
	h := newHouse(t)
	id := h.agent(core.Public)
	path := fmt.Sprintf("/api/agent/%d", id)
	h.publish(run(id, bob, h.clock.Now()), run(id, ann, h.clock.Now()))
	review := fmt.Sprintf("%s/review/%d", path, h.As("bob").Do("POST", path+"/review", `{"review":"Good."}`).Want(201).ID())
	var types []struct{ ID int64 }
	h.As("root").Do("GET", "/api/agent-type", nil).Want(200).Data(&types)
	for _, c := range []struct{ who, method, path, body, code, field string }{
		{"ann", "POST", "/api/agent", `{"name":" ","project_id":1}`, "agents.blank_name", "name"},
		{"ann", "PUT", path, `{"name":" "}`, "agents.blank_name", "name"},
		{"root", "PUT", fmt.Sprintf("/api/agent-type/%d", types[0].ID), `{"name":" "}`, "agents.blank_name", "name"},
		{"ann", "POST", "/api/agent", `{"name":"A","project_id":1,"type":"Robot"}`, "agents.unknown_type", "type"},
		{"ann", "PUT", path, `{"type":"Robot"}`, "agents.unknown_type", "type"},
		{"ann", "PUT", path, `{"custom_instructions":["a"," "]}`, "agents.bad_instruction", "custom_instructions[1]"},
		{"ann", "POST", path + "/alias", `{"alias":"a@y.example"}`, "agents.foreign_domain", "alias"},
		{"ann", "POST", path + "/alias", `{"alias":"a b@x.example"}`, "agents.invalid_alias", "alias"},
		{"ann", "PUT", path + "/alias", `{"alias":"a b@x.example"}`, "agents.invalid_alias", "alias"},
		{"ann", "PUT", path + "/alias", `{"alias":"a@y.example"}`, "agents.foreign_domain", "alias"},
		{"ann", "POST", path + "/review", `{"review":" "}`, "agents.blank_review", "review"},
		{"bob", "PUT", review, `{"review":" "}`, "agents.blank_review", "review"},
	} {
		answer := h.As(c.who).Do(c.method, c.path, c.body)
		answer.Refused(422, c.code)
		h.same(c.field, answer.Fields())
	}
}

func TestAnAgentMayBeMadeWithItsAlias(t *testing.T) {
	h := newHouse(t)
	made := h.As("ann").Expecting(webtest.Named("agents.agent_created.v1"))
	id := made.Do("POST", "/api/agent", `{"name":"My Guide","project_id":1,"create_email_alias":true}`).Want(201).ID()
	h.same("MyGuide_1@x.example", *h.view("ann", id).Alias)
	h.As("ann").Expecting(updated(id, "Other", core.OnlyMe)).Do("PUT", fmt.Sprintf("/api/agent/%d", id), `{"name":"Other","create_email_alias":true}`).Want(200)
	h.same("MyGuide_1@x.example", *h.view("ann", id).Alias) // it keeps the one that it has
	plain := made.Do("POST", "/api/agent", `{"name":"`+strings.Repeat("n", 200)+`","project_id":1}`).Want(201).ID()
	h.As("ann").Do("PUT", fmt.Sprintf("/api/agent/%d", plain), `{"create_email_alias":true}`).Want(200)
	h.same(strings.Repeat("n", 62)+"_2@x.example", *h.view("ann", plain).Alias)
	h.As("ann").Do("PUT", fmt.Sprintf("/api/agent/%d/alias", id), `{"alias":"Agent_3@x.example"}`).Want(200)
	// It is the same address however it is written.
	h.As("ann").Do("PUT", fmt.Sprintf("/api/agent/%d/alias", id), `{"alias":"Ａgent_3＠X．example"}`).Want(200)
	h.As("ann").Do("PUT", fmt.Sprintf("/api/agent/%d/alias", id), `{"alias":"Agent\u200b_3@x.example"}`).Refused(422, "agents.invalid_alias")
	h.As("ann").Do("POST", "/api/agent", `{"name":"日本","project_id":1,"create_email_alias":true}`).Refused(409, "agents.alias_taken")
	h.people.change(tom, func(u *users.User) { u.Email = "aGENT_4@x.example" })
	h.As("ann").Do("POST", "/api/agent", `{"name":"日本","project_id":1,"create_email_alias":true}`).Refused(409, "agents.alias_taken") // Tom has it
	h.same([]int64{id, plain}, func() (ids []int64) {
		var list []struct{ ID int64 }
		h.As("root").Do("GET", "/api/agent", nil).Data(&list)
		for _, a := range list {
			ids = append(ids, a.ID)
		}
		return ids
	}())
	// Letters with accents are written without them, not left out.
	accented := made.Do("POST", "/api/agent", `{"name":"Größe, ÜBERSICHT für Søren №1","project_id":1,"create_email_alias":true}`).Want(201).ID()
	h.same(fmt.Sprintf("GrosseUBERSICHTfurSorenno1_%d@x.example", accented), *h.view("ann", accented).Alias)
}
