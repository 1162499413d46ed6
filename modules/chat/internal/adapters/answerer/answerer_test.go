package answerer_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/chat/internal/adapters/answerer"
	"parley/modules/chat/internal/adapters/openai"
	"parley/modules/chat/internal/core"
	"parley/modules/corpora"
	"parley/platform/kernel/apperr"
	"parley/platform/webtest/modelstub"
)

const key = "sk-verysecret-123"

var prompt = core.Prompt{
	System: "Answer from the sources.", Rendered: "<s>The warp coil is green.</s> Question: What color is the warp coil?", Original: "What color is the warp coil?",
	History: []core.Turn{{User: "Who are you?", Bot: "A helper."}, {User: "Silent?"}},
	Passages: []corpora.Passage{
		{Title: "Guide › Warp coil", Text: "The warp coil of the ship is green. It was blue before the refit.", Score: 2},
		{Title: "Guide › Deflector dish", Text: "The deflector dish stands in front of the hull.", Score: 1},
	},
}

// listen gathers what a model emits beside what it answers.
func listen(ctx context.Context, m core.Model, p core.Prompt) (core.Completion, []string, error) {
	var pieces []string
	out, err := m.Answer(ctx, p, func(piece string) error {
		pieces = append(pieces, piece)
		return nil
	})
	return out, pieces, err
}

// serve starts a model server and answers a model that asks it.
func serve(t *testing.T, b modelstub.Behaviour) (core.Model, *modelstub.Server) {
	t.Helper()
	stub := modelstub.New(b)
	server := httptest.NewServer(stub)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return modelOf(t, openai.Config{BaseURL: server.URL + "/v1"}), stub
}

// inBubble is serve without a network, for a test in a bubble: a server that
// hangs costs no time there.
func inBubble(t *testing.T, b modelstub.Behaviour) (core.Model, *modelstub.Server) {
	t.Helper()
	stub := modelstub.New(b)
	return modelOf(t, openai.Config{BaseURL: "http://model.test/v1", Transport: modelstub.Transport(stub)}), stub
}

func modelOf(t *testing.T, c openai.Config) core.Model {
	t.Helper()
	c.APIKey, c.Model, c.Backoff = key, "stub-1", time.Millisecond
	client, err := openai.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return answerer.NewOpenAI(client, "stub-1")
}

func reply(text string) func(modelstub.Request) string {
	return func(modelstub.Request) string { return text }
}

func TestAModelIsAskedWithTheWholeConversation(t *testing.T) {
	model, stub := serve(t, modelstub.Behaviour{Answer: reply("It is green [1].")})
	out, pieces, err := listen(t.Context(), model, prompt)
	if err != nil {
		t.Fatal(err)
	}
	want := []modelstub.Message{
		{Role: "system", Content: prompt.System}, {Role: "user", Content: "Who are you?"}, {Role: "assistant", Content: "A helper."}, {Role: "user", Content: "Silent?"},
		{Role: "user", Content: prompt.Rendered},
	}
	if diff := cmp.Diff(want, stub.Requests()[0].Messages); diff != "" {
		t.Error(diff)
	}
	if !slices.Equal(pieces, []string{"It", " is", " green", " [1]."}) || out.Text != "It is green [1]." || out.Model != "stub-1" || out.FollowUps != nil {
		t.Errorf("%q, %+v", pieces, out)
	}
	u := out.Usage
	if !u.Reported || u.FreshInput+u.CachedInput == 0 || u.Output != 4 || len(u.Raw) == 0 {
		t.Errorf("usage %+v", u)
	}
}

