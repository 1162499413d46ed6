package httpv1_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAnUploadIsTakenWithItsPartsInAnyOrder(t *testing.T) {
	s := setup(t)
	s.As("jo").Expecting(created(1, 11)).Do("POST", "/api/corpus", `{"name":"Guides"}`).Want(201)
	want := map[string]any{
		"corpus": 1.0, "name": "a.md", "source": "a.md", "content_type": "file", "mime_type": "application/octet-stream", "size": 3.0, "tags": []any{"x", "y z"},
		"description": "D", "upload_from": "web", "step": "pending", "is_failed": false, "failure_reason": nil, "warnings": []any{}, "chunk_count": 0.0, "page_count": nil, "user": 11.0,
		"sha256": "327f031b25e00b1a7cd9b0c18f05948b60f55d09f9b3d177d21083f83a3cb6df", "created_by": "jo@example.com", "created_on": "2026-05-01T12:00:00.345678Z",
		"modified_by": "", "modified_on": "2026-05-01T12:00:00.345678Z",
	}
	kind, source := part{"content_type", "", "file"}, part{"source", "a.md", "# A"}
	rest := []part{{"tags", "", "x, y z,,x"}, {"description", "", "D"}, {"upload_from", "", "web"}, {"user_id", "", "99"}}
	id := int64(0)
	for name, parts := range map[string][]part{
		"source first": append([]part{source, kind}, rest...),
		"source last":  append(append([]part{kind}, rest...), source),
		"between":      append([]part{rest[0], source, kind}, rest[1:]...),
		"twice":        append([]part{source, kind, source}, rest...),
	} {
		id++
		answer := s.expecting(added(id, 1)).send("jo", "/api/corpus/1/document?allow_duplicate=true", parts...).Want(201)
		var got map[string]any
		answer.Data(&got)
		if answer.Message() != "Document has been queued for indexing" || !strings.HasPrefix(got["access_url"].(string), "/api/document/") {
			t.Errorf("%s: %s", name, answer.Body)
		}
		delete(got, "id")
		delete(got, "access_url")
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s:\n%s", name, diff)
		}
	}
	if n := s.kept(); n != 4 {
		t.Errorf("%d files of 4 documents", n)
	}
}

