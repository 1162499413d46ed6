package web

import (
	"regexp"
	"strings"
	"testing"
)

func TestThePageThatOpensDocumentsRunsNothingOfItsOwnMarkup(t *testing.T) {
	page, err := openFiles.ReadFile("open/page.html")
	if err != nil {
		t.Fatal(err)
	}
	if inline := regexp.MustCompile(`(?i)<script>|\son[a-z]+=|style=|javascript:`).FindString(string(page)); inline != "" {
		t.Errorf("the page has %q, which its policy forbids", inline)
	}
	script, err := openFiles.ReadFile("open/page.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, sink := range []string{"innerHTML", "outerHTML", "document.write", "eval(", "localStorage", "sessionStorage", "document.cookie", "insertAdjacent"} {
		if strings.Contains(string(script), sink) {
			t.Errorf("the script has %s: a document must stay text, and the token is kept nowhere", sink)
		}
	}
	if strings.Contains(openPolicy, "unsafe") || !strings.Contains(openPolicy, "frame-ancestors 'none'") {
		t.Errorf("policy %q", openPolicy)
	}
}
