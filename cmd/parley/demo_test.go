package main_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// firstQuestions are what people ask a new server, each with words that a right
// answer has.
var firstQuestions = map[string][]string{
	"What is Parley?":                              {"self-hosted server for AI agents"},
	"Which file formats can I upload?":             {"PDF, DOCX, PPTX"},
	"Which database should I use in production?":   {"PostgreSQL"},
	"How do I connect a model?":                    {"PARLEY_LLM_URL", "PARLEY_LLM_MODEL"},
	"How do I back up?":                            {"parley backup"},
	"How do I restore a backup?":                   {"parley restore"},
	"Is my data sent anywhere?":                    {"not sent anywhere"},
	"What does Parley cost?":                       {"costs nothing"},
	"How do I start the server?":                   {"parley serve"},
	"Where is my data kept?":                       {"./parley-data"},
	"How large can a file be?":                     {"100 MiB"},
	"How do I reset a password?":                   {"parley user reset-password"},
	"How do I create an agent?":                    {"POST /api/agent"},
	"How do I add a user?":                         {"parley user create"},
	"Does Parley work offline?":                    {"offline"},
	"Can I use Ollama?":                            {"Ollama"},
	"How do I change the port?":                    {"PARLEY_ADDR"},
	"What happens when no document has the answer": {"says so"},
}

// demoed is a running demo and what it printed.
type demoed struct {
	*server
	out  *output
	dir  string
	args []string
}

// output is what a program has printed so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// demo runs the demo in an empty directory, outside of any checkout, until it
// has explained itself.
func demo(t *testing.T, args ...string) *demoed {
	t.Helper()
	d := &demoed{server: newServer(t, "sqlite"), out: &output{}, dir: t.TempDir(), args: args}
	cmd := d.command(append([]string{"demo"}, args...)...)
	cmd.Dir, cmd.Stdout = d.dir, d.out
	d.startAs(cmd)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	for !strings.Contains(d.out.String(), "Press Ctrl-C to stop") {
		select {
		case <-d.done:
			t.Fatalf("the demo ended\n%s\n%s", d.out, d.log)
		case <-ctx.Done():
			t.Fatalf("the demo does not get ready\n%s", d.out)
		case <-time.After(20 * time.Millisecond):
		}
	}
	return d
}

func TestTheDemoAnswersWhatPeopleAskFirst(t *testing.T) {
	d := demo(t)
	c := d.admin()
	for question, words := range firstQuestions {
		var answer struct{ Answer string }
		c.Do("POST", "/api/agent/1/response", map[string]any{"user_query": question}).Want(200).Data(&answer)
		for _, w := range words {
			if !strings.Contains(answer.Answer, w) {
				t.Errorf("%s\n  lacks %q: %s", question, w, answer.Answer)
			}
		}
	}
	if left, err := os.ReadDir(d.dir); err != nil || len(left) != 0 {
		t.Errorf("the demo left something in its directory: %v %v", left, err)
	}
}

func TestTheDemoCountsItsCitationsFromOne(t *testing.T) {
	out := demo(t, "--question", "How do I connect a model?").out.String()
	var numbers []string
	for _, m := range regexp.MustCompile(`(?m)^  (\[\d+\]) `).FindAllStringSubmatch(out, -1) {
		numbers = append(numbers, m[1])
	}
	if len(numbers) == 0 {
		t.Fatalf("no citations in\n%s", out)
	}
	for i, n := range numbers {
		if want := fmt.Sprintf("[%d]", i+1); n != want || !strings.Contains(strings.SplitN(out, "\n  [", 2)[0], want) {
			t.Errorf("source %d is %s, and the answer has it or not\n%s", i+1, n, out)
		}
	}
}

func TestAFolderTakesThePlaceOfTheDemosPages(t *testing.T) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "lamp.md"), []byte("# Lamp\n\nThe lamp of Westerhever burns from dusk to dawn."), 0o600); err != nil {
		t.Fatal(err)
	}
	out := demo(t, "--docs", folder, "--question", "When does the lamp of Westerhever burn?").out.String()
	if !strings.Contains(out, "from dusk to dawn") || !strings.Contains(out, "1 of 1") {
		t.Error(out)
	}
}

func TestTheDemosLinksOpenInABrowser(t *testing.T) {
	d := demo(t)
	get := func(url string) (int, string, http.Header) {
		t.Helper()
		res, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		return res.StatusCode, string(body), res.Header
	}
	link := regexp.MustCompile(`http://\S+/open#(/api/document/\d+/content)`).FindStringSubmatch(d.out.String())
	if link == nil {
		t.Fatalf("no link in\n%s", d.out)
	}
	status, page, header := get(link[0])
	if status != 200 || !strings.HasPrefix(header.Get("Content-Type"), "text/html") || !strings.Contains(page, "<form") {
		t.Errorf("the link answers %d %v\n%s", status, header, page)
	}
	if policy := header.Get("Content-Security-Policy"); strings.Contains(policy, "unsafe") || !strings.Contains(policy, "frame-ancestors 'none'") {
		t.Errorf("policy %q", policy)
	}
	if status, _, _ := get("http://" + d.addr + link[1]); status != 401 {
		t.Errorf("the document itself without credentials: %d", status)
	}
	if status, page, _ := get("http://" + d.addr + "/"); status != 200 || !strings.Contains(page, "Swagger") {
		t.Errorf("/ leads to %d\n%s", status, page)
	}
	if got := d.admin().Do("GET", link[1], nil).Want(200); len(got.Body) == 0 {
		t.Error("the page's document is empty")
	}
}
