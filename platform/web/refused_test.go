package web_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"parley/platform/kernel/clock"
	"parley/platform/memory"
	"parley/platform/memory/keys"
	"parley/platform/web"
	"parley/platform/webtest"
)

func TestHalfACharacterIsNoText(t *testing.T) {
	staff := api(t).As("staff")
	for name, body := range map[string]string{
		"a high half": `{"name":"a\ud83db"}`, "a high half at the end": `{"name":"\uD83D"}`, "a low half": `{"name":"\ude00"}`, "the halves the wrong way round": `{"name":"\ude00\ud83d"}`,
		"two high halves": `{"name":"\ud83d\ud83d\ude00"}`, "a half before another escape": `{"name":"\ud83d\n\ude00"}`, "in the name of a field": `{"\ud83d":1}`,
	} {
		if answer := staff.Do("PUT", "/api/thing/1", body).Refused(400, "malformed_request"); !strings.Contains(answer.Message(), "half a character") {
			t.Errorf("%s: %s", name, answer.Body)
		}
	}
	for body, want := range map[string]string{`{"name":"\ud83d\ude00"}`: "😀", `{"name":"\\ud83d"}`: `\ud83d`, `{"name":"\u00e9\\"}`: `é\`} {
		var got struct{ Name string }
		staff.Do("PUT", "/api/thing/1", body).Want(200).Data(&got)
		if got.Name != want {
			t.Errorf("%s is read as %q", body, got.Name)
		}
	}
}

func TestAByteOrderMarkIsToldOf(t *testing.T) {
	answer := api(t).As("staff").Do("PUT", "/api/thing/1", "\ufeff"+`{"name":"a"}`).Refused(400, "malformed_request")
	if got := answer.Message(); got != "The body begins with a byte order mark; leave it out." {
		t.Error(got)
	}
}

func TestAFieldWithoutANameIsToldOf(t *testing.T) {
	answer := api(t).As("staff").Do("PUT", "/api/thing/1", `{"name":"a","":1}`).Refused(400, "malformed_request")
	if got := answer.Message(); got != "The body has a field without a name." {
		t.Error(got)
	}
}

func TestABodyThatIsSaidToBeTooLargeIsNotWaitedFor(t *testing.T) {
	server := httptest.NewServer(handler(t))
	defer server.Close()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	head := "PUT /api/thing/1 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer staff\r\nContent-Type: application/json\r\nContent-Length: 50000000\r\nExpect: 100-continue\r\n\r\n"
	if _, err := io.WriteString(conn, head); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, len("HTTP/1.1 413"))
	if _, err := io.ReadFull(conn, said); string(said) != "HTTP/1.1 413" {
		t.Errorf("%q, %v", said, err)
	}
}

func TestAHeaderThatDecidesIsSentOnce(t *testing.T) {
	s, err := web.New(web.Config{
		Routes: things(), Authenticator: people, Idempotency: keys.New(memory.New(clock.System{})), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		body    string
		headers []string
		want    int
	}{
		"one of each":        {`{"ids":[1]}`, []string{"Content-Type", "application/json", "Idempotency-Key", "a"}, 201},
		"two types":          {`{"ids":[1]}`, []string{"Content-Type", "application/json", "Content-Type", "text/plain"}, 400},
		"two codings":        {`{"ids":[1]}`, []string{"Content-Type", "application/json", "Content-Encoding", "identity", "Content-Encoding", "gzip"}, 415},
		"two keys":           {`{"ids":[1]}`, []string{"Content-Type", "application/json", "Idempotency-Key", "a", "Idempotency-Key", "b"}, 400},
		"an empty one first": {`{"ids":[1]}`, []string{"Content-Type", "application/json", "Idempotency-Key", "", "Idempotency-Key", "b"}, 400},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "POST", "/api/thing", strings.NewReader(c.body))
		r.Header.Set("Authorization", "Bearer user")
		for i := 0; i < len(c.headers); i += 2 {
			r.Header.Add(c.headers[i], c.headers[i+1])
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != c.want {
			t.Errorf("%s: %d %s", name, w.Code, w.Body)
		}
	}
}

// A proxy's rules are about segments, and to it an encoded slash is a part of one.
func TestAnEncodedSlashPartsNoSegments(t *testing.T) {
	user := api(t).As("user")
	for _, path := range []string{"/api/thing%2f1", "/api/thing%2F1", "/api%2fthing/1", "/api/thing/1%2f", "/%2fapi/thing/1", "/api/thing/1%2Ffile"} {
		user.Do("GET", path, nil).Refused(404, "not_found")
	}
	user.Do("GET", "/api/%74hing/%31", nil).Want(200) // any other letter may be encoded
}

func TestNoParameterOfAQueryIsNullInTheDocument(t *testing.T) {
	var d struct {
		Paths map[string]map[string]struct {
			Parameters []struct {
				Name   string
				Schema struct{ Type any }
			}
		}
	}
	webtest.Serve(t, people, things()).Do("GET", "/openapi.json", nil).JSON(&d)
	types := map[string]any{}
	for _, p := range d.Paths["/api/thing"]["get"].Parameters {
		types[p.Name] = p.Schema.Type
	}
	if got := fmt.Sprint(types["live"], " ", types["since"], " ", types["kind"]); got != "boolean string string" {
		t.Error(got)
	}
}

func TestAnOperationWithoutABodySaysSoWhateverIsSent(t *testing.T) {
	admin := api(t).As("admin")
	for kind, body := range map[string]string{"text/plain": "x", "application/x-www-form-urlencoded": "a=1", "application/json": "[]", "application/json; charset=utf-8": "{", "multipart/form-data; boundary=x": parts(1)} {
		if answer := admin.Send("DELETE", "/api/thing/1", kind, strings.NewReader(body)).Refused(400, "malformed_request"); !strings.Contains(answer.Message(), "takes no body") {
			t.Errorf("%s: %s", kind, answer.Body)
		}
	}
	for kind, body := range map[string]string{"application/json": "{}", "text/plain": " ", "": "null", "application/x-www-form-urlencoded": ""} {
		admin.Send("DELETE", "/api/thing/1", kind, strings.NewReader(body)).Want(200)
	}
}

func TestABoundThatIsBrokenIsToldInASentence(t *testing.T) {
	type request struct {
		Body struct {
			At    time.Time         `json:"at"`
			Mails map[string]string `json:"mails,omitempty" maxProperties:"1"`
		}
	}
	at := func(_ context.Context, r request) (string, error) { return r.Body.At.String(), nil }
	user := webtest.Serve(t, people, []web.Route{web.POST("/api/at", "At", at, web.User())}).As("user")
	for body, want := range map[string]string{
		`{"at":"2026-11-30"}`: `The field "at" must be a date-time such as 2024-10-02T00:02:24Z.`,
		`{"at":"2026-11-30T00:00:00Z","mails":{"a":"b","c":"d"}}`: `The field "mails" must have at most 1 properties.`,
	} {
		if got := user.Do("POST", "/api/at", body).Refused(422, "unacceptable_value").Message(); got != want {
			t.Errorf("%s: %s", body, got)
		}
	}
}