func TestAnUploadThatIsRefusedLeavesNothing(t *testing.T) {
	s := setup(t)
	s.As("jo").Expecting(created(1, 11)).Do("POST", "/api/corpus", `{"name":"Open","is_public":true}`).Want(201)
	s.As("jo").Expecting(created(2, 11)).Do("POST", "/api/corpus", `{"name":"Hidden"}`).Want(201)
	s.expecting(added(1, 1)).send("jo", "/api/corpus/1/document", part{"content_type", "", "text"}, part{"source", "", "# Known"}, part{"name", "", "known.md"}).Want(201)
	const open, hidden = "/api/corpus/1/document", "/api/corpus/2/document"
	kind, source := part{"content_type", "", "file"}, part{"source", "a.md", "# A"}
	for name, c := range map[string]struct {
		as, path string
		parts    []part
		status   int
		code     string
		fields   string
	}{
		"nobody":                       {"", open, []part{kind, source}, 401, "unauthenticated", ""},
		"a viewer":                     {"al", open, []part{kind, source}, 403, "corpora.not_editor", ""},
		"not theirs":                   {"al", hidden, []part{kind, source}, 404, "corpora.not_found", ""},
		"another organization":         {"far", open, []part{kind, source}, 404, "corpora.not_found", ""},
		"no such corpus":               {"jo", "/api/corpus/9/document", []part{kind, source}, 404, "corpora.not_found", ""},
		"no source":                    {"jo", open, []part{kind}, 400, "malformed_request", "source"},
		"no content type":              {"jo", open, []part{source}, 400, "malformed_request", "content_type"},
		"no part":                      {"jo", open, nil, 400, "malformed_request", "content_type"},
		"an unknown part":              {"jo", open, []part{kind, source, {"colour", "", "red"}}, 400, "malformed_request", "colour"},
		"an unknown part before it":    {"jo", open, []part{{"colour", "", "red"}, kind, source}, 400, "malformed_request", "colour"},
		"an unknown query":             {"jo", open + "?colour=red", []part{kind, source}, 400, "malformed_request", "colour"},
		"a field given twice":          {"jo", open, []part{source, kind, kind}, 400, "malformed_request", "content_type"},
		"an unknown content type":      {"jo", open, []part{source, {"content_type", "", "picture"}}, 422, "unacceptable_value", "content_type"},
		"a link of another scheme":     {"jo", open, []part{{"source", "", "file:///etc/passwd"}, {"content_type", "", "weblink"}}, 422, "corpora.invalid_link", "source"},
		"a link with a password":       {"jo", open, []part{{"source", "", "http://a:b@x.org"}, {"content_type", "", "weblink"}}, 422, "corpora.invalid_link", "source"},
		"a link without a host":        {"jo", open, []part{{"source", "", "http:///x"}, {"content_type", "", "weblink"}}, 422, "corpora.invalid_link", "source"},
		"a long link":                  {"jo", open, []part{{"source", "", "http://x.org/" + strings.Repeat("x", 2_000)}, {"content_type", "", "weblink"}}, 422, "corpora.invalid_link", "source"},
		"two different sources":        {"jo", open, []part{kind, source, {"source", "a.md", "# B"}}, 422, "unacceptable_value", "source"},
		"two names of one source":      {"jo", open, []part{kind, source, {"source", "b.md", "# A"}}, 422, "unacceptable_value", "source"},
		"a long field":                 {"jo", open, []part{kind, source, {"description", "", strings.Repeat("x", 16<<10+1)}}, 413, "request_too_large", ""},
		"too many tags":                {"jo", open, []part{kind, source, {"tags", "", strings.Repeat("x,", 50)}}, 422, "unacceptable_value", "tags"},
		"too long a tag":               {"jo", open, []part{kind, source, {"tags", "", "a," + strings.Repeat("ü", 201)}}, 422, "unacceptable_value", "tags"},
		"a NUL in a field":             {"jo", open, []part{kind, source, {"name", "", "a\x00"}}, 422, "unacceptable_value", "name"},
		"blank text":                   {"jo", open, []part{{"content_type", "", "text"}, {"source", "", " \n "}}, 422, "corpora.blank_text", ""},
		"more than an upload may have": {"jo", open, []part{kind, {"source", "a.md", strings.Repeat("x", 20_000)}}, 413, "request_too_large", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := s
			s.t, s.Client = t, s.On(t)
			got := s.send(c.as, c.path, c.parts...).Want(c.status)
			if got.Code() != c.code || got.Fields() != c.fields {
				t.Errorf("%s", got.Body)
			}
			if n := s.kept(); n != 1 {
				t.Errorf("%d files", n)
			}
		})
	}
	for name, parts := range map[string][]part{
		"by content": {kind, {"source", "b.md", "# Known"}},
		"by name":    {kind, {"source", "known.md", "# Other"}},
		"a text":     {{"content_type", "", "text"}, {"source", "", "# Known"}},
	} {
		answer := s.send("jo", open, parts...).Refused(409, "duplicate_document")
		if answer.Header.Get("Location") != "/api/document/1" || !strings.Contains(answer.Message(), "Document 1 ") || answer.Fields() != "source" {
			t.Errorf("%s: %v %s", name, answer.Header, answer.Body)
		}
		if n := s.kept(); n != 1 {
			t.Errorf("%s: %d files", name, n)
		}
	}
	s.As("jo").Do("POST", open, `{"source":"x"}`).Refused(415, "unsupported_media_type")
	s.expecting(added(2, 1)).send("jo", open+"?allow_duplicate=true", kind, part{"source", "known.md", "# Known"}).Want(201)
}

func TestAnUploadThatBreaksOffLeavesNothing(t *testing.T) {
	s := setup(t)
	s.As("jo").Expecting(created(1, 11)).Do("POST", "/api/corpus", `{"name":"Guides"}`).Want(201)
	whole := "--x\r\nContent-Disposition: form-data; name=\"content_type\"\r\n\r\ntext\r\n" +
		"--x\r\nContent-Disposition: form-data; name=\"source\"\r\n\r\nsome words\r\n--x--\r\n"
	for end := 1; end < len(whole)-4; end += 7 {
		s.As("jo").Send("POST", "/api/corpus/1/document", "multipart/form-data; boundary=x", strings.NewReader(whole[:end])).Refused(400, "malformed_request")
	}
	if n := s.kept(); n != 0 {
		t.Errorf("%d files", n)
	}
	s.As("jo").Expecting(added(1, 1)).Send("POST", "/api/corpus/1/document", "multipart/form-data; boundary=x", strings.NewReader(whole)).Want(201)
}

func TestATextIsNamedAfterItsFirstLine(t *testing.T) {
	s := setup(t)
	s.As("jo").Expecting(created(1, 11)).Do("POST", "/api/corpus", `{"name":"Guides"}`).Want(201)
	id := int64(0)
	for text, want := range map[string]string{
		"\n\n## On and/or\nMore": "On and or",
		strings.Repeat("ü", 400): strings.Repeat("ü", 79) + "…",
		"One line":               "One line",
		"#":                      "Untitled",
	} {
		var got struct {
			Name     string
			Source   string
			MimeType string `json:"mime_type"`
		}
		id++
		s.expecting(added(id, 1)).send("jo", "/api/corpus/1/document", part{"source", "", text}, part{"content_type", "", "text"}).Want(201).Data(&got)
		if got.Name != want || got.Source != "text" || got.MimeType != "text/plain" {
			t.Errorf("%q is named %q", text, got.Name)
		}
	}
}
