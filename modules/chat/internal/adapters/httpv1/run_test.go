package httpv1_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"parley/modules/chat/internal/adapters/httpv1"
	"parley/modules/chat/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/webtest"
)

var runID = regexp.MustCompile(`"run_id":"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"`)

// plain is a body with the one thing taken out that is new in every run.
func plain(body []byte) string { return runID.ReplaceAllString(string(body), `"run_id":"RUN"`) }

// object is the response object of the first run, as the contract has it.
const object = `{"answer":"Gr\u00fcn & [1].","query":"What is green?","sources":"[0]","followup_questions":["And blue?"],"indexes":["corpus-5"],` +
	`"prompt_tokens":120,"completion_tokens":15,"total_tokens":135,"cache_hit":false,` +
	`"history":[{"user":"What is green?","bot":"Gr\u00fcn & [1]."}],"prompt_prefix":"","instructions":[],"agent_mode":"default",` +
	`"references":[{"number":1,"url":"/api/document/11/content","order":0,"title":"Guide","document_id":11}],"corpus_ids":[5],"run_id":"RUN","success":true,` +
	`"chat_thread_name":"What is green?","thread_id":1,"agent_response_id":1,"chatlog_id":1,"message":"Agent Response Created Successfully."}`

func TestAPlainRunAnswersTheResponseObject(t *testing.T) {
	play(t, says("Grün & ", "[1]."), func(s *scene) {
		got := s.jo.Expecting(threadMade, completed).Do("POST", runPath, ask).Want(200)
		var answer, want any
		if err := json.Unmarshal([]byte(plain(got.Body)), &answer); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(`{"success":true,"message":"Agent Response Created Successfully.","data":`+object+`}`), &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, answer); diff != "" {
			t.Error(diff)
		}
	})
}

// stream is that run as it is streamed, byte by byte.
const stream = `data: {"sequence_number":1,"step":"start","message":"The question is stored.","agent_response_id":1,"thread_id":1,"run_id":"RUN","output":null}

data: {"sequence_number":2,"step":"retrieval","message":"Searching the documents.","output":null}

data: {"sequence_number":3,"step":"generation","message":"Writing the answer.","output":null}

data: {"sequence_number":4,"step":"assistant_stream","message":"","delta":"Gr\u00fcn & ","output":null}

data: {"sequence_number":5,"step":"assistant_stream","message":"","delta":"[1].","output":null}

data: {"sequence_number":6,"step":"end","message":"The answer is complete.","output":{"success":true,"output":` + object + `}}

`

func TestAStreamedRunIsTheContractsStream(t *testing.T) {
	ways := map[string]func(c webtest.Client) webtest.Answer{
		"by its path": func(c webtest.Client) webtest.Answer {
			return c.Expecting(threadMade, completed).Do("POST", runPath+"/stream", ask)
		},
		"by its accept": func(c webtest.Client) webtest.Answer {
			return c.With("Accept", "text/event-stream").Expecting(threadMade, completed).Do("POST", runPath, ask)
		},
		"read afterwards": func(c webtest.Client) webtest.Answer {
			c.Expecting(threadMade, completed).Do("POST", runPath, ask).Want(200)
			return c.Do("GET", "/api/agent-response/1/events", nil)
		},
	}
	for name, send := range ways {
		t.Run(name, func(t *testing.T) {
			play(t, says("Grün & ", "[1]."), func(s *scene) {
				got := send(s.jo).Want(200)
				if diff := cmp.Diff(stream, plain(got.Body)); diff != "" {
					t.Error(diff)
				}
				for name, want := range map[string]string{"Content-Type": "text/event-stream", "Cache-Control": "no-store"} {
					if value := got.Header.Get(name); value != want {
						t.Errorf("%s: %q", name, value)
					}
				}
			})
		})
	}
}

