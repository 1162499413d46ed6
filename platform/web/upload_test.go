package web_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/platform/web"
	"parley/platform/webtest"
)

const path = "/api/thing/1/file"

func TestAnUploadIsReadPartByPart(t *testing.T) {
	answer := api(t).As("user").Upload(path, map[string]string{"title": "T"}, webtest.File{Field: "file", Name: "a.md", Type: "text/markdown", Content: []byte("# A")})
	var got []string
	answer.Want(200).Data(&got)
	if diff := cmp.Diff([]string{"title   T", "file a.md text/markdown # A"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestANameOfAnOlderSystemKeepsItsLetters(t *testing.T) {
	for given, want := range map[string]string{"\xdcbung.md": "Übung.md", "\xb1\xa8\xb8\xe6.md": "报告.md", "Übung.md": "Übung.md"} {
		body := "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + given + "\"\r\n\r\n1\r\n--x--\r\n"
		var got []string
		api(t).As("user").Send("POST", path, "multipart/form-data; boundary=x", strings.NewReader(body)).Want(200).Data(&got)
		if diff := cmp.Diff([]string{"file " + want + "  1"}, got); diff != "" {
			t.Error(diff)
		}
	}
}

func TestANameIsWhatABrowserMeansByIt(t *testing.T) {
	for given, want := range map[string]string{
		`The %22final%22.md`: `The "final".md`, `The \"final\".md`: `The "final".md`, "two%0D%0Alines.md": "two lines.md", "50%20 %25.md": "50%20 %25.md",
	} {
		body := "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"" + given + "\"\r\n\r\n1\r\n--x--\r\n"
		var got []string
		api(t).As("user").Send("POST", path, "multipart/form-data; boundary=x", strings.NewReader(body)).Want(200).Data(&got)
		if diff := cmp.Diff([]string{"file " + want + "  1"}, got); diff != "" {
			t.Error(diff)
		}
	}
}

func parts(n int) string {
	return strings.Repeat("--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n", n)
}

func TestAnUploadThatIsNotWhole(t *testing.T) {
	user := api(t).As("user")
	for name, c := range map[string]struct {
		body   string
		status int
	}{
		"a good one":             {parts(2) + "--x--\r\n", 200},
		"as many parts as may":   {parts(100) + "--x--\r\n", 200},
		"one part too many":      {parts(101) + "--x--\r\n", 400},
		"an end within a part":   {parts(1)[:52], 400},
		"an end between parts":   {parts(1), 400},
		"an end in a header":     {"--x\r\nContent-Dis", 400},
		"nothing at all":         {"", 400},
		"something else":         {"{}", 400},
		"a header that is wrong": {"--x\r\nnonsense\r\n\r\n1\r\n--x--\r\n", 400},
	} {
		t.Run(name, func(t *testing.T) {
			answer := user.On(t).Send("POST", path, "multipart/form-data; boundary=x", strings.NewReader(c.body)).Want(c.status)
			if c.status == 400 && answer.Code() != "malformed_request" {
				t.Error(answer.Code())
			}
		})
	}
	user.Send("POST", path, "multipart/form-data", strings.NewReader(parts(1))).Refused(415, "unsupported_media_type")
}

// unmeasured hides the length of a body, as a chunked request does.
type unmeasured struct{ *bytes.Reader }

func TestAnUploadOverTheLimitIsRefusedHoweverItsLengthIsGiven(t *testing.T) {
	s, err := web.New(web.Config{Routes: things(), Authenticator: people, Log: slog.New(slog.DiscardHandler), MaxUpload: 1000})
	if err != nil {
		t.Fatal(err)
	}
	user := webtest.New(t, s).As("user")
	raw := []byte(parts(100) + "--x--\r\n")
	for name, answer := range map[string]webtest.Answer{
		"declared": user.Send("POST", path, "multipart/form-data; boundary=x", bytes.NewReader(raw)),
		"chunked":  user.Send("POST", path, "multipart/form-data; boundary=x", unmeasured{bytes.NewReader(raw)}),
		"one file": user.Upload(path, nil, webtest.File{Field: "file", Name: "a", Content: raw}),
	} {
		answer.Refused(413, "request_too_large")
		if !strings.Contains(answer.Message(), "1000 bytes") || answer.Header.Get("Connection") != "close" {
			t.Errorf("%s: %s %v", name, answer.Body, answer.Header)
		}
	}
}
