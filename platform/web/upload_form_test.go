package web_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"testing"

	"parley/platform/web"
	"parley/platform/webtest"
)

type partsRequest struct {
	Upload web.Multipart[struct {
		Title string `json:"title" maxLength:"5"`
		Kind  string `json:"kind,omitempty" enum:"big,small"`
		Above int64  `json:"above,omitempty" minimum:"1"`
		File  []byte `json:"file"`
		More  []byte `json:"more,omitempty" repeats:"true"`
	}]
}

func takeParts(_ context.Context, r partsRequest) (string, error) {
	var files []string
	form, sent, err := r.Upload.Form(func(p web.Part) error {
		raw, err := io.ReadAll(p)
		files = append(files, string(raw))
		return err
	})
	return fmt.Sprint(form.Title, " ", form.Kind, " ", form.Above, " ", sent["above"], " ", files), err
}

func field(name, value string) string {
	return "--x\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
}

func TestThePartsOfAnUploadAreCheckedAsFieldsOfABody(t *testing.T) {
	user := webtest.Serve(t, people, []web.Route{web.POST("/api/parts", "Take Parts", takeParts, web.User())}).As("user")
	title, file := field("title", "T"), field("file", "f")
	for name, c := range map[string]struct {
		body   string
		status int
		want   string // the answer, or the field that is told of
	}{
		"all of them":            {file + field("kind", "big") + field("above", "7") + title + field("more", "a") + field("more", "b"), 200, "T big 7 true [f a b]"},
		"what must be":           {title + file, 200, "T  0 false [f]"},
		"five letters":           {field("title", "äöüßé") + file, 200, "äöüßé  0 false [f]"},
		"an old system's letter": {field("title", "\xdcb") + file, 200, "Üb  0 false [f]"},
		"six letters":            {field("title", "äöüßéa") + file, 422, "title"},
		"a text without end":     {field("title", strings.Repeat("a", 1<<20)) + file, 422, "title"},
		"a NUL":                  {field("title", "a\x00") + file, 422, "title"},
		"nothing to see":         {field("title", "\u200b") + file, 422, "title"},
		"no word of the list":    {title + file + field("kind", "Big"), 422, "kind"},
		"no number":              {title + file + field("above", "+7"), 400, "above"},
		"a number below":         {title + file + field("above", "0"), 422, "above"},
		"a number too large":     {title + file + field("above", "9223372036854775808"), 422, "above"},
		"a text twice":           {title + title + file, 400, "title"},
		"a file twice":           {title + file + file, 400, "file"},
		"an unknown field":       {title + file + field("nope", "1"), 400, "nope"},
		"a part without a name":  {title + file + field("", "1"), 400, ""},
		"no text":                {file, 400, "title"},
		"no file":                {title, 400, "file"},
	} {
		t.Run(name, func(t *testing.T) {
			answer := user.On(t).Send("POST", "/api/parts", "multipart/form-data; boundary=x", strings.NewReader(c.body+"--x--\r\n")).Want(c.status)
			got := answer.Fields()
			if c.status == 200 {
				answer.Data(&got)
			}
			if got != c.want {
				t.Errorf("got %q, want %q: %s", got, c.want, answer.Body)
			}
		})
	}
}

func TestAnUploadIsAFormAndNothingElse(t *testing.T) {
	user := api(t).As("user")
	body := parts(1) + "--x--\r\n"
	user.Send("POST", path, "multipart/mixed; boundary=x", strings.NewReader(body)).Refused(415, "unsupported_media_type")
	answer := user.Send("POST", path, "multipart/form-data", strings.NewReader(body)).Refused(415, "unsupported_media_type")
	if !strings.Contains(answer.Message(), "boundary") {
		t.Error(answer.Message())
	}
	user.With("Content-Encoding", "gzip").Send("POST", path, "multipart/form-data; boundary=x", strings.NewReader(body)).Refused(415, "unsupported_media_type")
	user.With("Content-Encoding", "Identity").Send("POST", path, "multipart/form-data; boundary=x", strings.NewReader(body)).Want(200)
}
