package httpv1_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/modules/corpora"
	"parley/modules/users"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
	"parley/platform/web"
	"parley/platform/webtest"
)

func TestCorporaAreShownToWhoMayReadThem(t *testing.T) {
	s := setup(t)
	answer := s.As("jo").Expecting(created(1, 11)).Do("POST", "/api/corpus/", `{"name":"Guides","description":"All","indexing_mode_id":1,"corpus_type":"x","tags":["a","a"]}`).Want(201)
	var got map[string]any
	answer.Data(&got)
	want := map[string]any{
		"id": 1.0, "indexing_mode": map[string]any{"id": 1.0, "mode": "exhaustive"}, "name": "Guides", "description": "All", "is_public": false, "is_deleted": false,
		"owner": 11.0, "org": 1.0, "tags": []any{"a"}, "document_count": 0.0, "created_by": "jo@example.com", "created_on": "2026-05-01T12:00:00.345678Z",
		"modified_by": "", "modified_on": "2026-05-01T12:00:00.345678Z",
	}
	if diff := cmp.Diff(want, got); diff != "" || answer.Message() != "Corpus created successfully." {
		t.Errorf("%s\n%s", answer.Body, diff)
	}
	s.As("jo").Expecting(created(2, 11)).Do("POST", "/api/corpus", `{"name":"Open","is_public":true}`).Want(201)
	s.expecting(added(1, 2)).send("jo", "/api/corpus/2/document", part{"content_type", "", "text"}, part{"source", "", "x"}).Want(201)
	for as, names := range map[string]string{"jo": "Guides 0,Open 1", "al": "Open 1", "boss": "Guides 0,Open 1", "far": ""} {
		var list []struct {
			Name      string
			Documents int `json:"document_count"`
		}
		s.As(as).Do("GET", "/api/corpus", nil).Want(200).Data(&list)
		var shown []string
		for _, c := range list {
			shown = append(shown, c.Name+" "+string(rune('0'+c.Documents)))
		}
		if strings.Join(shown, ",") != names {
			t.Errorf("%s sees %v", as, shown)
		}
	}
	for name, c := range map[string]webtest.Scenario{
		"read":                 {Who: "jo", Method: "GET", Path: "/api/corpus/1", Status: 200},
		"not theirs":           {Who: "al", Method: "GET", Path: "/api/corpus/1", Status: 404, Code: "corpora.not_found"},
		"another organization": {Who: "far", Method: "GET", Path: "/api/corpus/2", Status: 404, Code: "corpora.not_found"},
		"name taken":           {Who: "jo", Method: "POST", Path: "/api/corpus", Body: `{"name":"guides"}`, Status: 409, Code: "corpora.name_taken"},
		"same name, other": {
			Who: "al", Method: "POST", Path: "/api/corpus", Body: `{"name":"guides"}`, Status: 201,
			Events: []event.Event{corpora.CorpusCreated{CorpusID: 3, OrganizationID: 1, OwnerID: 12}},
		},
		"blank name":    {Who: "jo", Method: "POST", Path: "/api/corpus", Body: `{"name":"  "}`, Status: 422, Code: "corpora.blank_name"},
		"no name":       {Who: "jo", Method: "POST", Path: "/api/corpus", Body: `{}`, Status: 400, Code: "malformed_request"},
		"unknown field": {Who: "jo", Method: "POST", Path: "/api/corpus", Body: `{"name":"a","owner":12}`, Status: 400, Code: "malformed_request"},
		"too long a tag": {
			Who: "jo", Method: "POST", Path: "/api/corpus", Body: `{"name":"a","tags":["` + strings.Repeat("x", 201) + `"]}`, Status: 422, Code: "unacceptable_value",
		},
		"a blank search": {Who: "jo", Method: "POST", Path: "/api/corpus/1/search", Body: `{"query":" "}`, Status: 422, Code: "unacceptable_value"},
		"unknown mode":   {Who: "jo", Method: "POST", Path: "/api/corpus", Body: `{"name":"a","indexing_mode_id":4}`, Status: 422, Code: "unacceptable_value"},
	} {
		t.Run(name, func(t *testing.T) { s.On(t).Play(c) })
	}
}

