package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	fenced   = regexp.MustCompile("(?ms)^ *```.*?^ *```$")
	linked   = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headings = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	unnamed  = regexp.MustCompile(`[^\p{L}\p{N} _-]`) // what is left out of the name of a heading
)

// anchors are the names by which GitHub links to the headings of a document.
func anchors(markdown string) map[string]bool {
	out := map[string]bool{}
	for _, h := range headings.FindAllStringSubmatch(fenced.ReplaceAllString(markdown, ""), -1) {
		title := linked.ReplaceAllString(h[1], "")
		out[strings.ReplaceAll(unnamed.ReplaceAllString(strings.ToLower(title), ""), " ", "-")] = true
	}
	return out
}

func TestTheLinksOfTheDocumentationLeadSomewhere(t *testing.T) {
	files := []string{"../../README.md"}
	for _, pattern := range []string{"../../docs/*.md", "../../docs/adr/*.md", "../../deploy/*.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	links := 0
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range linked.FindAllStringSubmatch(fenced.ReplaceAllString(string(raw), ""), -1) {
			path, anchor, hasAnchor := strings.Cut(l[1], "#")
			if strings.Contains(path, ":") || strings.HasPrefix(path, "/") {
				continue // another site, or a path of the API
			}
			links++
			to := file
			if path != "" {
				to = filepath.Join(filepath.Dir(file), path)
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s links to %s, which is not there", file, l[1])
				continue
			}
			if !hasAnchor || filepath.Ext(to) != ".md" {
				continue
			}
			target, err := os.ReadFile(to)
			if err != nil {
				t.Fatal(err)
			}
			if !anchors(string(target))[anchor] {
				t.Errorf("%s links to %s, which has no such heading", file, l[1])
			}
		}
	}
	if links < 200 {
		t.Errorf("only %d links were found", links)
	}
}
