package httpv1_test

import (
	"context"
	"strings"
	"testing"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/event"
)

func TestAnAnswerThatIsUsedAgainSaysSoWhereverItIsShown(t *testing.T) {
	calls := 0
	model := script(func(_ context.Context, emit func(string) error) (core.Completion, error) {
		calls++
		return core.Completion{Text: "Green [1].", Model: "m-1", FinishReason: core.FinishStop, Usage: core.Usage{FreshInput: 100, Output: 10, Reported: true}}, emit("Green [1].")
	})
	play(t, model, func(s *scene) {
		type response struct {
			Answer     string
			CacheHit   bool  `json:"cache_hit"`
			Total      int64 `json:"total_tokens"`
			References []any
			ID         int64 `json:"agent_response_id"`
		}
		run := func(body string, events ...event.Event) (r response) {
			t.Helper()
			s.jo.Expecting(events...).Do("POST", runPath, body).Want(200).Data(&r)
			return r
		}
		for _, c := range []struct {
			body string
			hit  bool
		}{
			{`{"user_query":"What is green?","caching_enabled":true}`, false},
			{`{"user_query":" What is green?","caching_enabled":true}`, true},
			{`{"user_query":"What is green?"}`, false}, // the agent does not cache
			{`{"user_query":"What is green?","caching_enabled":false}`, false},
			{`{"user_query":"What is green?","caching_enabled":true,"overrides":{"cache_skip":true}}`, false},
			{`{"user_query":"What is green?","caching_enabled":true,"chat_thread_id":1}`, false}, // with its history
			{`{"history":[{"user":"What is green?"}],"caching_enabled":true}`, true},
		} {
			before := calls
			events := []event.Event{threadMade, completed}
			if strings.Contains(c.body, "chat_thread_id") {
				events = events[1:]
			}
			got := run(c.body, events...)
			if got.Answer != "Green [1]." || len(got.References) != 1 || got.CacheHit != c.hit || (got.Total == 0) != c.hit || (calls == before) != c.hit {
				t.Errorf("%s: %+v, %d calls", c.body, got, calls-before)
			}
		}
		stream := s.jo.Expecting(threadMade, completed).Do("POST", runPath+"/stream", `{"user_query":"What is green?","caching_enabled":true}`).Want(200)
		for _, want := range []string{`"message":"The answer to the same question is used again."`, `"delta":"Green [1]."`, `"step":"end"`, `"cache_hit":true`} {
			if !strings.Contains(string(stream.Body), want) {
				t.Errorf("the stream has no %s: %s", want, stream.Body)
			}
		}
		var record struct {
			CacheHit     bool    `json:"cache_hit"`
			Cost         string  `json:"cost"`
			AgentVersion int64   `json:"agent_version"`
			FinishReason *string `json:"finish_reason"`
		}
		s.jo.Do("GET", "/api/agent-response/2", nil).Want(200).Data(&record)
		if !record.CacheHit || record.Cost != "0" || record.AgentVersion != 2 || record.FinishReason == nil || *record.FinishReason != "stop" {
			t.Errorf("%+v", record)
		}
		var support []struct{ Text string }
		s.jo.Do("GET", "/api/agent-response/2/supporting-content", nil).Want(200).Data(&support)
		if len(support) != 1 || support[0].Text != "The warp coil is green." {
			t.Errorf("%+v", support)
		}
	})
}
