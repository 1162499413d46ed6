package openai

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/platform/webtest/modelstub"
)

func TestWhatServersWereSeenToSend(t *testing.T) {
	for _, r := range modelstub.Recordings() {
		t.Run(r.Name, func(t *testing.T) {
			stub := modelstub.New(r.Behaviour())
			result, deltas, err := ask(t.Context(), start(t, stub, Config{}), Request{})
			if result.Text != r.Text || strings.Join(deltas, "") != r.Text || result.Reasoning != r.Reasoning {
				t.Errorf("got %q, %q, reasoning %q", result.Text, deltas, result.Reasoning)
			}
			if n := len(stub.Requests()); n != 1 {
				t.Errorf("%d requests", n)
			}
			if r.Finish != "" {
				if err != nil || result.FinishReason != r.Finish {
					t.Errorf("finished by %q, %v", result.FinishReason, err)
				}
				return
			}
			var e *Error
			if !errors.As(err, &e) || !strings.Contains(e.Reason, r.Reason) || e.Message == "" {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestUsageIsReadInEveryShape(t *testing.T) {
	for _, r := range modelstub.Usages() {
		t.Run(r.Name, func(t *testing.T) {
			result, _, err := ask(t.Context(), start(t, modelstub.New(r.Behaviour()), Config{}), Request{})
			if err != nil || result.Text != r.Text {
				t.Fatalf("got %q, %v", result.Text, err)
			}
			u := result.Usage
			if r.Usage == nil {
				if u.Reported || u.Prompt != 0 {
					t.Errorf("got %+v", u)
				}
				return
			}
			fresh, cached, output, reasoning := u.Exclusive()
			got := modelstub.Usage{Prompt: fresh + cached, Cached: cached, Completion: output + reasoning, Reasoning: reasoning}
			if diff := cmp.Diff(*r.Usage, got); !u.Reported || len(u.Raw) == 0 || diff != "" {
				t.Errorf("reported %v, raw %s\n%s", u.Reported, u.Raw, diff)
			}
		})
	}
}

func TestALongPromptIsKnownInEveryWording(t *testing.T) {
	for _, r := range modelstub.TooLong() {
		t.Run(r.Name, func(t *testing.T) {
			stub := modelstub.New(r.Behaviour())
			_, _, err := ask(t.Context(), start(t, stub, Config{}), Request{})
			if e := wantError(t, err, CodeContextTooLong); !e.Unused() || len(stub.Requests()) != 1 {
				t.Errorf("unused %v, %d requests", e.Unused(), len(stub.Requests()))
			}
		})
	}
	_, _, err := ask(t.Context(), start(t, modelstub.New(modelstub.Behaviour{Status: 400, Message: "temperature exceeds 2"}), Config{}), Request{})
	wantError(t, err, CodeBadRequest)
}

var conversation = []Message{{"system", "Be brief."}, {"user", "a"}, {"user", "b"}, {"assistant", "c"}, {"user", "d"}}

func TestModelsGetTheRolesThatTheyTake(t *testing.T) {
	for _, r := range modelstub.RefusedRoles() {
		t.Run(r.Name, func(t *testing.T) {
			stub := modelstub.New(modelstub.Behaviour{})
			stub.Next(r.Behaviour())
			client := start(t, stub, Config{})
			for range 2 { // it is remembered
				if _, _, err := ask(t.Context(), client, Request{Messages: conversation}); err != nil {
					t.Fatal(err)
				}
			}
			requests := stub.Requests()
			if len(requests) != 3 {
				t.Fatalf("%d requests", len(requests))
			}
			for _, q := range requests[1:] {
				rolesAre(t, r.Takes, q.Messages)
			}
		})
	}
	stub := modelstub.New(modelstub.Behaviour{Status: 400, Message: "System role not supported"})
	_, _, err := ask(t.Context(), start(t, stub, Config{}), Request{Messages: conversation})
	wantError(t, err, CodeBadRequest)
	if n := len(stub.Requests()); n != 2 {
		t.Errorf("%d requests of a model that takes nothing", n)
	}
}

// rolesAre checks the roles of messages, and that nothing of the conversation
// is lost or out of order.
func rolesAre(t *testing.T, want []string, messages []modelstub.Message) {
	t.Helper()
	var roles, words []string
	for _, m := range messages {
		roles, words = append(roles, m.Role), append(words, m.Content)
	}
	if diff := cmp.Diff(want, roles); diff != "" {
		t.Error(diff)
	}
	if said := strings.Join(strings.Fields(strings.Join(words, " ")), " "); said != "Be brief. a b c d" {
		t.Errorf("sent %q", said)
	}
}

func TestWhatIsKnownOfAModelIsNotTriedOut(t *testing.T) {
	temperature := 0.5
	for name, c := range map[string]struct {
		config Config
		roles  []string
		not    string
	}{
		"no system role":   {Config{NoSystemRole: true}, []string{"user", "user", "assistant", "user"}, "system"},
		"roles in turn":    {Config{Alternates: true}, []string{"user", "assistant", "user"}, "system"},
		"no streaming":     {Config{NoStreaming: true}, []string{"system", "user", "user", "assistant", "user"}, `"stream":true`},
		"no usage of none": {Config{NoStreaming: true}, []string{"system", "user", "user", "assistant", "user"}, "stream_options"},
		"no temperature":   {Config{NoTemperature: true}, []string{"system", "user", "user", "assistant", "user"}, "temperature"},
	} {
		t.Run(name, func(t *testing.T) {
			stub := modelstub.New(modelstub.Behaviour{})
			c.config.MaxTokens = 77
			result, _, err := ask(t.Context(), start(t, stub, c.config), Request{Messages: conversation, Temperature: &temperature})
			if err != nil || result.Text == "" || !result.Usage.Reported {
				t.Fatalf("%+v, %v", result, err)
			}
			q := stub.Requests()[0]
			rolesAre(t, c.roles, q.Messages)
			if raw := string(q.Raw); len(stub.Requests()) != 1 || strings.Contains(raw, c.not) || !strings.Contains(raw, `"max_tokens":77`) {
				t.Errorf("%d requests, sent %s", len(stub.Requests()), raw)
			}
		})
	}
}

func TestAModelThatLoadsIsWaitedForAndTheClientIsTold(t *testing.T) {
	for _, r := range modelstub.Loading() {
		t.Run(r.Name, func(t *testing.T) {
			t.Parallel()
			stub := modelstub.New(modelstub.Behaviour{})
			first := r.Behaviour()
			first.RetryAfter = "0.01"
			stub.Next(first, first, first, first, first) // more often than a failure is repeated
			told := 0
			result, _, err := ask(t.Context(), start(t, stub, Config{}), Request{Loading: func() { told++ }})
			if err != nil || result.Text == "" || told != 5 || len(stub.Requests()) != 6 {
				t.Errorf("%+v, %v, told %d times, %d requests", result, err, told, len(stub.Requests()))
			}
		})
	}
}

func TestAModelThatNeverLoadsFailsWhenItsTimeIsOver(t *testing.T) {
	forever := modelstub.Loading()[0].Behaviour()
	forever.RetryAfter = "0.01"
	_, _, err := ask(t.Context(), start(t, modelstub.New(forever), Config{FirstByte: 200 * time.Millisecond}), Request{})
	if e := wantError(t, err, CodeLoading); !e.Unused() {
		t.Error("it is said to have used something")
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	gone := errors.New("the asker left")
	_, _, err = ask(ctx, start(t, modelstub.New(forever), Config{}), Request{Loading: func() { cancel(gone) }})
	if !errors.Is(err, gone) {
		t.Errorf("got %v", err)
	}
}

func TestACallWhoseAnswerIsLateIsNotRepeatedAndTheClientIsTold(t *testing.T) {
	told := make(chan struct{}, 10)
	stub := modelstub.New(modelstub.Behaviour{Answer: func(modelstub.Request) string { <-told; return "At last." }})
	client := start(t, stub, Config{Patience: 10 * time.Millisecond})
	result, _, err := ask(t.Context(), client, Request{Loading: func() { told <- struct{}{} }})
	if err != nil || result.Text != "At last." || len(stub.Requests()) != 1 || len(told) != 0 {
		t.Errorf("%+v, %v, %d requests", result, err, len(stub.Requests()))
	}
}

func TestPiecesOfAnySizeMakeTheSameText(t *testing.T) {
	const whole = "<think>Größe? 漢字</think>\n Größe 😀 漢字 </think> <"
	for size := 1; size < len(whole); size++ {
		var j joiner
		var s splitter
		var thought, said strings.Builder
		take := func(piece string) {
			a, b := s.add(piece)
			thought.WriteString(a)
			said.WriteString(b)
		}
		for rest := whole; rest != ""; rest = rest[min(size, len(rest)):] {
			take(j.add(rest[:min(size, len(rest))]))
		}
		take(j.flush())
		said.WriteString(s.flush())
		if thought.String() != "Größe? 漢字" || said.String() != "Größe 😀 漢字 </think> <" {
			t.Errorf("pieces of %d bytes: %q, %q", size, thought.String(), said.String())
		}
	}
}
