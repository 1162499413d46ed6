package main_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"parley/platform/webtest"
)

// agentVersion is a version as an agent's admin sees it.
type agentVersion struct {
	Version int64
	Changes []struct {
		Field    string
		Corpus   *int64
		Old, New any
	}
	Configuration struct {
		Prompt       string           `json:"prefix_prompt"`
		Instructions []string         `json:"custom_instructions"`
		Corpora      []map[string]any `json:"corpora"`
	}
}

func (v agentVersion) corpus(id int64) any {
	i := slices.IndexFunc(v.Configuration.Corpora, func(c map[string]any) bool { return c["corpus"] == float64(id) })
	if i < 0 {
		return nil
	}
	return v.Configuration.Corpora[i]
}

// Everything that changes what an agent answers with happens at once, and is told
// afterwards by its versions, without a gap.
func TestVersionsTellAllThatWasChangedAtOnce(t *testing.T) {
	const workers, rounds = 6, 12
	each(t, func(t *testing.T, kind string) {
		s := newServer(t, kind)
		s.start()
		admin := s.admin()
		w := build(admin)
		agent := fmt.Sprintf("/api/agent/%d", w.agent)
		corpora := []int64{w.corpus}
		for i := range 3 {
			corpora = append(corpora, admin.Do("POST", "/api/corpus", map[string]any{"name": fmt.Sprint("More ", i)}).Want(201).ID())
		}
		var mu sync.Mutex
		asked := map[int64]string{} // what runs were prompted with, by version
		var group sync.WaitGroup
		for worker := range workers {
			group.Go(func() {
				rng := rand.New(rand.NewPCG(7, uint64(worker)))
				for i := range rounds {
					connection := fmt.Sprintf("%s/corpus/%d", agent, corpora[rng.IntN(len(corpora))])
					name := fmt.Sprintf("%d of %d", i, worker)
					var answer webtest.Answer
					switch rng.IntN(8) {
					case 0:
						answer = admin.Do("PUT", agent, map[string]any{"prefix_prompt": name, "custom_instructions": []string{name}})
					case 1:
						answer = admin.Do("POST", agent+"/instruction", map[string]any{"instructions": []string{name}})
					case 2:
						answer = admin.Do("POST", connection, map[string]any{"is_default": true})
					case 3:
						answer = admin.Do("PUT", connection, map[string]any{"is_enabled": i%2 == 0})
					case 4:
						answer = admin.Do("DELETE", connection, nil)
					case 5:
						answer = admin.Do("POST", fmt.Sprintf("%s/version/%d/restore", agent, 1+rng.IntN(3)), nil)
					case 6:
						corpus := admin.Do("POST", "/api/corpus", map[string]any{"name": "Brief " + name}).ID()
						admin.Do("POST", fmt.Sprintf("%s/corpus/%d", agent, corpus), nil)
						answer = admin.Do("DELETE", fmt.Sprintf("/api/corpus/%d", corpus), nil)
					case 7:
						answer = admin.Do("POST", agent+"/response", map[string]any{"user_query": "What is " + name + "?"})
						var run struct {
							ID           int64  `json:"agent_response_id"`
							Prompt       string `json:"prompt_prefix"`
							Instructions []string
						}
						var record struct {
							Version int64 `json:"agent_version"`
						}
						answer.Want(200).Data(&run)
						admin.Do("GET", fmt.Sprintf("/api/agent-response/%d", run.ID), nil).Want(200).Data(&record)
						mu.Lock()
						asked[record.Version] = fmt.Sprint(run.Prompt, run.Instructions)
						mu.Unlock()
					}
					if answer.Status >= 500 || answer.Status == 409 && !slices.Contains([]string{"corpora.already_connected", "agents.too_many_instructions", "corpora.connected_meanwhile"}, answer.Code()) {
						t.Errorf("%s: %d %s", answer.What, answer.Status, answer.Body)
					}
				}
			})
		}
		group.Wait()

		var list []agentVersion
		admin.Do("GET", agent+"/version?items_per_page=500", nil).Want(200).Data(&list)
		if len(list) < workers || list[len(list)-1].Version != 1 {
			t.Fatalf("%d versions", len(list))
		}
		var next agentVersion
		for i, listed := range list {
			if want := list[0].Version - int64(i); listed.Version != want {
				t.Fatalf("version %d stands where %d should", listed.Version, want)
			}
			var v agentVersion
			admin.Do("GET", fmt.Sprintf("%s/version/%d", agent, listed.Version), nil).Want(200).Data(&v)
			if prompt, ok := asked[v.Version]; ok && prompt != fmt.Sprint(v.Configuration.Prompt, v.Configuration.Instructions) {
				t.Errorf("a run of version %d was prompted with %s", v.Version, prompt)
			}
			for _, c := range next.Changes { // from this version to the next
				old, now := any(v.Configuration.Prompt), any(next.Configuration.Prompt)
				switch {
				case c.Field == "custom_instructions":
					old, now = texts(v.Configuration.Instructions), texts(next.Configuration.Instructions)
				case c.Corpus != nil:
					old, now = v.corpus(*c.Corpus), next.corpus(*c.Corpus)
				}
				if !same(old, c.Old) || !same(now, c.New) {
					t.Errorf("version %d says of %s: %v, then %v; it was %v, then %v", next.Version, c.Field, c.Old, c.New, old, now)
				}
			}
			if next.Version != 0 && len(next.Changes) == 0 {
				t.Errorf("version %d changes nothing", next.Version)
			}
			next = v
		}
		// The last version is the agent as it is.
		var is struct {
			Prompt string `json:"prefix_prompt"`
		}
		admin.Do("GET", agent, nil).Want(200).Data(&is)
		var connected []struct{ Corpus struct{ ID int64 } }
		admin.Do("GET", agent+"/corpus", nil).Want(200).Data(&connected)
		var last agentVersion
		admin.Do("GET", fmt.Sprintf("%s/version/%d", agent, list[0].Version), nil).Want(200).Data(&last)
		if is.Prompt != last.Configuration.Prompt || len(connected) != len(last.Configuration.Corpora) {
			t.Errorf("the agent has prompt %q and %d corpora, its last version %+v", is.Prompt, len(connected), last.Configuration)
		}
	})
}