func TestAnUploadCanBeSearchedListedAndRead(t *testing.T) {
	s := setup(t)
	s.As("jo").Expecting(created(1, 11)).Do("POST", "/api/corpus", `{"name":"Open","is_public":true}`).Want(201)
	const path = "/api/corpus/1/document"
	text := "# Backups\n\nThe server keeps backups for thirty days.\n"
	s.expecting(added(1, 1)).send("jo", path, part{"content_type", "", "file"}, part{"source", "<b>ü.html", "<h1>Lanterns</h1><p>A lantern is a lamp.</p>"}, part{"tags", "", "x"}).Want(201)
	s.expecting(added(2, 1)).send("jo", path, part{"content_type", "", "text"}, part{"source", "", text}, part{"name", "", "Backups"}).Want(201)
	s.expecting(added(3, 1)).send("jo", path, part{"content_type", "", "file"}, part{"source", "broken.pdf", "%PDF-1.4 no more"}).Want(201)
	s.index(3)

	type hit struct {
		Number     int
		DocumentID int64 `json:"document_id"`
		ChunkID    int64 `json:"chunk_id"`
		Title      string
		Text       string
		Page       *int
		Score      float64
	}
	var hits []hit
	s.As("al").Do("POST", "/api/corpus/1/search", `{"query":"How long are backups kept?"}`).Want(200).Data(&hits)
	if len(hits) != 1 || hits[0].Number != 1 || hits[0].DocumentID != 2 || hits[0].Title != "Backups" || hits[0].Score <= 0 || hits[0].Page != nil || hits[0].ChunkID == 0 {
		t.Errorf("%+v", hits)
	}
	s.As("al").Do("POST", "/api/corpus/1/search", `{"query":"xyzzy"}`).Want(200).Data(&hits)
	if len(hits) != 0 {
		t.Errorf("%+v", hits)
	}
	for body, status := range map[string]int{`{"query":""}`: 422, `{}`: 400, `{"query":"a","limit":0}`: 422, `{"query":"a","limit":101}`: 422, `{"query":"a","limit":100}`: 200, `{"question":"a"}`: 400} {
		s.As("al").Do("POST", "/api/corpus/1/search", body).Want(status)
	}
	s.As("far").Do("POST", "/api/corpus/1/search", `{"query":"a"}`).Refused(404, "corpora.not_found")

	for query, want := range map[string]string{"": "<b>ü.html,Backups,broken.pdf", "?step=completed": "<b>ü.html,Backups", "?step=failed": "broken.pdf", "?tag=x": "<b>ü.html", "?name=BACK": "Backups", "?step=pending": ""} {
		var list []struct{ Name string }
		s.As("al").Do("GET", path+query, nil).Want(200).Data(&list)
		var names []string
		for _, d := range list {
			names = append(names, d.Name)
		}
		if strings.Join(names, ",") != want {
			t.Errorf("%s: %v", query, names)
		}
	}
	s.As("al").Do("GET", path+"?step=done", nil).Want(422)
	s.As("far").Do("GET", path, nil).Refused(404, "corpora.not_found")

	var failed struct {
		Step, MimeType string
		IsFailed       bool   `json:"is_failed"`
		Reason         string `json:"failure_reason"`
	}
	s.As("al").Do("GET", "/api/document/3", nil).Want(200).Data(&failed)
	if failed.Step != "failed" || !failed.IsFailed || !strings.Contains(failed.Reason, "PDF is damaged") {
		t.Errorf("%+v", failed)
	}
	s.As("far").Do("GET", "/api/document/3", nil).Refused(404, "corpora.document_not_found")
}

func TestContentIsADownloadAndNeverRendered(t *testing.T) {
	s := setup(t)
	s.As("jo").Expecting(created(1, 11)).Do("POST", "/api/corpus", `{"name":"Guides"}`).Want(201)
	page := "<script>alert(1)</script><p>A lantern is a lamp.</p>"
	s.expecting(added(1, 1)).send("jo", "/api/corpus/1/document", part{"content_type", "", "file"}, part{"source", "ü \"x\".html", page}).Want(201)
	s.index(1)
	answer := s.As("jo").Do("GET", "/api/document/1/content", nil).Want(200)
	if string(answer.Body) != page {
		t.Errorf("%s", answer.Body)
	}
	for header, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Content-Length": "52", "Content-Security-Policy": "sandbox; default-src 'none'"} {
		if got := answer.Header.Get(header); got != want {
			t.Errorf("%s: %q", header, got)
		}
	}
	if got := answer.Header.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment;") {
		t.Errorf("disposition %q", got)
	}
	for _, as := range []string{"al", "far"} {
		s.As(as).Do("GET", "/api/document/1/content", nil).Refused(404, "corpora.document_not_found")
	}
	s.Do("GET", "/api/document/1/content", nil).Refused(401, "unauthenticated")
}