func TestARunIsStreamedToWhoAcceptsThat(t *testing.T) {
	for accept, want := range map[string]string{
		"":                             "application/json; charset=utf-8",
		"*/*":                          "application/json; charset=utf-8",
		"text/event-stream;q=0":        "application/json; charset=utf-8",
		"text/event-stream; q=0.5":     "text/event-stream",
		"text/html, Text/Event-Stream": "text/event-stream",
	} {
		t.Run(accept, func(t *testing.T) {
			play(t, says("x"), func(s *scene) {
				if got := s.jo.With("Accept", accept).Expecting(threadMade, completed).Do("POST", runPath, ask).Want(200).Header.Get("Content-Type"); got != want {
					t.Errorf("%q", got)
				}
			})
		})
	}
}

func TestAStreamIsContinuedWhereItWasLeft(t *testing.T) {
	play(t, says("Grün & ", "[1]."), func(s *scene) {
		s.jo.Expecting(threadMade, completed).Do("POST", runPath, ask).Want(200)
		events := strings.SplitAfter(stream, "\n\n")
		for after, path := range map[int]string{0: "?starting_after=0", 4: "?starting_after=4", 6: "?starting_after=6"} {
			got := s.jo.Do("GET", "/api/agent-response/1/events"+path, nil).Want(200)
			if diff := cmp.Diff(strings.Join(events[after:], ""), plain(got.Body)); diff != "" {
				t.Error(diff)
			}
		}
		if got := s.jo.Do("GET", "/api/agent-response/1/events?starting_after=1000", nil).Want(200); len(got.Body) != 0 {
			t.Errorf("%s", got.Body)
		}
		s.jo.Do("GET", "/api/agent-response/1/events?starting_after=-1", nil).Want(422)
		s.jo.Do("GET", "/api/agent-response/1/events?starting_after=x", nil).Want(400)
	})
}

func TestEveryTextOfAStreamIsASCIIOnOneLine(t *testing.T) {
	play(t, says("漢字 😀 \"\\\n\r\u2028\t</script>"), func(s *scene) {
		got := s.jo.Expecting(threadMade, completed).Do("POST", runPath+"/stream", map[string]string{"user_query": "¿Qué?\n漢字"}).Want(200)
		for _, b := range got.Body {
			if b > 126 || b < 32 && b != '\n' {
				t.Fatalf("byte %d in %q", b, got.Body)
			}
		}
		events := got.Events()
		if events[3]["delta"] != "漢字 😀 \"\\\n\r\u2028\t&lt;/script>" {
			t.Errorf("%q", events[3]["delta"])
		}
	})
}

func TestARunThatFailsEndsItsStreamWithAnError(t *testing.T) {
	play(t, script(breaks), func(s *scene) {
		got := s.jo.Expecting(threadMade, failed).Do("POST", runPath+"/stream", ask).Want(200)
		const last = `data: {"sequence_number":5,"step":"error","message":"The model server broke off in the middle.",` +
			`"output":{"error":{"code":"chat.model_failed","details":"The model server broke off in the middle."}}}` + "\n\n"
		if !strings.HasSuffix(string(got.Body), "\n\n"+last) {
			t.Errorf("%s", got.Body)
		}
	})
}

func TestAPlainRunThatFailsNamesItsRecord(t *testing.T) {
	play(t, script(breaks), func(s *scene) {
		got := s.jo.Expecting(threadMade, failed).Do("POST", runPath, ask).Refused(503, "chat.model_failed")
		if !strings.Contains(got.Message(), "The model server broke off in the middle.") {
			t.Error(got.Message())
		}
		location := got.Header.Get("Location")
		if location != "/api/agent-response/1" {
			t.Fatalf("Location %q", location)
		}
		var record map[string]any
		s.jo.Do("GET", location, nil).Want(200).Data(&record)
		response := record["response"].(map[string]any)
		want := []any{"failed", "chat.model_failed", "The model server broke off in the middle.", "What is green?", "Half an", false, "[]", "The model server broke off in the middle."}
		got2 := []any{record["state"], record["failure_code"], record["failure_reason"], record["question"], response["answer"], response["success"], response["sources"], response["message"]}
		if diff := cmp.Diff(want, got2); diff != "" {
			t.Error(diff)
		}
	})
}