func texts(lines []string) []any {
	out := []any{}
	for _, t := range lines {
		out = append(out, t)
	}
	return out
}

// same compares values as their JSON.
func same(a, b any) bool {
	one, err := json.Marshal(a)
	two, failed := json.Marshal(b)
	return err == nil && failed == nil && reflect.DeepEqual(one, two)
}

// The same question by askers who may read other corpora, whose rights and whose
// documents change, with a killed server in between.
func TestAnAnswerIsUsedAgainForThoseAloneWhoMayReadWhatItIsFrom(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		s := newServer(t, kind)
		s.start()
		admin := s.admin()
		w := build(admin)
		agent := fmt.Sprintf("/api/agent/%d", w.agent)
		admin.Do("PUT", agent, map[string]any{"caching_enabled": true}).Want(200)
		secret := admin.Do("POST", "/api/corpus", map[string]any{"name": "Secrets"}).Want(201).ID()
		admin.Do("POST", fmt.Sprintf("%s/corpus/%d", agent, secret), map[string]any{"shares_content": false}).Want(201)
		indexed(t, admin, upload(admin, w.corpus, "open.md", "# Cape Merrow\n\nThe lighthouse of Cape Merrow is 41 metres high."))
		document := upload(admin, secret, "secret.md", "# Cape Merrow\n\nThe lighthouse of Cape Merrow was built by Ada Lund with stolen stones.")
		indexed(t, admin, document)
		admin.Do("POST", "/api/user", map[string]any{"email": "reader@example.org", "password": "password of a reader"}).Want(201)
		reader := s.client("reader@example.org", "password of a reader")
		var me struct{ ID int64 }
		reader.Do("GET", "/api/user/me", nil).Want(200).Data(&me)

		ask := func(who webtest.Client) (fact, hit bool, id int64) {
			t.Helper()
			var answer struct {
				Answer string
				Hit    bool  `json:"cache_hit"`
				Tokens int64 `json:"total_tokens"`
				ID     int64 `json:"agent_response_id"`
			}
			who.Do("POST", agent+"/response", map[string]any{"user_query": "Who built the lighthouse of Cape Merrow?"}).Want(200).Data(&answer)
			if answer.Hit != (answer.Tokens == 0) {
				t.Errorf("%+v", answer)
			}
			return strings.Contains(answer.Answer, "Ada Lund"), answer.Hit, answer.ID
		}
		expect := func(what string, who webtest.Client, fact, hit bool) {
			t.Helper()
			if gotFact, gotHit, _ := ask(who); gotFact != fact || gotHit != hit {
				t.Errorf("%s: told the secret %v, not %v; used again %v, not %v", what, gotFact, fact, gotHit, hit)
			}
		}
		permission := fmt.Sprintf("/api/corpus/%d/permission", secret)
		expect("the first", admin, true, false)
		expect("the same again", admin, true, true)
		expect("who may not read the secret", reader, false, false)
		expect("the same again", reader, false, true)
		admin.Do("POST", permission, map[string]any{"user_ids": []int64{me.ID}, "role": "viewer"}).Want(201)
		expect("who may read it now", reader, true, true)
		s.kill()
		s.start()
		admin, reader = s.admin(), s.client("reader@example.org", "password of a reader")
		expect("after a crash", admin, true, true)
		admin.Do("DELETE", permission, map[string]any{"user_ids": []int64{me.ID}}).Want(200)
		expect("who may read it no more", reader, false, true)
		admin.Do("PUT", fmt.Sprintf("%s/corpus/%d", agent, secret), map[string]any{"shares_content": true}).Want(200)
		expect("what the agent shares now", reader, true, false) // another version of the agent
		expect("the same again", admin, true, true)
		admin.Do("PUT", fmt.Sprintf("%s/corpus/%d", agent, secret), map[string]any{"shares_content": false}).Want(200)
		expect("what the agent shares no more", reader, false, false)
		admin.Do("DELETE", fmt.Sprintf("/api/document/%d", document), nil).Want(200)
		expect("a document that is gone", admin, false, false)
		eventually(t, func() string { // a hit is a query, and costs nothing
			var now totals
			admin.Do("GET", "/api/analytics/total-count", nil).Want(200).Data(&now)
			if now.Queries != 11 {
				return fmt.Sprintf("analytics counts %d queries", now.Queries)
			}
			return ""
		})
	})
}
