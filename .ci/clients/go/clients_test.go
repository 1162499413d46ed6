package clients

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/ci/clients/made/parley"
)

// text is what the clients upload, and question what they ask about it.
const (
	text     = "# Cape Merrow\n\nThe lighthouse of Cape Merrow was built in 1871 by Ada Lund.\n"
	question = "When was the lighthouse of Cape Merrow built?"
)

// to is a pointer to a value, for fields that may be left out.
func to[T any](v T) *T { return &v }

// got ends the test when a call didn't answer what it should.
func got(t *testing.T, what string, r *http.Response, err error, status int, body []byte) {
	t.Helper()
	if err != nil || r.StatusCode != status {
		t.Fatalf("%s: %v, %v: %s", what, err, r, body)
	}
	if r.Header.Get("X-Request-Id") == "" {
		t.Errorf("%s has no request id", what)
	}
}

func TestTheGoClientGoesTheWholePath(t *testing.T) {
	base := server(t)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	anybody, err := parley.NewClientWithResponses(base)
	if err != nil {
		t.Fatal(err)
	}
	in, err := anybody.SignInWithFormdataBodyWithResponse(ctx, parley.SignInFormdataRequestBody{Username: email, Password: password})
	got(t, "sign in", in.HTTPResponse, err, 200, in.Body)
	c, err := parley.NewClientWithResponses(base, parley.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+in.JSON200.EjentoAccessToken)
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}

	team, err := c.CreateTeamWithResponse(ctx, nil, parley.CreateTeamRequest{Name: "Go"})
	got(t, "team", team.HTTPResponse, err, 201, team.Body)
	project, err := c.CreateProjectWithResponse(ctx, nil, parley.CreateProjectRequest{Name: "Go", Team: to(team.JSON201.Data.Id)})
	got(t, "project", project.HTTPResponse, err, 201, project.Body)
	agent, err := c.CreateAgentWithResponse(ctx, nil, parley.CreateAgentRequest{Name: "Go", ProjectId: project.JSON201.Data.Id})
	got(t, "agent", agent.HTTPResponse, err, 201, agent.Body)
	corpus, err := c.CreateCorpusWithResponse(ctx, &parley.CreateCorpusParams{IdempotencyKey: to("go-corpus")}, parley.CreateCorpusRequest{Name: "Go"})
	got(t, "corpus", corpus.HTTPResponse, err, 201, corpus.Body)
	connected, err := c.ConnectCorpusToAgentWithResponse(ctx, agent.JSON201.Data.Id, corpus.JSON201.Data.Id, nil, parley.ConnectCorpusToAgentRequest{})
	got(t, "connection", connected.HTTPResponse, err, 201, connected.Body)

	form, kind := upload(t)
	document, err := c.CreateDocumentInCorpusWithBodyWithResponse(ctx, corpus.JSON201.Data.Id, nil, kind, form)
	got(t, "upload", document.HTTPResponse, err, 201, document.Body)
	for document.JSON201.Data.Step != "completed" {
		time.Sleep(50 * time.Millisecond)
		now, err := c.GetDocumentByIdWithResponse(ctx, document.JSON201.Data.Id)
		got(t, "document", now.HTTPResponse, err, 200, now.Body)
		if document.JSON201.Data = now.JSON200.Data; now.JSON200.Data.IsFailed {
			t.Fatalf("the document failed: %s", now.Body)
		}
	}
	file, err := c.GetDocumentContentWithResponse(ctx, document.JSON201.Data.Id)
	got(t, "file", file.HTTPResponse, err, 200, file.Body)
	if string(file.Body) != text {
		t.Errorf("the file is %q", file.Body)
	}

	answer, err := c.RunChatWithResponse(ctx, agent.JSON201.Data.Id, nil, parley.RunChatRequest{UserQuery: to(question)})
	got(t, "question", answer.HTTPResponse, err, 200, answer.Body)
	if a := answer.JSON200.Data; !strings.Contains(a.Answer, "1871") || len(a.References) != 1 {
		t.Errorf("the answer is %+v", a)
	}

	stream, err := c.RunChatStreamed(ctx, agent.JSON201.Data.Id, nil, parley.RunChatRequest{UserQuery: to(question)})
	got(t, "stream", stream, err, 200, nil)
	defer stream.Body.Close()
	streamed(t, stream.Body)

	list, err := c.GetAllDocumentsFromCorpusWithResponse(ctx, corpus.JSON201.Data.Id, &parley.GetAllDocumentsFromCorpusParams{Name: to("merrow")})
	got(t, "list", list.HTTPResponse, err, 200, list.Body)
	if len(list.JSON200.Data) != 1 || *list.JSON200.Meta.Count != 1 || list.JSON200.Data[0].Name != "merrow.md" {
		t.Errorf("the list is %s", list.Body)
	}

	none, err := c.GetAgentByIdWithResponse(ctx, 999_999)
	got(t, "no agent", none.HTTPResponse, err, 404, none.Body)
	if none.JSON404 == nil || none.JSON404.Code == "" || none.JSON404.RequestId == "" {
		t.Errorf("the error is %s", none.Body)
	}
}

func upload(t *testing.T) (io.Reader, string) {
	t.Helper()
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	if err := w.WriteField("content_type", "file"); err != nil {
		t.Fatal(err)
	}
	part, err := w.CreateFormFile("source", "merrow.md")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Fprint(part, text)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &form, w.FormDataContentType()
}

// streamed reads the events of a stream to their end.
func streamed(t *testing.T, body io.Reader) {
	t.Helper()
	var events []parley.StreamEvent
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		raw, isEvent := strings.CutPrefix(lines.Text(), "data: ")
		if !isEvent {
			continue
		}
		var e parley.StreamEvent
		if err := json.Unmarshal([]byte(raw), &e); err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		events = append(events, e)
	}
	if len(events) < 3 || events[0].AgentResponseId == nil {
		t.Fatalf("the stream is %+v", events)
	}
	end, err := events[len(events)-1].Output.AsStreamEnd()
	if err != nil || !strings.Contains(end.Output.Answer, "1871") {
		t.Errorf("the stream ends with %+v, %v", end, err)
	}
}
