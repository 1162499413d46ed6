package main

import (
	"net/http"
	"testing"

	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// A content grant lets somebody read by these routes, so each must be one whose
// reads can be in the audit log.
func TestEveryRouteThatAnswersContentIsAudited(t *testing.T) {
	_, h := built(t, profileAll)
	content := 0
	for _, r := range h.Server.Handler.(*web.Server).Routes() {
		answers := false
		for _, n := range r.Policy.Needs() {
			switch {
			case r.Method != http.MethodGet:
			case n.Resource == actor.Answer, n.Resource == actor.Thread, n.Resource == actor.ContentGrant && n.Action == web.Run:
				answers = true
			}
		}
		if answers {
			content++
		}
		if r.Audited != answers {
			t.Errorf("%s %s answers content: %v, its reads are audited: %v", r.Method, r.Path, answers, r.Audited)
		}
	}
	if content < 6 {
		t.Errorf("only %d routes answer content", content)
	}
}