func TestAnAgentIsConnectedByItsAdmins(t *testing.T) {
	s := setup(t)
	s.As("jo").Expecting(created(1, 11)).Do("POST", "/api/corpus", `{"name":"Open","is_public":true}`).Want(201)
	s.As("jo").Expecting(created(2, 11)).Do("POST", "/api/corpus", `{"name":"Hidden"}`).Want(201)
	const path = "/api/agent/5/corpus"
	s.As("jo").Do("POST", path+"/1", nil).Refused(403, "corpora.not_agent_admin")
	s.As("al").Do("POST", path+"/2", nil).Refused(404, "corpora.not_found")
	s.As("al").Do("POST", path+"/1", `{"shares_content":true}`).Refused(403, "corpora.not_corpus_admin")
	s.As("far").Do("POST", path+"/1", nil).Refused(404, "agents.not_found")
	s.As("al").Do("POST", path+"/1", `{"shares":true}`).Refused(400, "malformed_request")
	connected := func(id int64, shares bool, by int64) event.Event {
		return corpora.ConnectionChanged{AgentID: 5, CorpusID: id, OrganizationID: 1, IsEnabled: true, SharesContent: shares, ChangedBy: by}
	}
	answer := s.As("al").Expecting(connected(1, false, 12)).Do("POST", path+"/1", nil).Want(201)
	var got struct {
		ID, Agent     int64
		Corpus        struct{ ID int64 }
		IsEnabled     bool   `json:"is_enabled"`
		IsDefault     bool   `json:"is_default"`
		SharesContent bool   `json:"shares_content"`
		ConnectedBy   string `json:"connected_by"`
	}
	answer.Data(&got)
	if got.Agent != 5 || got.Corpus.ID != 1 || !got.IsEnabled || got.IsDefault || got.SharesContent || got.ConnectedBy != "al@example.com" {
		t.Errorf("%s", answer.Body)
	}
	s.As("al").Do("POST", path+"/1", `{}`).Refused(409, "corpora.already_connected")
	s.As("boss").Expecting(connected(2, true, 13)).Do("POST", path+"/2", `{"is_default":true}`).Want(201).Data(&got)
	if !got.SharesContent || !got.IsDefault {
		t.Errorf("%+v", got)
	}
	type connection struct {
		ID     int64
		Corpus struct{ ID int64 }
	}
	var meta web.Meta
	for as, want := range map[string]int{"al": 2, "jo": 2, "boss": 2} {
		var list []connection
		answer := s.As(as).Do("GET", path, nil).Want(200)
		answer.Data(&list)
		answer.Meta(&meta)
		if len(list) != want || *meta.Count != int64(want) {
			t.Errorf("%s sees %s", as, answer.Body)
		}
	}
	var first, second []connection
	answer = s.As("al").Do("GET", path+"?items_per_page=1&cursor=", nil).Want(200)
	answer.Data(&first)
	answer.Meta(&meta)
	if meta.Count != nil || meta.NextCursor == nil {
		t.Fatalf("%s", answer.Body)
	}
	s.As("al").Do("GET", path+"?cursor="+*meta.NextCursor, nil).Want(200).Data(&second)
	if len(first) != 1 || len(second) != 1 || first[0].Corpus.ID != 1 || second[0].Corpus.ID != 2 {
		t.Errorf("%+v, then %+v", first, second)
	}
	s.As("al").Do("GET", path+"?cursor=nonsense", nil).Refused(422, "invalid_cursor")
}

func TestADeletedUsersCorporaPassToTheAdmin(t *testing.T) {
	s := setup(t)
	s.As("jo").Expecting(created(1, 11)).Do("POST", "/api/corpus", `{"name":"Guides"}`).Want(201)
	s.As("al").Do("GET", "/api/corpus/1", nil).Want(404)
	deleted := func(org, by int64) {
		err := s.db.Do(t.Context(), func(_ context.Context, tx uow.Tx) error {
			tx.Publish(users.UserDeleted{OrganizationID: org, UserID: 11, DeletedBy: by})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	deleted(2, 14)
	s.As("far").Do("GET", "/api/corpus/1", nil).Want(404)
	deleted(1, 12)
	var got struct{ Owner int64 }
	s.As("al").Do("GET", "/api/corpus/1", nil).Want(200).Data(&got)
	if got.Owner != 12 {
		t.Errorf("owner %d", got.Owner)
	}
}