func TestTheAcceptHeaderDecidesTheForm(t *testing.T) {
	cases := map[string]bool{
		"":                                    false,
		"*/*":                                 false,
		"application/json":                    false,
		"text/html, */*;q=0.1":                false,
		"text/event-streams":                  false,
		";;;":                                 false,
		"text/event-stream":                   true,
		"TEXT/Event-Stream":                   true,
		"text/event-stream; charset=utf-8":    true,
		"application/json, text/event-stream": true,
		"text/event-stream;q=0.5, text/html":  true,
		"application/json, text/event-stream;q=0.5":                false,
		"application/json;q=0.5, text/event-stream;q=0.9, */*;q=1": true,
	}
	for accept, streamed := range cases {
		t.Run(accept, func(t *testing.T) {
			play(t, says("x"), func(s *scene) {
				got := s.jo.With("Accept", accept).Expecting(threadMade, completed).Do("POST", runPath, ask).Want(200)
				if is := strings.HasPrefix(got.Header.Get("Content-Type"), "text/event-stream"); is != streamed {
					t.Errorf("%q", got.Header.Get("Content-Type"))
				}
			})
		})
	}
}

func TestARepeatedRequestGetsTheStoredAnswer(t *testing.T) {
	play(t, says("Grün & ", "[1]."), func(s *scene) {
		keyed := s.jo.With("Idempotency-Key", "k")
		first := keyed.Expecting(threadMade, completed).Do("POST", runPath, ask).Want(200)
		again := keyed.Do("POST", runPath, ask).Want(200)
		if first.Header.Get("Idempotency-Replayed") != "" || again.Header.Get("Idempotency-Replayed") != "true" || string(first.Body) != string(again.Body) {
			t.Errorf("%q, %s", again.Header.Get("Idempotency-Replayed"), again.Body)
		}
		keyed.Do("POST", runPath, `{"user_query":"Another?"}`).Refused(409, "idempotency_key_reused")
		keyed.Do("POST", runPath+"/stream", ask).Refused(409, "idempotency_key_reused")
		s.ann.With("Idempotency-Key", "k").Expecting(threadMade, completed).Do("POST", runPath, ask).Want(200)
		s.jo.With("Idempotency-Key", strings.Repeat("k", 256)).Do("POST", runPath, ask).Want(422)

		streams := s.jo.With("Idempotency-Key", "s")
		one := streams.Expecting(threadMade, completed).Do("POST", runPath+"/stream", ask).Want(200)
		two := streams.Do("POST", runPath+"/stream", ask).Want(200)
		if string(one.Body) != string(two.Body) || two.Header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("%s", two.Body)
		}
	})
}

func TestARequestThatStillRunsIsNotRunAgain(t *testing.T) {
	play(t, script(hangs), func(s *scene) {
		s.jo.Expecting(threadMade, failed).Together("a run and its end", func(jo webtest.Client) {
			keyed := jo.With("Idempotency-Key", "k")
			done := make(chan webtest.Answer)
			go func() { done <- keyed.Do("POST", runPath, ask) }()
			synctest.Wait()
			keyed.Do("POST", runPath, ask).Refused(409, "request_in_progress")
			jo.Do("POST", "/api/agent-response/1/cancel", nil).Want(200)
			(<-done).Refused(409, "chat.cancelled")
		})
	})
}

func TestAShutdownIsToldToWhoeverWaits(t *testing.T) {
	play(t, script(hangs), func(s *scene) {
		done := make(chan webtest.Answer)
		go func() { done <- s.jo.Expecting(threadMade, failed).Do("POST", runPath, ask) }()
		synctest.Wait()
		if err := s.service.Close(context.Background()); err != nil {
			t.Fatal(err)
		}
		got := (<-done).Refused(503, "chat.interrupted")
		if got.Header.Get("Location") != "/api/agent-response/1" {
			t.Errorf("Location %q", got.Header.Get("Location"))
		}
		s.jo.Do("POST", runPath, ask).Refused(503, "chat.overloaded")
	})
}

