package httpv1_test

import (
	"fmt"
	"strings"
	"testing"

	"parley/modules/corpora"
	"parley/platform/kernel/event"
	"parley/platform/webtest"
)

func TestRestoringAVersionOfAnAgent(t *testing.T) {
	s := setup(t)
	open := s.As("jo").Expecting(created(1, 11)).Do("POST", "/api/corpus", `{"name":"Open","is_public":true}`).Want(201).ID()
	own := s.As("al").Expecting(created(2, 12)).Do("POST", "/api/corpus", `{"name":"Own"}`).Want(201).ID()
	for _, id := range []int64{open, own} {
		shared := corpora.ConnectionChanged{AgentID: 5, CorpusID: id, OrganizationID: 1, IsEnabled: true, SharesContent: true, ChangedBy: 13}
		s.As("boss").Expecting(shared).Do("POST", fmt.Sprintf("/api/agent/5/corpus/%d", id), nil).Want(201)
	}
	for _, id := range []int64{open, own} {
		ended := corpora.CorpusDisconnected{AgentID: 5, CorpusID: id, OrganizationID: 1, ChangedBy: 12}
		s.As("al").Expecting(ended).Do("DELETE", fmt.Sprintf("/api/agent/5/corpus/%d", id), nil).Want(200)
	}
	const path = "/api/agent/5/version/3/restore"
	connected := func(id int64, shares bool) event.Event {
		return corpora.ConnectionChanged{AgentID: 5, CorpusID: id, OrganizationID: 1, IsEnabled: true, SharesContent: shares, ChangedBy: 12}
	}
	for _, c := range []webtest.Scenario{
		{Method: "POST", Path: path, Status: 401, Code: "unauthenticated"},
		{Who: "al", Method: "POST", Path: "/api/agent/5/version/0/restore", Status: 404, Code: "not_found"},
		{Who: "al", Method: "GET", Path: path, Status: 405, Code: "method_not_allowed"},
		{Who: "al", Method: "POST", Path: path, Status: 200, Events: []event.Event{connected(open, false), connected(own, true)}},
		{Who: "al", Method: "POST", Path: path, Status: 403, Code: "corpora.not_restored"}, // only what is not al's to share is different
	} {
		answer := s.Play(c)
		switch c.Status {
		case 200:
			for _, want := range []string{`"message":"Agent version restored successfully."`, `"version":6`, `"note":"Only an admin of the corpus can share its content; it is not shared."`,
				`"corpora":[{"corpus":1,"is_enabled":true,"is_default":false,"shares_content":false},{"corpus":2,"is_enabled":true,"is_default":false,"shares_content":true}]`} {
				if !strings.Contains(string(answer.Body), want) {
					t.Errorf("no %s in %s", want, answer.Body)
				}
			}
		case 403:
			if !strings.Contains(string(answer.Body), `"field":"corpora[1]"`) {
				t.Errorf("%s", answer.Body)
			}
		}
	}
	// The global admin shares it.
	s.Play(webtest.Scenario{Who: "boss", Method: "POST", Path: path, Status: 200, Events: []event.Event{
		corpora.ConnectionChanged{AgentID: 5, CorpusID: open, OrganizationID: 1, IsEnabled: true, SharesContent: true, ChangedBy: 13},
	}})
}
