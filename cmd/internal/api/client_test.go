package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// serving is a client of a server that answers the requests by turns, the last
// for ever, and what it was asked.
func serving(t *testing.T, turns ...http.HandlerFunc) (*Client, *[]*http.Request) {
	t.Helper()
	var asked []*http.Request
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		turn := turns[min(len(asked), len(turns)-1)]
		asked = append(asked, r)
		turn(w, r)
	}))
	t.Cleanup(s.Close)
	c, err := WithKey(s.URL+"/base/", "the key")
	if err != nil {
		t.Fatal(err)
	}
	return c, &asked
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

const overloaded = `{"success":false,"message":"Too much at once.","code":"unavailable","request_id":"r-1"}`

func TestTheDataOfAnAnswerIsRead(t *testing.T) {
	c, asked := serving(t, says(200, `{"success":true,"data":{"id":7}}`))
	var made struct{ ID int64 }
	if err := c.Post(t.Context(), "/api/team", map[string]any{"name": "a"}, &made); err != nil || made.ID != 7 {
		t.Errorf("read %+v, %v", made, err)
	}
	r := (*asked)[0]
	if r.URL.Path != "/base/api/team" || r.Header.Get("Ocp-Apim-Subscription-Key") != "the key" || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Idempotency-Key") == "" {
		t.Errorf("asked %s with %v", r.URL, r.Header)
	}
}

func TestARefusalSaysWhatTheServerSaid(t *testing.T) {
	c, _ := serving(t, says(422, `{"message":"A value is wrong.","code":"invalid","request_id":"r-1","errors":[{"field":"name","message":"is too long"}]}`))
	err := c.Get(t.Context(), "/api/team", nil)
	var no *Refusal
	if !errors.As(err, &no) || no.Status != 422 || no.Code != "invalid" {
		t.Fatalf("the error is %#v", err)
	}
	if want := "the server answered 422 to GET /api/team: A value is wrong. name: is too long (invalid, request r-1)"; err.Error() != want {
		t.Errorf("it says %q, not %q", err, want)
	}
}

func TestOnlyAPatientClientRepeatsWhatMayPassAndWithTheSameKey(t *testing.T) {
	c, asked := serving(t, says(503, overloaded), says(409, `{"message":"Still running.","code":"request_in_progress"}`), says(200, `{"data":{}}`))
	if err := c.Post(t.Context(), "/api/team", nil, nil); err == nil || len(*asked) != 1 {
		t.Fatalf("%v after %d requests", err, len(*asked))
	}
	if err := c.Patient(time.Millisecond).Post(t.Context(), "/api/team", nil, nil); err != nil || len(*asked) != 3 {
		t.Fatalf("%v after %d requests", err, len(*asked))
	}
	if first, second := (*asked)[1].Header.Get("Idempotency-Key"), (*asked)[2].Header.Get("Idempotency-Key"); first != second {
		t.Errorf("the keys are %q and %q", first, second)
	}
}

func TestPatienceEnds(t *testing.T) {
	c, asked := serving(t, says(503, overloaded))
	if err := c.Patient(time.Microsecond).Get(t.Context(), "/api/team", nil); err == nil || len(*asked) != tries {
		t.Errorf("%v after %d requests", err, len(*asked))
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	stopped := errors.New("stopped")
	c, _ = serving(t, says(503, overloaded), func(_ http.ResponseWriter, r *http.Request) {
		cancel(stopped)
		<-r.Context().Done() // an answer could be quicker
	})
	var no *Refusal
	if err := c.Patient(time.Millisecond).Get(ctx, "/api/team", nil); !errors.Is(err, stopped) || !errors.As(err, &no) {
		t.Errorf("the error of a call that was stopped doesn't tell why, and what went wrong before: %v", err)
	}
}

func TestCredentialsAreNotSentToWhereARedirectLeads(t *testing.T) {
	c, asked := serving(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) })
	err := c.Get(t.Context(), "/api/team", nil)
	if err == nil || !strings.Contains(err.Error(), "302") || len(*asked) != 1 {
		t.Errorf("%v after %d requests", err, len(*asked))
	}
}

func TestAnAnswerOfAnotherServerIsAnError(t *testing.T) {
	for _, turn := range []http.HandlerFunc{says(200, "<html>"), says(404, "<html>"), says(200, `{"data":"text"}`)} {
		c, asked := serving(t, turn)
		var data struct{}
		err := c.Patient(time.Hour).Get(t.Context(), "/api/team", &data)
		if err == nil || !strings.Contains(err.Error(), "check the address") || len(*asked) != 1 {
			t.Errorf("%v after %d requests", err, len(*asked))
		}
	}
}

func TestASignInIsTheCallerOfLaterCalls(t *testing.T) {
	c, asked := serving(t, says(200, `{"ejento_access_token":"t"}`), says(200, `{"data":[],"meta":{"count":3}}`))
	if err := c.SignIn(t.Context(), "a@example.org", "secret & more"); err != nil {
		t.Fatal(err)
	}
	if n, err := c.Count(t.Context(), "/api/corpus/1/document"); err != nil || n != 3 {
		t.Errorf("counted %d, %v", n, err)
	}
	if got := (*asked)[1].Header.Get("Authorization"); got != "Bearer t" {
		t.Errorf("the credentials are %q", got)
	}
}

func TestAnUploadCarriesItsNameAndItsContent(t *testing.T) {
	c, _ := serving(t, func(w http.ResponseWriter, r *http.Request) {
		file, head, err := r.FormFile("source")
		if err != nil {
			t.Error(err)
			return
		}
		content, err := io.ReadAll(file)
		if err != nil || string(content) != "# A" || head.Filename != "a.md" || r.FormValue("name") != "b.md" || r.FormValue("content_type") != "file" {
			t.Errorf("%s %q %v %v", head.Filename, content, r.Form, err)
		}
		says(201, `{"data":{"id":4}}`)(w, r)
	})
	if id, err := c.Upload(t.Context(), 1, "b.md", "a.md", []byte("# A")); err != nil || id != 4 {
		t.Errorf("document %d, %v", id, err)
	}
}
