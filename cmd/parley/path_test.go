package main_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type totals struct {
	Users, Queries, Threads int64
	TotalTokens             int64 `json:"total_tokens"`
}

// The whole path: from signing in to what other modules know of it later.
func TestAQuestionAndADeletionReachEveryModule(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		s := newServer(t, kind)
		s.start()
		admin := s.admin()
		w := build(admin)
		indexed(t, admin, upload(admin, w.corpus, "merrow.md", "# Cape Merrow\n\nThe lighthouse of Cape Merrow was built in 1871 by Ada Lund. It is 41 metres high."))

		var second, third int64
		for email, id := range map[string]*int64{"second@example.org": &second, "third@example.org": &third} {
			*id = admin.Do("POST", "/api/user", map[string]any{"email": email, "password": "password of " + email, "is_superuser": true}).Want(201).ID()
		}
		asker := s.client("third@example.org", "password of third@example.org")

		var answer struct {
			Answer      string
			References  []struct{ Title string }
			TotalTokens int64 `json:"total_tokens"`
			ID          int64 `json:"agent_response_id"`
		}
		path := fmt.Sprintf("/api/agent/%d/response", w.agent)
		asker.Do("POST", path, map[string]any{"user_query": "When was the lighthouse built?"}).Want(200).Data(&answer)
		if !strings.Contains(answer.Answer, "1871") || len(answer.References) != 1 || !strings.Contains(answer.References[0].Title, "Merrow") {
			t.Errorf("the answer is %+v", answer)
		}
		for _, record := range []string{"thoughts", "supporting-content"} {
			var rows []map[string]any
			asker.Do("GET", fmt.Sprintf("/api/agent-response/%d/%s", answer.ID, record), nil).Want(200).Data(&rows)
			if len(rows) == 0 {
				t.Errorf("no %s", record)
			}
		}
		admin.Do("GET", fmt.Sprintf("/api/agent-response/%d", answer.ID), nil).Want(404) // content is private

		eventually(t, func() string {
			var now totals
			admin.Do("GET", "/api/analytics/total-count", nil).Want(200).Data(&now)
			var recents []struct{ Agent struct{ ID int64 } }
			asker.Do("GET", "/api/agent/recent", nil).Want(200).Data(&recents)
			if now.Queries != 1 || now.Threads != 1 || now.TotalTokens != answer.TotalTokens || now.Users != 3 || len(recents) != 1 || recents[0].Agent.ID != w.agent {
				return fmt.Sprintf("analytics says %+v of %d tokens, recents are %+v", now, answer.TotalTokens, recents)
			}
			return ""
		})
		var days []struct {
			TotalTokens int64 `json:"total_tokens"`
		}
		admin.Do("GET", "/api/analytics/tokens/date?days=1", nil).Want(200).Data(&days)
		if len(days) != 1 || days[0].TotalTokens != answer.TotalTokens {
			t.Errorf("tokens by date are %+v", days)
		}

		named := func() (names []string) {
			for _, path := range []string{"tokens/user", "engagement/user", "recent-users", "tokens/agent", "agent-engagement", "recent-agents", "query-count/segment?segment=project"} {
				var rows []struct {
					Name    *string
					Segment string
				}
				admin.Do("GET", "/api/analytics/"+path, nil).Want(200).Data(&rows)
				for _, r := range rows {
					if r.Name != nil {
						r.Segment = *r.Name
					}
					names = append(names, r.Segment)
				}
			}
			return names
		}
		const user, agent = "third@example.org", "Keeper"
		eventually(t, func() string {
			return cmp.Diff([]string{user, user, user, agent, agent, agent, "Lights"}, named())
		})

		var meta struct {
			NotFound []int64 `json:"not_found_ids"`
		}
		var gone []struct{ ID int64 }
		admin.Do("DELETE", "/api/user/batch", map[string]any{"user_ids": []int64{third, 999, third}}).Want(200).Data(&gone).Meta(&meta)
		if len(gone) != 1 || gone[0].ID != third || len(meta.NotFound) != 1 {
			t.Errorf("deleted %v, not found %v", gone, meta.NotFound)
		}
		asker.Do("GET", "/api/user/me", nil).Want(401) // credentials die with the user
		other := s.client("second@example.org", "password of second@example.org")
		eventually(t, func() string {
			var inbox []struct{ Message string }
			other.Do("GET", "/api/notification", nil).Want(200).Data(&inbox)
			var own []struct{ Message string }
			admin.Do("GET", "/api/notification", nil).Want(200).Data(&own)
			var now totals
			admin.Do("GET", "/api/analytics/total-count", nil).Want(200).Data(&now)
			if diff := cmp.Diff([]string{"", "", "", agent, agent, agent, "Lights"}, named()); diff != "" {
				return diff
			}
			if len(inbox) != 1 || len(own) != 0 || now.Users != 2 || now.Queries != 1 {
				return fmt.Sprintf("the other admin was told %+v, the deleting one %+v; analytics says %+v", inbox, own, now)
			}
			return ""
		})

		s.stop()
		s.start() // everything is still there
		var me struct{ Email string }
		s.admin().Do("GET", "/api/user/me", nil).Want(200).Data(&me)
		if me.Email != adminEmail {
			t.Errorf("signed in as %q", me.Email)
		}
	})
}
