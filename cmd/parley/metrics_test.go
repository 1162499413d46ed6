package main_test

import (
	"bufio"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"parley/platform/freeaddr"
	"parley/platform/webtest/modelstub"
)

// scrape answers the metrics of a server, by name with labels.
func scrape(t *testing.T, address string) map[string]float64 {
	t.Helper()
	res, err := http.Get("http://" + address + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	out := map[string]float64{}
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		if line := lines.Text(); !strings.HasPrefix(line, "#") {
			i := strings.LastIndexByte(line, ' ')
			if out[line[:i]], err = strconv.ParseFloat(line[i+1:], 64); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// metered is a server with metrics, and where they are.
func metered(t *testing.T, kind string, env ...string) (*server, string) {
	t.Helper()
	address := freeaddr.For(t)
	s := newServer(t, kind, append(env, "PARLEY_METRICS_ADDR="+address)...)
	s.start()
	return s, address
}

func TestTheMetricsTellWhatBecameOfQuestionsDocumentsAndSignIns(t *testing.T) {
	stub := modelstub.New(modelstub.Behaviour{Answer: func(modelstub.Request) string { return "It burns from dusk to dawn [1]." }})
	model := httptest.NewServer(stub)
	t.Cleanup(model.Close)
	s, address := metered(t, "sqlite", "PARLEY_LLM_URL="+model.URL+"/v1", "PARLEY_LLM_MODEL=lamp-model")
	first := scrape(t, address)
	c := s.admin()
	w := build(c)
	indexed(t, c, upload(c, w.corpus, "log.md", "# Lamp\n\nThe lamp of Westerhever burns from dusk to dawn."))
	ask := map[string]any{"user_query": "When does the lamp burn?"}
	path := fmt.Sprintf("/api/agent/%d/response", w.agent)
	c.Do("POST", path, ask).Want(200)
	stub.Next(modelstub.Behaviour{Status: 400, Message: "no"})
	if streamed := c.Do("POST", path+"/stream", ask).Want(200); !strings.Contains(string(streamed.Body), "chat.model_failed") {
		t.Fatalf("the stream did not fail: %s", streamed.Body)
	}
	c.As("").Do("POST", "/api/login/access-token", url.Values{"username": {adminEmail}, "password": {"not this one"}}).Want(401)
	risen := map[string]float64{
		`parley_chat_runs_total{outcome="completed",reason=""}`:                       1,
		`parley_chat_runs_total{outcome="failed",reason="chat.model_failed"}`:         1,
		`parley_chat_model_first_token_seconds_count{model="lamp-model"}`:             1,
		`parley_chat_model_call_seconds_count{model="lamp-model",outcome="answered"}`: 1,
		`parley_chat_model_call_seconds_count{model="lamp-model",outcome="failed"}`:   1,
		`parley_corpora_documents_total{step="completed"}`:                            1,
		`parley_corpora_documents_total{step="failed"}`:                               0,
		`parley_users_sign_ins_total{outcome="right"}`:                                1,
		`parley_users_sign_ins_total{outcome="wrong"}`:                                1,
		`parley_chat_open_runs{state="running"}`:                                      0,
		`parley_chat_open_runs{state="waiting"}`:                                      0,
	}
	var last map[string]float64
	eventually(t, func() string {
		last = scrape(t, address)
		for name, rise := range risen {
			if _, there := last[name]; !there {
				return name + " is not there"
			}
			if got := last[name] - first[name]; got != rise {
				return fmt.Sprintf("%s rose by %v, want %v", name, got, rise)
			}
		}
		return ""
	})
	for _, kind := range []string{"input", "output"} {
		if name := fmt.Sprintf(`parley_chat_tokens_total{kind=%q,model="lamp-model"}`, kind); last[name] <= 0 {
			t.Errorf("%s is %v", name, last[name])
		}
	}
	for name := range last {
		if strings.HasPrefix(name, "parley_") && strings.Contains(name, "agent=") {
			t.Errorf("%s: an agent is no label, there may be any number of them", name)
		}
	}
}

func TestAScrapeCostsAFewStatements(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		_, address := metered(t, kind)
		const statements, scrapes, most, background = "parley_database_statements_total", 100, 4, 100
		before := scrape(t, address)[statements]
		for range scrapes - 1 {
			scrape(t, address)
		}
		if asked := scrape(t, address)[statements] - before; asked > scrapes*most+background {
			t.Errorf("%d scrapes asked %v statements, want at most %d each", scrapes, asked, most)
		} else {
			t.Logf("%d scrapes: %v statements", scrapes, asked)
		}
	})
}

func TestEveryMetricIsInTheOperationsGuide(t *testing.T) {
	_, address := metered(t, "sqlite")
	guide, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	suffix := regexp.MustCompile(`(_bucket|_sum|_count)?(\{.*)?$`)
	for name := range scrape(t, address) {
		if base := suffix.ReplaceAllString(name, ""); strings.HasPrefix(base, "parley_") && !strings.Contains(string(guide), "`"+base+"`") {
			t.Errorf("docs/operations.md does not tell %s", base)
		}
	}
}
