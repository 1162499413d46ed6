package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/fx"

	"parley/modules/agents/agentsfx"
	"parley/modules/chat/chatfx"
	"parley/platform/config"
	"parley/platform/kernel/money"
	"parley/platform/sqldb"
	"parley/platform/webtest/modelstub"
)

// served is a stub of a model server, and its base URL.
func served(t *testing.T, b modelstub.Behaviour) (*modelstub.Server, string) {
	t.Helper()
	stub := modelstub.New(b)
	server := httptest.NewServer(stub)
	t.Cleanup(server.Close)
	return stub, server.URL + "/v1"
}

// modelled are the grounds of a server that is configured by the text of a file
// of models.
func modelled(t *testing.T, file string, more ...fx.Option) *ground {
	t.Helper()
	path := filepath.Join(t.TempDir(), "models.yml")
	if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load([]string{"PARLEY_MODELS=" + path})
	if err != nil {
		t.Fatal(err)
	}
	own, _ := grounds(t, append(more, fx.Replace(chatfx.Settings{Models: c.Models()}, agentsfx.Models(c.ModelNames())))...)
	return own
}

// asked is what came of a question.
type asked struct {
	State            string
	Cost             string
	PromptTokens     int64  `json:"prompt_tokens"`
	CompletionTokens int64  `json:"completion_tokens"`
	Details          string `json:"failure_reason"`
	Response         struct {
		Answer   string
		ThreadID int64 `json:"thread_id"`
	}
}

// run asks a question and answers its record, however it ended.
func (g *ground) run(agent int64, body map[string]any) asked {
	g.t.Helper()
	a := g.by(g.owner).Do("POST", fmt.Sprintf("/api/agent/%d/response", agent), body)
	path := a.Header.Get("Location")
	if a.Status == http.StatusOK {
		var answer struct {
			ID int64 `json:"agent_response_id"`
		}
		a.Data(&answer)
		path = fmt.Sprintf("/api/agent-response/%d", answer.ID)
	}
	var record asked
	g.by(g.owner).Do("GET", path, nil).Want(http.StatusOK).Data(&record)
	return record
}

func TestEveryFigureOfCostIsTheSumOfTheLedger(t *testing.T) {
	large, largeURL := served(t, modelstub.Behaviour{Answer: func(modelstub.Request) string { return "It is large [1]." }})
	_, smallURL := served(t, modelstub.Behaviour{Answer: func(modelstub.Request) string { return "It is small and has more words [1]." }})
	var db *sqldb.DB
	g := modelled(t, `
models:
  - {name: large, model: gpt-x, base_url: "`+largeURL+`", prices: {input: "2.500001", cached_input: "0.037501", output: "10.000003"}, fallback: small}
  - {name: small, base_url: "`+smallURL+`", prices: {input: 0.15, output: 0.6}}
  - {name: free, base_url: "`+smallURL+`"}
`, fx.Populate(&db))
	agent := g.teamAgent()["agent_id"]
	path := fmt.Sprintf("/api/agent/%d", agent)
	sum := money.Amount{}
	var tokens int64
	add := func(r asked) {
		t.Helper()
		cost, err := money.Parse(r.Cost)
		if err != nil {
			t.Fatal(err)
		}
		sum, tokens = sum.Plus(cost), tokens+r.PromptTokens+r.CompletionTokens
	}
	for i := range 12 {
		switch i % 4 {
		case 0: // it gives up in mid-answer
			large.Next(modelstub.Behaviour{CutAfter: 2})
		case 1: // another stands in
			large.Next(modelstub.Behaviour{Status: http.StatusUnauthorized})
		}
		r := g.run(agent, map[string]any{"user_query": "How large is it?"})
		if failed := i%4 == 0; (r.State == "failed") != failed {
			t.Fatalf("%d: %+v", i, r)
		}
		add(r)
		add(g.run(agent, map[string]any{"user_query": "And the small one?", "model": "small"}))
	}
	g.by(g.owner).Do("PUT", path, map[string]any{"llm_model": "free"}).Want(http.StatusOK)
	r := g.run(agent, map[string]any{"user_query": "And for nothing?"})
	if r.Cost != "0" || r.PromptTokens == 0 {
		t.Errorf("a model without prices: %+v", r)
	}
	add(r)
	g.settle()

	var rows []struct{ Cost, CostSource, Model string }
	if err := db.On(t.Context()).NewSelect().TableExpr("chat_ledger").Column("cost", "cost_source", "model").Scan(t.Context(), &rows); err != nil {
		t.Fatal(err)
	}
	recount, seen := money.Amount{}, map[string]bool{}
	for _, row := range rows {
		cost, err := money.Parse(row.Cost)
		if err != nil {
			t.Fatal(err)
		}
		recount = recount.Plus(cost)
		seen[row.Model+" "+row.CostSource] = true
	}
	if want := map[string]bool{"large prices": true, "small prices": true, "free none": true}; fmt.Sprint(seen) != fmt.Sprint(want) || len(rows) != 28 {
		t.Errorf("%d rows, %v", len(rows), seen)
	}
	var total struct {
		Cost  string `json:"cost"`
		Total int64  `json:"total_tokens"`
	}
	g.by(g.chief).Do("GET", "/api/analytics/total-count", nil).Want(http.StatusOK).Data(&total)
	var days []struct{ Cost string }
	g.by(g.chief).Do("GET", "/api/analytics/tokens/date", nil).Want(http.StatusOK).Data(&days)
	byDay := money.Amount{}
	for _, d := range days {
		cost, err := money.Parse(d.Cost)
		if err != nil {
			t.Fatal(err)
		}
		byDay = byDay.Plus(cost)
	}
	if s := sum.String(); s == "0" || recount.String() != s || total.Cost != s || byDay.String() != s || total.Total != tokens {
		t.Errorf("records %s, ledger %s, total %s, days %s; %d tokens in records, %d in analytics", s, recount, total.Cost, byDay, tokens, total.Total)
	}
}

