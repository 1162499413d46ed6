package main_test

import (
	"fmt"
	"maps"
	"sync"
	"testing"

	"parley/platform/webtest"
)

// wanting is a request for an address.
type wanting struct {
	by           webtest.Client
	method, path string
	body         map[string]any
}

// statuses sends requests at once and counts the statuses of their answers.
func statuses(all []wanting) map[int]int {
	var mu sync.Mutex
	var wg sync.WaitGroup
	got := map[int]int{}
	for _, r := range all {
		wg.Go(func() {
			status := r.by.Do(r.method, r.path, r.body).Status
			mu.Lock()
			defer mu.Unlock()
			got[status]++
		})
	}
	wg.Wait()
	return got
}

// Users and agents share one namespace, whichever of the two modules is asked.
func TestAnAddressIsAUsersOrAnAgents(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		s := newServer(t, kind)
		s.start()
		admin := s.admin()
		s.run("organization", "create", "--name", "Other", "--admin-email", "boss@other.org", "--admin-password", adminPassword)
		boss := s.client("boss@other.org", adminPassword)
		w := build(admin)
		agent := func(name string) int64 {
			return admin.Do("POST", "/api/agent", map[string]any{"name": name, "project_id": w.project}).Want(201).ID()
		}
		second := agent("Second")
		alias := func(id int64) string { return fmt.Sprintf("/api/agent/%d/alias", id) }
		named := func(address string) map[string]any { return map[string]any{"alias": address} }
		mailed := func(address string) map[string]any { return map[string]any{"email": address} }
		user := func(c webtest.Client, address string) int64 {
			t.Helper()
			return c.Do("POST", "/api/user", mailed(address)).Want(201).ID()
		}
		jo := user(admin, "jo@example.org")
		user(boss, "guest@example.org")

		admin.Do("POST", alias(w.agent), named("Keeper@example.org")).Want(201)
		for _, c := range []webtest.Client{admin, boss} {
			c.Do("POST", "/api/user", mailed("keeper@example.org")).Refused(409, "users.email_taken")
			c.Do("POST", "/api/user", mailed("KEEPER@example.org")).Refused(409, "users.email_taken")
		}
		admin.Do("PUT", fmt.Sprintf("/api/user/%d", jo), mailed("keeper@example.org")).Refused(409, "users.email_taken")
		for _, taken := range []string{"jo@example.org", "JO@Example.org", "guest@example.org"} {
			admin.Do("POST", alias(second), named(taken)).Refused(409, "agents.alias_taken")
			admin.Do("PUT", alias(w.agent), named(taken)).Refused(409, "agents.alias_taken")
		}
		user(boss, fmt.Sprintf("second_%d@example.org", second))
		admin.Do("POST", alias(second), map[string]any{}).Refused(409, "agents.alias_taken")
		user(boss, fmt.Sprintf("third_%d@example.org", second+1))
		admin.Do("POST", "/api/agent", map[string]any{"name": "Third", "project_id": w.project, "create_email_alias": true}).Refused(409, "agents.alias_taken")

		// What is given up is free, and nothing else is.
		admin.Do("PUT", alias(w.agent), named("keepER@example.org")).Want(200)
		admin.Do("POST", "/api/user", mailed("keeper@example.org")).Refused(409, "users.email_taken")
		admin.Do("PUT", alias(w.agent), named("guard@example.org")).Want(200)
		admin.Do("PUT", fmt.Sprintf("/api/user/%d", jo), mailed("keeper@example.org")).Want(200)
		admin.Do("POST", alias(second), named("jo@example.org")).Want(201)
		admin.Do("DELETE", fmt.Sprintf("/api/agent/%d", second), nil).Want(200)
		again := user(boss, "jo@example.org")
		boss.Do("DELETE", "/api/user/batch", map[string]any{"user_ids": []int64{again}}).Want(200)
		admin.Do("PUT", alias(w.agent), named("jo@example.org")).Want(200)

		// At once.
		ids := make([]int64, 50)
		for i := range ids {
			ids[i] = agent(fmt.Sprintf("Agent %d", i))
		}
		for round := range 3 {
			var all []wanting
			for i, id := range ids {
				by := []webtest.Client{admin, boss}[i%2]
				all = append(all, wanting{by, "POST", "/api/user", mailed(fmt.Sprintf("race%d@example.org", round))})
				all = append(all, wanting{admin, "POST", alias(id), named(fmt.Sprintf("RACE%d@example.org", round))})
			}
			if got := statuses(all); !maps.Equal(got, map[int]int{201: 1, 409: 99}) {
				t.Errorf("one address for a hundred: %v", got)
			}
		}
		var changes, users []wanting
		for i := range 30 {
			address := fmt.Sprintf("change%d@example.org", i)
			changes = append(changes, wanting{admin, "PUT", alias(w.agent), named(address)})
			users = append(users, wanting{admin, "POST", "/api/user", mailed(address)})
		}
		if got := statuses(changes); !maps.Equal(got, map[int]int{200: 30}) {
			t.Errorf("changes of one alias: %v", got)
		}
		if got := statuses(users); !maps.Equal(got, map[int]int{201: 29, 409: 1}) {
			t.Errorf("what it was on the way is not free: %v", got)
		}

		admin.Do("DELETE", fmt.Sprintf("/api/project/%d", w.project), nil).Want(200)
		eventually(t, func() string {
			if got := statuses(users); got[201] != 1 {
				return fmt.Sprintf("the alias of a project's agent is not free: %v", got)
			}
			return ""
		})
	})
}
