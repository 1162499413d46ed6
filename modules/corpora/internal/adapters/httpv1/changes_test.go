package httpv1_test

import (
	"bytes"
	"mime/multipart"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/modules/corpora"
	"parley/platform/kernel/event"
	"parley/platform/webtest"
)

// change sends a document's new source.
func (s scene) change(as, path string, parts ...part) webtest.Answer {
	s.t.Helper()
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, p := range parts {
		to, err := w.CreateFormFile(p.name, p.file)
		if p.file == "" {
			to, err = w.CreateFormField(p.name)
		}
		if err == nil {
			_, err = to.Write([]byte(p.content))
		}
		if err != nil {
			s.t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		s.t.Fatal(err)
	}
	return s.As(as).Send("PUT", path, w.FormDataContentType(), &body)
}

func TestADocumentIsChangedAsJSONOrByUpload(t *testing.T) {
	s := setup(t)
	s.As("jo").Expecting(created(1, 11)).Do("POST", "/api/corpus", `{"name":"Open","is_public":true}`).Want(201)
	for i, name := range []string{"a.md", "b.md"} {
		s.expecting(added(int64(i)+1, 1)).send("jo", "/api/corpus/1/document", part{"content_type", "", "file"}, part{"source", name, "# " + name}).Want(201)
	}
	s.index(2)
	const path = "/api/document/1"
	updated := func(revision int) []event.Event {
		return []event.Event{corpora.DocumentUpdated{DocumentID: 1, CorpusID: 1, OrganizationID: 1, Revision: revision}}
	}
	for _, c := range []webtest.Scenario{
		{Who: "al", Method: "PUT", Path: path, Body: `{"name":"x"}`, Status: 403, Code: "corpora.not_editor"},
		{Who: "far", Method: "PUT", Path: path, Body: `{"name":"x"}`, Status: 404, Code: "corpora.document_not_found"},
		{Who: "jo", Method: "PUT", Path: path, Body: `{"step":"completed"}`, Status: 400, Code: "malformed_request"},
		{Who: "jo", Method: "PUT", Path: path, Status: 400, Code: "malformed_request"},
		{Who: "jo", Method: "PUT", Path: path, Body: `{"name":"b.md"}`, Status: 409, Code: "duplicate_document"},
		{Who: "jo", Method: "PUT", Path: path + "?allow_duplicate=true", Body: `{"name":"b.md"}`, Status: 200, Events: updated(1)},
		{Who: "jo", Method: "PUT", Path: path, Body: `{"name":"c.md","description":"D","tags":["x"]}`, Status: 200, Events: updated(2)},
		{Who: "jo", Method: "PUT", Path: path, Body: `{"name":"c.md","tags":["x"],"description":"D!"}`, Status: 200, Events: updated(2)},
		{Who: "jo", Method: "PUT", Path: path, Body: `{"description":"D"}`, Status: 200, Events: updated(2)},
		{Who: "jo", Method: "PUT", Path: path, Body: `{}`, Status: 200},
	} {
		s.Play(c)
	}
	source := part{"source", "d.md", "# Lanterns\n\nA lantern is a lamp."}
	s.change("al", path, source).Refused(403, "corpora.not_editor")
	s.change("jo", path, part{"name", "", "x"}).Refused(400, "malformed_request")
	s.change("jo", path, source, part{"step", "", "x"}).Refused(400, "malformed_request")
	s.change("jo", path, part{"source", "d.md", "# b.md"}).Refused(409, "duplicate_document")
	if n := s.kept(); n != 2 {
		t.Errorf("%d files of 2 documents", n)
	}
	var got struct {
		Name, Step, Description string
		Tags                    []string
	}
	s.expecting(updated(3)...).change("jo", path, source).Want(200).Data(&got)
	if got.Name != "d.md" || got.Step != "pending" || got.Description != "D" || len(got.Tags) != 1 {
		t.Errorf("%+v", got)
	}
	s.index(2) // the text, and the old file
	s.As("al").Do("GET", path, nil).Want(200).Data(&got)
	if got.Step != "completed" || s.kept() != 2 {
		t.Errorf("%+v, %d files", got, s.kept())
	}
	s.As("al").Do("POST", path+"/reindex", nil).Refused(403, "corpora.not_editor")
	s.As("jo").Expecting(updated(4)...).Do("POST", path+"/reindex", nil).Want(200).Data(&got)
	if got.Step != "pending" {
		t.Errorf("%+v", got)
	}
	s.index(1)
}

func TestADocumentIsRenamedBesideACopyThatWasAllowed(t *testing.T) {
	s := setup(t)
	s.As("jo").Expecting(created(1, 11)).Do("POST", "/api/corpus", `{"name":"Open"}`).Want(201)
	s.expecting(added(1, 1)).send("jo", "/api/corpus/1/document", part{"content_type", "", "file"}, part{"source", "a.md", "# A"}).Want(201)
	s.expecting(added(2, 1)).send("jo", "/api/corpus/1/document?allow_duplicate=true", part{"content_type", "", "file"}, part{"source", "b.md", "# A"}).Want(201)
	s.As("jo").Expecting(corpora.DocumentUpdated{DocumentID: 1, CorpusID: 1, OrganizationID: 1, Revision: 1}).Do("PUT", "/api/document/1", `{"name":"c.md"}`).Want(200)
	s.As("jo").Expecting(corpora.DocumentUpdated{DocumentID: 2, CorpusID: 1, OrganizationID: 1, Revision: 1}).Do("PUT", "/api/document/2", `{"name":"d.md"}`).Want(200)
	s.As("jo").Do("PUT", "/api/document/1", `{"name":"d.md"}`).Refused(409, "duplicate_document")
	s.send("jo", "/api/corpus/1/document", part{"content_type", "", "file"}, part{"source", "e.md", "# A"}).Refused(409, "duplicate_document")
}

func TestDocumentsAreDeletedByIdOrWithTheNameOfTheCorpus(t *testing.T) {
	s := setup(t)
	s.As("jo").Expecting(created(1, 11)).Do("POST", "/api/corpus", `{"name":"Open","is_public":true}`).Want(201)
	for i, name := range []string{"a", "b", "c", "d"} {
		s.expecting(added(int64(i)+1, 1)).send("jo", "/api/corpus/1/document", part{"content_type", "", "text"}, part{"source", "", name}).Want(201)
	}
	const path = "/api/corpus/1/document"
	deleted := func(ids ...int64) (facts []event.Event) {
		for _, id := range ids {
			facts = append(facts, corpora.DocumentDeleted{DocumentID: id, CorpusID: 1, OrganizationID: 1, DeletedBy: 11})
		}
		return facts
	}
	for _, c := range []webtest.Scenario{
		{Who: "al", Method: "DELETE", Path: "/api/document/1", Status: 403, Code: "corpora.not_editor"},
		{Who: "far", Method: "DELETE", Path: "/api/document/1", Status: 404, Code: "corpora.document_not_found"},
		{Who: "jo", Method: "DELETE", Path: "/api/document/1", Status: 200, Events: deleted(1)},
		{Who: "jo", Method: "DELETE", Path: "/api/document/1", Status: 404, Code: "corpora.document_not_found"},
		{Who: "jo", Method: "DELETE", Path: path, Status: 400, Code: "malformed_request"},
		{Who: "jo", Method: "DELETE", Path: path, Body: `{}`, Status: 400, Code: "malformed_request"},
		{Who: "jo", Method: "DELETE", Path: path, Body: `{"document_ids":null}`, Status: 400, Code: "malformed_request"},
		{Who: "jo", Method: "DELETE", Path: path, Body: `{"document_ids":[]}`, Status: 422, Code: "unacceptable_value"},
		{Who: "jo", Method: "DELETE", Path: path + "?confirm=Open", Body: `{"document_ids":[2]}`, Status: 400, Code: "malformed_request"},
		{Who: "jo", Method: "DELETE", Path: path, Body: `{"document_ids":[2,1]}`, Status: 404, Code: "corpora.document_not_in_corpus"},
		{Who: "al", Method: "DELETE", Path: path, Body: `{"document_ids":[2]}`, Status: 403, Code: "corpora.not_editor"},
		{Who: "jo", Method: "DELETE", Path: path, Body: `{"document_ids":[2]}`, Status: 200, Events: deleted(2)},
		{Who: "jo", Method: "DELETE", Path: path + "?confirm=open", Status: 422, Code: "corpora.not_confirmed"},
		{Who: "far", Method: "DELETE", Path: path + "?confirm=Open", Status: 404, Code: "corpora.not_found"},
		{Who: "jo", Method: "DELETE", Path: path + "?confirm=Open", Status: 200, Events: deleted(3, 4)},
		{Who: "jo", Method: "DELETE", Path: path + "?confirm=Open", Status: 200},
		{Who: "al", Method: "DELETE", Path: "/api/corpus/1", Status: 403, Code: "corpora.not_admin"},
		{Who: "jo", Method: "DELETE", Path: "/api/corpus/1", Status: 200, Events: []event.Event{corpora.CorpusDeleted{CorpusID: 1, OrganizationID: 1, DeletedBy: 11}}},
		{Who: "jo", Method: "DELETE", Path: "/api/corpus/1", Status: 404, Code: "corpora.not_found"},
	} {
		s.Play(c)
	}
}

func TestDuplicatesAreFoundBeforeTheyAreSent(t *testing.T) {
	s := setup(t)
	s.As("jo").Expecting(created(1, 11)).Do("POST", "/api/corpus", `{"name":"Open","is_public":true}`).Want(201)
	s.expecting(added(1, 1)).send("jo", "/api/corpus/1/document", part{"content_type", "", "file"}, part{"source", "a.md", "# A"}).Want(201)
	const path = "/api/corpus/1/document/duplicate"
	const sum = "327f031b25e00b1a7cd9b0c18f05948b60f55d09f9b3d177d21083f83a3cb6df"
	var got map[string]any
	s.As("al").Do("POST", path, `{"documents":["a.md","b.md",{"name":"c.md","sha256":"`+sum+`"}]}`).Want(200).Data(&got)
	want := map[string]any{"duplicate_files": []any{
		map[string]any{"name": "a.md", "document_id": 1.0, "match": "name"}, map[string]any{"name": "c.md", "document_id": 1.0, "match": "content"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for body, status := range map[string]int{
		`{}`: 400, `{"documents":[]}`: 422, `{"documents":[1]}`: 400, `{"documents":[{"name":"a"}]}`: 400, `{"documents":[{"name":"a","sha256":"x"}]}`: 400,
		`{"documents":[{"name":"a","sha256":"` + sum + `","id":1}]}`: 400,
	} {
		s.As("al").Do("POST", path, body).Want(status)
	}
	s.As("far").Do("POST", path, `{"documents":["a.md"]}`).Refused(404, "corpora.not_found")
}

func TestAConnectionIsReadChangedAndEnded(t *testing.T) {
	s := setup(t)
	s.As("jo").Expecting(created(1, 11)).Do("POST", "/api/corpus", `{"name":"Open","is_public":true}`).Want(201)
	const path = "/api/agent/5/corpus/1"
	changed := func(enabled, shares bool, by int64) []event.Event {
		return []event.Event{corpora.ConnectionChanged{AgentID: 5, CorpusID: 1, OrganizationID: 1, IsEnabled: enabled, SharesContent: shares, ChangedBy: by}}
	}
	for _, c := range []webtest.Scenario{
		{Who: "al", Method: "GET", Path: path, Status: 404, Code: "corpora.not_connected"},
		{Who: "al", Method: "PUT", Path: path, Body: `{}`, Status: 404, Code: "corpora.not_connected"},
		{Who: "al", Method: "DELETE", Path: path, Status: 404, Code: "corpora.not_connected"},
		{Who: "al", Method: "POST", Path: path, Status: 201, Events: changed(true, false, 12)},
		{Who: "jo", Method: "GET", Path: path, Status: 200},
		{Who: "jo", Method: "PUT", Path: path, Body: `{"is_enabled":false}`, Status: 403, Code: "corpora.not_agent_admin"},
		{Who: "al", Method: "PUT", Path: path, Body: `{"shares_content":true}`, Status: 403, Code: "corpora.not_corpus_admin"},
		{Who: "al", Method: "PUT", Path: path, Body: `{"connected_by":"x"}`, Status: 400, Code: "malformed_request"},
		{Who: "al", Method: "PUT", Path: path, Body: `{"is_enabled":false,"shares_content":false}`, Status: 200, Events: changed(false, false, 12)},
		{Who: "al", Method: "PUT", Path: path, Body: `{"is_enabled":false}`, Status: 200},
		{Who: "boss", Method: "PUT", Path: path, Body: `{"shares_content":true,"is_default":true}`, Status: 200, Events: changed(false, true, 13)},
		{Who: "far", Method: "DELETE", Path: path, Status: 404, Code: "agents.not_found"},
		{Who: "jo", Method: "PUT", Path: path, Body: `{"shares_content":false,"is_default":false}`, Status: 403, Code: "corpora.not_agent_admin"},
		{Who: "jo", Method: "PUT", Path: path, Body: `{"shares_content":false}`, Status: 200, Events: changed(false, false, 11)},
		{Who: "eve", Method: "PUT", Path: path, Body: `{"shares_content":false}`, Status: 403, Code: "corpora.not_agent_admin"},
		{Who: "eve", Method: "DELETE", Path: path, Status: 403, Code: "corpora.not_agent_admin"},
		{Who: "jo", Method: "DELETE", Path: path, Status: 200, Events: []event.Event{corpora.CorpusDisconnected{AgentID: 5, CorpusID: 1, OrganizationID: 1, ChangedBy: 11}}},
		{Who: "al", Method: "POST", Path: path, Status: 201, Events: changed(true, false, 12)},
		{Who: "al", Method: "DELETE", Path: path, Status: 200, Events: []event.Event{corpora.CorpusDisconnected{AgentID: 5, CorpusID: 1, OrganizationID: 1, ChangedBy: 12}}},
		{Who: "al", Method: "GET", Path: path, Status: 404, Code: "corpora.not_connected"},
	} {
		s.Play(c)
	}
}

func TestAnAgentsAdminDisconnectsWhatTheyCanNoLongerRead(t *testing.T) {
	s := setup(t)
	s.As("jo").Expecting(created(1, 11)).Do("POST", "/api/corpus", `{"name":"Open","is_public":true}`).Want(201)
	s.As("al").Expecting(corpora.ConnectionChanged{AgentID: 5, CorpusID: 1, OrganizationID: 1, IsEnabled: true, ChangedBy: 12}).Do("POST", "/api/agent/5/corpus/1", nil).Want(201)
	s.As("jo").Expecting(corpora.CorpusUpdated{CorpusID: 1, OrganizationID: 1, Narrowed: true}).Do("PUT", "/api/corpus/1", `{"is_public":false}`).Want(200)
	s.As("al").Do("GET", "/api/agent/5/corpus/1", nil).Refused(404, "corpora.not_found")
	s.As("al").Expecting(corpora.CorpusDisconnected{AgentID: 5, CorpusID: 1, OrganizationID: 1, ChangedBy: 12}).Do("DELETE", "/api/agent/5/corpus/1", nil).Want(200)
}