func TestAModelIsChosenByNameAlone(t *testing.T) {
	stub, url := served(t, modelstub.Behaviour{})
	g := modelled(t, `[{"name":"a","model":"vendor/a-1","base_url":"`+url+`"},{"name":"b","base_url":"`+url+`","default":true}]`)
	agent := g.teamAgent()["agent_id"]
	path, body := fmt.Sprintf("/api/agent/%d", agent), func(model string) map[string]any { return map[string]any{"user_query": "Who?", "model": model} }
	last := func() string { all := stub.Requests(); return all[len(all)-1].Model }
	for _, c := range []struct{ agent, question, asked string }{{"", "", "b"}, {"", "a", "vendor/a-1"}, {"a", "", "vendor/a-1"}, {"a", "b", "b"}, {"", "", "b"}} {
		g.by(g.owner).Do("PUT", path, map[string]any{"llm_model": c.agent}).Want(http.StatusOK)
		if g.run(agent, body(c.question)); last() != c.asked {
			t.Errorf("%+v: asked %q", c, last())
		}
	}
	for _, unknown := range []string{"c", "vendor/a-1", "A"} {
		for _, a := range []struct{ method, path string }{{"POST", path + "/response"}, {"POST", path + "/response/stream"}} {
			refused := g.by(g.owner).Do(a.method, a.path, body(unknown)).Refused(http.StatusUnprocessableEntity, "chat.unknown_model")
			if text := string(refused.Body); !strings.Contains(text, "is none of b, a") || strings.Contains(text, url) || strings.Contains(text, "vendor/a-1 ") {
				t.Errorf("%s", text)
			}
		}
		g.by(g.owner).Do("PUT", path, map[string]any{"llm_model": unknown}).Refused(http.StatusUnprocessableEntity, "agents.unknown_model")
	}
	var view map[string]any
	if g.by(g.owner).Do("GET", path, nil).Want(http.StatusOK).Data(&view); view["llm_config"] != nil {
		t.Errorf("llm_config is %v", view["llm_config"])
	}
}

func TestWithoutAModelNoneCanBeChosen(t *testing.T) {
	g, _ := grounds(t)
	agent := g.teamAgent()["agent_id"]
	path := fmt.Sprintf("/api/agent/%d", agent)
	g.by(g.owner).Do("POST", path+"/response", map[string]any{"user_query": "Who?", "model": "gpt-4o"}).Refused(http.StatusUnprocessableEntity, "chat.unknown_model")
	g.by(g.owner).Do("PUT", path, map[string]any{"llm_model": "gpt-4o"}).Refused(http.StatusUnprocessableEntity, "agents.unknown_model")
	if r := g.run(agent, map[string]any{"user_query": "Who?"}); r.State != "completed" || r.Cost != "0" {
		t.Errorf("%+v", r)
	}
}

// long is a thread of long turns with a model, which all must be answered.
func (g *ground) long(turns int, model string) {
	g.t.Helper()
	agent := g.teamAgent()["agent_id"]
	var thread any
	for i := range turns {
		r := g.run(agent, map[string]any{"user_query": fmt.Sprintf("%d. %s?", i, strings.Repeat("and why ", 60)), "chat_thread_id": thread, "model": model})
		if r.State != "completed" {
			g.t.Fatalf("turn %d of %s: %s, %s", i, model, r.State, r.Details)
		}
		thread = r.Response.ThreadID
	}
}

// narrow is a server of a model that takes few tokens, and counts twice as many
// as are estimated here. It refuses in these words what is too long.
func narrow(t *testing.T, words modelstub.Recording) (stub *modelstub.Server, url string, refused *atomic.Int64) {
	t.Helper()
	refused = &atomic.Int64{}
	stub, url = served(t, modelstub.Behaviour{
		Context: narrowContext, Letters: 2, Answer: func(modelstub.Request) string { return strings.Repeat("so it is ", 20) },
		Wording: func() modelstub.Recording { refused.Add(1); return words },
	})
	return stub, url, refused
}

const narrowContext = 1400

// A thread never becomes unusable because it grew.
func TestAThreadOfSixtyLongTurnsStaysUsable(t *testing.T) {
	for name, context := range map[string]string{"whose context is known": fmt.Sprintf(`,"context_size":%d`, narrowContext), "whose context is not known": ""} {
		t.Run(name, func(t *testing.T) {
			stub, url, refused := narrow(t, modelstub.TooLong()[0])
			g := modelled(t, `[{"name":"narrow","base_url":"`+url+`"`+context+`}]`)
			g.long(60, "narrow")
			t.Logf("refused %d times", refused.Load())
			if refused.Load() == 0 {
				t.Error("no prompt was too long")
			}
			requests := stub.Requests()
			if last := requests[len(requests)-1]; len(last.Messages) < 4 {
				t.Errorf("the last prompt has %d messages: nothing of the conversation is left", len(last.Messages))
			}
		})
	}
}

func TestAThreadThatGrewStaysUsableInWhateverWordsTheModelRefuses(t *testing.T) {
	var file []string
	counts := map[string]*atomic.Int64{}
	for _, words := range modelstub.TooLong() {
		_, url, refused := narrow(t, words)
		counts[words.Name] = refused
		file = append(file, fmt.Sprintf(`{"name":%q,"base_url":%q}`, words.Name, url))
	}
	g := modelled(t, "["+strings.Join(file, ",")+"]")
	for name, refused := range counts {
		g.long(8, name)
		if refused.Load() == 0 {
			t.Errorf("%s refused nothing", name)
		}
	}
}