func TestWhoLosesTheAgentIsToldWhereWhatHadComeIsKept(t *testing.T) {
	play(t, script(hangs), func(s *scene) {
		var got, streamed webtest.Answer
		s.jo.Expecting(threadMade, threadMade, failed, failed).Together("two runs and what ends them", func(jo webtest.Client) {
			plain, stream := make(chan webtest.Answer), make(chan webtest.Answer)
			go func() { plain <- jo.Do("POST", runPath, ask) }()
			synctest.Wait()
			go func() { stream <- jo.Do("POST", runPath+"/stream", ask) }()
			synctest.Wait()
			s.catalog.lost.Store(true)
			if err := s.service.AgentChanged(context.Background(), 1, 3); err != nil {
				t.Fatal(err)
			}
			got, streamed = (<-plain).Refused(403, "chat.access_lost"), <-stream
		})
		var record map[string]any
		s.jo.Do("GET", got.Header.Get("Location"), nil).Want(200).Data(&record)
		want := []any{float64(1), "cancelled", "chat.access_lost", "Half an"}
		if diff := cmp.Diff(want, []any{record["id"], record["state"], record["failure_code"], record["response"].(map[string]any)["answer"]}); diff != "" {
			t.Error(diff)
		}
		const last = `data: {"sequence_number":5,"step":"error","message":"You may not run this agent any more; what had come of the answer is kept.",` +
			`"output":{"error":{"code":"chat.access_lost","details":"You may not run this agent any more; what had come of the answer is kept."}}}` + "\n\n"
		for _, body := range [][]byte{streamed.Want(200).Body, s.jo.Do("GET", "/api/agent-response/2/events?starting_after=3", nil).Want(200).Body} {
			if !strings.HasSuffix(string(body), "\n\n"+last) {
				t.Errorf("%s", body)
			}
		}
	})
}

// TestAClientThatGoesAwayReadsTheRestLater goes over a real connection.
func TestAClientThatGoesAwayReadsTheRestLater(t *testing.T) {
	release := make(chan struct{})
	s := open(t, script(func(_ context.Context, emit func(string) error) (core.Completion, error) {
		if err := emit("It is "); err != nil {
			return core.Completion{}, err
		}
		<-release
		return core.Completion{Text: "It is green."}, emit("green.")
	}))
	var text string
	s.jo.Expecting(threadMade, completed).Together("a stream that is left and followed again", func(jo webtest.Client) {
		live := jo.Stream(http.MethodPost, runPath+"/stream", ask)
		for range 4 {
			live.Next()
		}
		live.Close()
		close(release)
		for _, e := range jo.Stream(http.MethodGet, "/api/agent-response/1/events?starting_after=3", nil).All() {
			delta, _ := e["delta"].(string)
			text += delta
			if e.Step() == "end" {
				text += "!"
			}
		}
	})
	if text != "It is green.!" {
		t.Errorf("%q", text)
	}
}

// A wait may end at any moment, as when the asker's rights change, also between
// the end of a run and the reading of its output.
func TestTheEndOfAStreamIsNotLostToAWaitThatEnds(t *testing.T) {
	for range 10 {
		play(t, says("Green."), func(s *scene) {
			jo := actor.Actor{UserID: 7, OrganizationID: 1}
			asked, err := s.service.Ask(s.t.Context(), jo, core.Ask{AgentID: 3, UserQuery: "What is green?"})
			if err != nil {
				s.t.Fatal(err)
			}
			stream := httpv1.Stream(httpv1.New(s.service), jo, s.service.Follow(jo, asked), asked.Run)
			synctest.Wait() // it has ended
			ended, cancel := context.WithCancel(s.t.Context())
			cancel()
			last := ""
			for {
				line, err := stream.Next(ended)
				if errors.Is(err, context.Canceled) {
					line, err = stream.Next(s.t.Context())
				}
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					s.t.Fatal(err)
				}
				last = string(line)
			}
			if !strings.Contains(last, `"step":"end"`) {
				s.t.Errorf("the last event is %s", last)
			}
		})
	}
}