func TestAModelServerThatFailsIsToldInWords(t *testing.T) {
	const text = "It is green [1]."
	cases := map[string]struct {
		stub     modelstub.Behaviour
		says     string
		kept     string
		requests int
	}{
		"500 again and again":      {modelstub.Behaviour{Status: 500, Message: "boom at 10.0.0.7, key " + key}, "The model server failed", "", 3},
		"a key that is refused":    {modelstub.Behaviour{Status: 401, Message: "bad key " + key}, "refused this server's key", "", 1},
		"a model nobody knows":     {modelstub.Behaviour{Status: 404, Message: "no such model"}, "does not know this model", "", 1},
		"too long a conversation":  {modelstub.Behaviour{Status: 400, Code: "context_length_exceeded", Message: "8192"}, "longer than the model takes", "", 1},
		"no money left":            {modelstub.Behaviour{Status: 429, Code: "insufficient_quota", Message: "pay"}, "quota at the model server", "", 1},
		"too many requests":        {modelstub.Behaviour{Status: 429, RetryAfter: "3600", Message: "slow"}, "busy", "", 1},
		"a request it won't take":  {modelstub.Behaviour{Status: 400, Message: "rejected"}, "did not accept", "", 1},
		"a server that hangs":      {modelstub.Behaviour{HangBefore: true}, "took too long", "", 1},
		"hanging in mid-stream":    {modelstub.Behaviour{Answer: reply(text), HangAfter: 2}, "took too long", "It is", 1},
		"cut in mid-stream":        {modelstub.Behaviour{Answer: reply(text), CutAfter: 2}, "broke off in the middle", "It is", 1},
		"an error in mid-stream":   {modelstub.Behaviour{Answer: reply(text), ErrorAfter: 3, Message: "gpu lost at http://10.0.0.7:8000/v1"}, "It said: “gpu lost at [address]”", "It is green", 1},
		"a page of HTML":           {modelstub.Behaviour{Body: "<html>", ContentType: "text/html"}, "could not be read", "", 1},
		"an answer without a word": {modelstub.Behaviour{Answer: reply(" \n"), FinishReason: "content_filter"}, "without an answer", " \n", 1},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			check := func(t *testing.T, model core.Model, stub *modelstub.Server) {
				out, pieces, err := listen(t.Context(), model, prompt)
				var said *apperr.Error
				if !errors.As(err, &said) || !errors.Is(err, core.ErrModelFailed) || !strings.Contains(said.Message, c.says) {
					t.Fatalf("got %v", err)
				}
				if tooLong := name == "too long a conversation"; errors.Is(err, core.ErrPromptTooLong) != tooLong {
					t.Errorf("got %v", err)
				}
				if strings.Contains(err.Error(), key) || strings.Contains(said.Message, c.stub.Message) && c.stub.Message != "" {
					t.Errorf("%q and %q show too much", said.Message, err)
				}
				if out.Text != c.kept || strings.Join(pieces, "") != c.kept || out.Model != "stub-1" {
					t.Errorf("kept %+v of %q", out, pieces)
				}
				if n := len(stub.Requests()); n != c.requests {
					t.Errorf("%d requests, want %d", n, c.requests)
				}
			}
			if c.stub.HangBefore || c.stub.HangAfter > 0 {
				synctest.Test(t, func(t *testing.T) {
					model, stub := inBubble(t, c.stub)
					check(t, model, stub)
				})
				return
			}
			t.Parallel()
			model, stub := serve(t, c.stub)
			check(t, model, stub)
		})
	}
}

func TestOnlyAServerThatFailsIsStoodInFor(t *testing.T) {
	const text = "It is green [1]."
	for name, c := range map[string]struct {
		stub            modelstub.Behaviour
		another, unused bool
	}{
		"500":                    {modelstub.Behaviour{Status: 500}, true, true},
		"busy":                   {modelstub.Behaviour{Status: 429, RetryAfter: "3600"}, true, true},
		"no money left":          {modelstub.Behaviour{Status: 402}, true, true},
		"a key that is refused":  {modelstub.Behaviour{Status: 401}, true, true},
		"a model nobody knows":   {modelstub.Behaviour{Status: 404}, true, true},
		"a server that hangs":    {modelstub.Behaviour{HangBefore: true}, true, false},
		"an error at once":       {modelstub.Behaviour{Body: "data: {\"error\":\"gpu lost\"}\n\n", ContentType: "text/event-stream"}, true, false},
		"a page of HTML":         {modelstub.Behaviour{Body: "<html>", ContentType: "text/html"}, true, false},
		"a bad request":          {modelstub.Behaviour{Status: 400, Message: "the prompt was filtered"}, false, true},
		"too long a prompt":      {modelstub.TooLong()[0].Behaviour(), false, true},
		"an empty answer":        {modelstub.Behaviour{Answer: reply(" "), FinishReason: "content_filter"}, false, false},
		"cut in mid-stream":      {modelstub.Behaviour{Answer: reply(text), CutAfter: 1}, false, false},
		"an error in mid-stream": {modelstub.Behaviour{Answer: reply(text), ErrorAfter: 1}, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			check := func(t *testing.T, model core.Model) {
				out, _, err := listen(t.Context(), model, prompt)
				if !errors.Is(err, core.ErrModelFailed) || errors.Is(err, core.ErrNoAnswer) != c.another || out.Refused != c.unused {
					t.Errorf("%v; another %v, refused %v", err, errors.Is(err, core.ErrNoAnswer), out.Refused)
				}
			}
			if c.stub.HangBefore { // it takes a minute
				synctest.Test(t, func(t *testing.T) {
					model, _ := inBubble(t, c.stub)
					check(t, model)
				})
				return
			}
			t.Parallel()
			model, _ := serve(t, c.stub)
			check(t, model)
		})
	}
}

