package web

import (
	"regexp"
	"strings"
	"testing"
)

func TestThePageThatOpensDocumentsKeepsThemText(t *testing.T) {
	page := OpenPage()
	if inline := regexp.MustCompile(`(?i)\son[a-z]+=|style=|javascript:`).FindString(page.HTML); inline != "" {
		t.Errorf("the page has %q, which its policy forbids", inline)
	}
	for _, sink := range []string{"innerHTML", "outerHTML", "document.write", "eval(", "localStorage", "sessionStorage", "document.cookie", "insertAdjacent"} {
		if strings.Contains(page.HTML, sink) {
			t.Errorf("the page has %s: a document must stay text, and the token is kept nowhere", sink)
		}
	}
	if policy := page.contentPolicy(); strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("policy %q", policy)
	}
}