func TestAServerThatIsNotThereIsToldInWords(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	client, err := openai.New(openai.Config{BaseURL: server.URL, Backoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := listen(t.Context(), answerer.NewOpenAI(client, "stub-1"), prompt)
	var said *apperr.Error
	if !errors.As(err, &said) || !errors.Is(err, core.ErrNoAnswer) || !out.Refused || !strings.Contains(said.Message, "can't be reached") || strings.Contains(said.Message, "127.0.0.1") {
		t.Errorf("got %v", err)
	}
}

func TestASlowStreamIsNotCutShort(t *testing.T) {
	model, _ := serve(t, modelstub.Behaviour{Answer: reply("It is green, as it was [1]."), FirstDelay: 20 * time.Millisecond, Delay: 20 * time.Millisecond})
	out, _, err := listen(t.Context(), model, prompt)
	if err != nil || out.Text != "It is green, as it was [1]." {
		t.Errorf("%q, %v", out.Text, err)
	}
}

func TestWhoeverStopsListeningEndsTheCall(t *testing.T) {
	model, _ := serve(t, modelstub.Behaviour{Answer: reply("It is green [1]."), HangAfter: 2})
	cause := errors.New("cancelled by the asker")
	ctx, cancel := context.WithCancelCause(t.Context())
	out, err := model.Answer(ctx, prompt, func(piece string) error {
		if piece == " is" {
			cancel(cause)
		}
		return nil
	})
	if !errors.Is(err, cause) || out.Text != "It is" {
		t.Errorf("%q, %v", out.Text, err)
	}
	full := errors.New("no more room")
	out, err = model.Answer(t.Context(), prompt, func(piece string) error {
		if piece == " is" {
			return full
		}
		return nil
	})
	if !errors.Is(err, full) || errors.Is(err, core.ErrModelFailed) || out.Text != "It" {
		t.Errorf("%q, %v", out.Text, err)
	}
}

func TestAServerWithoutUsageIsEstimatedLater(t *testing.T) {
	model, _ := serve(t, modelstub.Behaviour{Answer: reply("It is green [1]."), NoUsage: true})
	out, _, err := listen(t.Context(), model, prompt)
	if err != nil || out.Usage.Reported {
		t.Errorf("%+v, %v", out.Usage, err)
	}
}

func TestWithoutAModelThePassagesAreQuoted(t *testing.T) {
	model := answerer.NewExtractive()
	out, pieces, err := listen(t.Context(), model, prompt)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.Text, "“The warp coil of the ship is green.” [1]") || strings.Join(pieces, "") != out.Text {
		t.Errorf("%q of %q", out.Text, pieces)
	}
	if out.Model != "extractive" || model.Name() != "extractive" || out.Usage.Reported || out.FollowUps != nil {
		t.Errorf("%+v", out)
	}
}

func TestTheQuotesComeOneByOne(t *testing.T) {
	p := prompt
	p.Original = "How are the warp coil and the deflector dish repaired?"
	p.Passages = []corpora.Passage{
		{Title: "Guide", Text: "The warp coil is repaired with green copper wire. A broken deflector dish goes back to its maker.", Score: 2},
	}
	out, pieces, err := listen(t.Context(), answerer.NewExtractive(), p)
	if err != nil || len(pieces) < 2 || strings.Join(pieces, "") != out.Text || slices.Contains(pieces, "") {
		t.Errorf("%q, %v", pieces, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	out, err = answerer.NewExtractive().Answer(ctx, p, func(string) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) || out.Text != pieces[0] {
		t.Errorf("%q, %v", out.Text, err)
	}
}

func TestWithoutAPassageTheAnswerSaysSo(t *testing.T) {
	p := prompt
	p.Passages = nil
	out, pieces, err := listen(t.Context(), answerer.NewExtractive(), p)
	if err != nil || !strings.Contains(out.Text, "could not find") || len(pieces) != 1 {
		t.Errorf("%q, %v", out.Text, err)
	}
}

func TestFollowUpsAreMadeOfWhatElseWasFound(t *testing.T) {
	p := prompt
	p.SuggestFollowUps = true
	model, stub := serve(t, modelstub.Behaviour{Answer: reply("It is green [1].")})
	for _, m := range []core.Model{answerer.NewExtractive(), model} {
		out, _, err := listen(t.Context(), m, p)
		if err != nil || len(out.FollowUps) != 1 || !strings.Contains(out.FollowUps[0], "Deflector dish") {
			t.Errorf("%s: %q, %v", m.Name(), out.FollowUps, err)
		}
	}
	if n := len(stub.Requests()); n != 1 {
		t.Errorf("%d calls of the model", n)
	}
}
