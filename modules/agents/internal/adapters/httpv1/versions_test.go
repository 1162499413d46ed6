package httpv1_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/modules/agents"
	"parley/modules/agents/internal/core"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
	"parley/platform/webtest"
)

// updated is that a live agent of project 1 was changed, for nobody to lose it.
func updated(id int64, name, access string) agents.AgentUpdated {
	return agents.AgentUpdated{AgentID: id, OrganizationID: 1, ProjectID: 1, FromProjectID: 1, Access: access, Status: "Live", AgentName: name}
}

// changed are the events of a change that makes a version.
func changed(id, version, by int64, name string) []event.Event {
	return []event.Event{
		updated(id, name, core.Public),
		agents.VersionCreated{AgentID: id, OrganizationID: 1, Version: version, CreatedBy: by},
	}
}

// version is one version as somebody sees it.
func (h house) version(who string, id, version int64) string {
	h.t.Helper()
	var v json.RawMessage
	h.As(who).Do("GET", fmt.Sprintf("/api/agent/%d/version/%d", id, version), nil).Want(200).Data(&v)
	return string(v)
}

func TestInstructionsAreAddedBehindTheOthers(t *testing.T) {
	h := newHouse(t)
	id := h.agent(core.Public) // with one
	path := fmt.Sprintf("/api/agent/%d/instruction", id)
	many := `{"instructions":["` + strings.Repeat(`x","`, 49) + `x"]}`
	for _, c := range []webtest.Scenario{
		{Who: "mel", Method: "POST", Path: path, Body: `{"instructions":["Cite."]}`, Status: 403, Code: "agents.not_admin"},
		{Who: "bob", Method: "POST", Path: path, Body: `{"instructions":["Cite."]}`, Status: 403, Code: "agents.not_admin"},
		{Who: "strange", Method: "POST", Path: path, Body: `{"instructions":["Cite."]}`, Status: 404, Code: "agents.not_found"},
		{Method: "POST", Path: path, Body: `{"instructions":["Cite."]}`, Status: 401, Code: "unauthenticated"},
		{Who: "ann", Method: "POST", Path: path, Body: `{"instructions":[]}`, Status: 422, Code: "unacceptable_value"},
		{Who: "ann", Method: "POST", Path: path, Body: `{"instructions":null}`, Status: 400, Code: "malformed_request"},
		{Who: "ann", Method: "POST", Path: path, Body: `{}`, Status: 400, Code: "malformed_request"},
		{Who: "ann", Method: "POST", Path: path, Body: `{"instructions":["Cite.","  "]}`, Status: 422, Code: "agents.bad_instruction"},
		{Who: "ann", Method: "POST", Path: path, Body: `{"instructions":["` + strings.Repeat("ü", 4001) + `"]}`, Status: 422, Code: "agents.bad_instruction"},
		{Who: "ann", Method: "POST", Path: path, Body: many, Status: 409, Code: "agents.too_many_instructions"},
		{Who: "ann", Method: "POST", Path: path, Body: `{"instructions":[" Cite. ","Be brief."]}`, Status: 201, Events: changed(id, 2, ann, "Guide")},
		{Who: "root", Method: "POST", Path: path, Body: `{"instructions":["Be kind."]}`, Status: 201, Events: changed(id, 3, root, "Guide")}, // once more is once more
	} {
		h.Play(c)
	}
	var said struct {
		Instructions []struct {
			ID          int64
			Instruction string
			CreatedBy   string `json:"created_by"`
			Agent       int64
		}
	}
	h.As("ann").Do("GET", fmt.Sprintf("/api/agent/%d", id), nil).Want(200).Data(&said)
	var lines []string
	for _, l := range said.Instructions {
		lines = append(lines, l.Instruction+" "+l.CreatedBy)
	}
	h.same([]string{"Be kind. ann@x", "Cite. ann@x", "Be brief. ann@x", "Be kind. root@x"}, lines)
	r, err := h.service.Run(t.Context(), actors()["bob"], id)
	h.same(nil, err)
	h.same([]string{"Be kind.", "Cite.", "Be brief.", "Be kind."}, r.Instructions)

	answer := h.As("ann").Expecting(changed(id, 4, ann, "Guide")...).Do("POST", path, `{"instructions":["One.","Two."]}`).Want(201)
	h.same("Custom instructions created successfully.", answer.Message())
	var list []map[string]any
	answer.Data(&list)
	h.same([]map[string]any{
		{"id": 5., "instruction": "One.", "is_deleted": false, "created_by": "ann@x", "created_on": "2024-10-02T00:02:24.378434Z", "agent": float64(id)},
		{"id": 6., "instruction": "Two.", "is_deleted": false, "created_by": "ann@x", "created_on": "2024-10-02T00:02:24.378434Z", "agent": float64(id)},
	}, list)
}

func TestEachChangeOfWhatAnAgentAnswersWithIsAVersion(t *testing.T) {
	h := newHouse(t)
	id := h.agent(core.Public)
	path := fmt.Sprintf("/api/agent/%d", id)
	name := "Guide"
	for version, body := range []string{`{"prefix_prompt":"Be Ünal."}`, `{"llm_model":"m"}`, `{"caching_enabled":true,"name":"Other"}`, `{"custom_instructions":[]}`} {
		h.clock.Advance(time.Second)
		if strings.Contains(body, "Other") {
			name = "Other"
		}
		h.Play(webtest.Scenario{Who: "ann", Method: "PUT", Path: path, Body: body, Status: 200, Events: changed(id, int64(version)+2, ann, name)})
	}
	for _, body := range []string{`{"description":"d","sample_q1":"q?","name":"New"}`, `{"type":"custom"}`, `{"status":"Draft"}`, `{"status":"Live","access":"Only team"}`, `{"access":"Public"}`} {
		h.As("ann").Expecting(webtest.Named("agents.agent_updated.v1")).Do("PUT", path, body).Want(200)
	}
	h.As("ann").Do("PUT", path, `{"prefix_prompt":"Be Ünal."}`).Want(200) // as it is
	var list []struct {
		Agent, Version int64
		CreatedBy      string `json:"created_by"`
		CreatedOn      string `json:"created_on"`
		Changes        json.RawMessage
	}
	h.As("ann").Do("GET", path+"/version", nil).Want(200).Data(&list)
	var got []string
	for _, v := range list {
		got = append(got, fmt.Sprintf("%d/%d %s %s %s", v.Agent, v.Version, v.CreatedBy, v.CreatedOn[17:19], v.Changes))
	}
	field := func(name, old, now string) string {
		return fmt.Sprintf(`[{"field":%q,"corpus":null,"old":%s,"new":%s,"note":""}]`, name, old, now)
	}
	h.same([]string{
		"1/5 ann@x 28 " + field("custom_instructions", `["Be kind."]`, `[]`),
		"1/4 ann@x 27 " + field("caching_enabled", "false", "true"),
		"1/3 ann@x 26 " + field("llm_model", `""`, `"m"`),
		"1/2 ann@x 25 " + field("prefix_prompt", `"secret prompt"`, `"Be Ünal."`),
		"1/1 ann@x 24 []",
	}, got)
	h.same(`{"agent":1,"version":3,"created_by":"ann@x","created_on":"2024-10-02T00:02:26.378434Z","changes":`+field("llm_model", `""`, `"m"`)+
		`,"configuration":{"prefix_prompt":"Be Ünal.","custom_instructions":["Be kind."],"llm_model":"m","caching_enabled":false,"chunk_count":32,"react_enabled":false,"react_max_iteration_count":50,"corpora":[]}}`,
		h.version("ann", id, 3))

	// Who only views the agent sees which fields changed.
	for _, who := range []string{"mel", "bob"} {
		h.same(`{"agent":1,"version":3,"created_by":"ann@x","created_on":"2024-10-02T00:02:26.378434Z","changes":`+field("llm_model", "null", "null")+`,"configuration":null}`, h.version(who, id, 3))
		if answer := h.As(who).Do("GET", path+"/version?items_per_page=3", nil).Want(200); strings.Contains(string(answer.Body), "secret") {
			t.Errorf("%s sees %s", who, answer.Body)
		}
	}
	for _, c := range []webtest.Scenario{
		{Who: "strange", Method: "GET", Path: path + "/version", Status: 404, Code: "agents.not_found"},
		{Who: "strange", Method: "GET", Path: path + "/version/1", Status: 404, Code: "agents.not_found"},
		{Method: "GET", Path: path + "/version", Status: 401, Code: "unauthenticated"},
		{Who: "ann", Method: "GET", Path: path + "/version/6", Status: 404, Code: "agents.version_not_found"},
		{Who: "ann", Method: "GET", Path: path + "/version/0", Status: 404, Code: "not_found"},
		{Who: "ann", Method: "GET", Path: path + "/version/x", Status: 404, Code: "not_found"},
		{Who: "ann", Method: "PUT", Path: path + "/version/1", Body: `{}`, Status: 405, Code: "method_not_allowed"}, // it never changes
		{Who: "ann", Method: "DELETE", Path: path + "/version/1", Status: 405, Code: "method_not_allowed"},
	} {
		h.Play(c)
	}
	h.As("ann").Expecting(agents.AgentDeleted{AgentID: id, OrganizationID: 1, ProjectID: 1, DeletedBy: ann}).Do("DELETE", path, nil).Want(200)
	h.As("ann").Do("GET", path+"/version", nil).Refused(404, "agents.not_found")
}

func TestLongTextsAreCutInChangesAndWholeInTheVersion(t *testing.T) {
	h := newHouse(t)
	id := h.agent(core.Public)
	long := strings.Repeat("ü", 4000)
	body := map[string]any{"prefix_prompt": long, "custom_instructions": []string{long}}
	h.As("ann").Expecting(changed(id, 2, ann, "Guide")...).Do("PUT", fmt.Sprintf("/api/agent/%d", id), body).Want(200)
	var v struct {
		Changes []struct {
			Field string
			New   any
		}
		Configuration struct {
			Prompt string   `json:"prefix_prompt"`
			Lines  []string `json:"custom_instructions"`
		}
	}
	h.As("ann").Do("GET", fmt.Sprintf("/api/agent/%d/version/2", id), nil).Want(200).Data(&v)
	h.same([]any{strings.Repeat("ü", 999) + "…", []any{strings.Repeat("ü", 199) + "…"}}, []any{v.Changes[0].New, v.Changes[1].New})
	h.same([]any{long, long}, []any{v.Configuration.Prompt, v.Configuration.Lines[0]})
}

// connect tells of connections, as corpora does.
func (h house) connect(id int64, before, after []agents.Connection) {
	h.t.Helper()
	err := h.db.Do(h.t.Context(), func(ctx context.Context, tx uow.Tx) error {
		there, err := h.service.AgentVersions().Lock(ctx, 1, []int64{id, 99})
		h.same([]int64{id}, there)
		if err != nil {
			return err
		}
		return h.service.AgentVersions().Reconnect(ctx, tx, actors()["ann"], []agents.Reconnected{{AgentID: id, Before: before, After: after}})
	})
	if err != nil {
		h.t.Fatal(err)
	}
}

func TestAConnectionIsPartOfAVersion(t *testing.T) {
	h := newHouse(t)
	id := h.agent(core.Public)
	before := len(h.db.Published())
	one := []agents.Connection{{CorpusID: 7, IsEnabled: true, SharesContent: true}}
	h.connect(id, nil, one)
	h.connect(id, one, one) // nothing is different
	two := append(one[:1:1], agents.Connection{CorpusID: 9})
	h.connect(id, one, two)
	h.same([]event.Event{
		agents.VersionCreated{AgentID: id, OrganizationID: 1, Version: 2, CreatedBy: ann}, agents.VersionCreated{AgentID: id, OrganizationID: 1, Version: 3, CreatedBy: ann},
	}, h.published(before))
	h.As("ann").Expecting(changed(id, 4, ann, "Guide")...).Do("PUT", fmt.Sprintf("/api/agent/%d", id), `{"prefix_prompt":"p"}`).Want(200) // keeps them
	for version, want := range map[int64]string{
		1: `"corpora":[]}`,
		2: `"corpora":[{"corpus":7,"is_enabled":true,"is_default":false,"shares_content":true}]}`,
		4: `"corpora":[{"corpus":7,"is_enabled":true,"is_default":false,"shares_content":true},{"corpus":9,"is_enabled":false,"is_default":false,"shares_content":false}]}`,
	} {
		if got := h.version("ann", id, version); !strings.Contains(got, want) {
			t.Errorf("version %d: %s", version, got)
		}
	}
	if got := h.version("ann", id, 2); !strings.Contains(got, `"changes":[{"field":"corpora","corpus":7,"old":null,"new":{"corpus":7,"is_enabled":true,"is_default":false,"shares_content":true},"note":""}]`) {
		t.Error(got)
	}
	if got := h.version("bob", id, 2); !strings.Contains(got, `"changes":[{"field":"corpora","corpus":null,"old":null,"new":null,"note":""}]`) {
		t.Errorf("who only views the agent: %s", got)
	}
}

func TestRestoringAVersion(t *testing.T) {
	h := newHouse(t)
	id := h.agent(core.Public)
	path := fmt.Sprintf("/api/agent/%d", id)
	one := []agents.Connection{{CorpusID: 7, IsEnabled: true}}
	h.connect(id, nil, one)
	h.As("ann").Expecting(changed(id, 3, ann, "Other")...).
		Do("PUT", path, `{"prefix_prompt":"p","custom_instructions":["Other."],"llm_model":"m","caching_enabled":true,"name":"Other"}`).Want(200)
	restore := func(who string, version int64, to agents.Reconnected, notes ...agents.Change) (restored agents.Version, err error) {
		return restored, h.db.Do(t.Context(), func(ctx context.Context, tx uow.Tx) error {
			v, err := h.service.AgentVersions().Version(ctx, actors()[who], id, version)
			if err != nil {
				return err
			}
			to.AgentID = id
			restored, _, err = h.service.AgentVersions().Restore(ctx, tx, actors()[who], agents.Restored{Version: v, Reconnected: to, Notes: notes})
			return err
		})
	}
	for who, want := range map[string]error{"mel": core.ErrNotAdmin, "bob": core.ErrNotAdmin, "strange": core.ErrNotFound} {
		if _, err := restore(who, 1, agents.Reconnected{}); err == nil || err.Error() != want.Error() {
			t.Errorf("%s: %v", who, err)
		}
	}
	if _, err := restore("ann", 9, agents.Reconnected{}); err == nil || err.Error() != core.ErrNoVersion.Error() {
		t.Error(err)
	}
	before := len(h.db.Published())
	note := agents.Change{Field: agents.FieldCorpora, CorpusID: 8, Old: json.RawMessage("null"), New: json.RawMessage("null"), Note: "It is gone."}
	v, err := restore("root", 2, agents.Reconnected{Before: one, After: one}, note)
	h.same(nil, err)
	h.same([]any{int64(4), "root@x", "secret prompt", []string{"Be kind."}, "", false, one}, []any{v.Version, v.CreatedBy, v.Configuration.PrefixPrompt, v.Configuration.Instructions, v.Configuration.Model, v.Configuration.CachingEnabled, v.Connections})
	var fields []string
	for _, c := range v.Changes {
		fields = append(fields, c.Field+c.Note)
	}
	h.same([]string{"prefix_prompt", "custom_instructions", "llm_model", "caching_enabled", "corporaIt is gone."}, fields)
	h.same([]event.Event{changed(id, 4, root, "Other")[0], agents.VersionCreated{AgentID: id, OrganizationID: 1, Version: 4, RestoredFrom: 2, CreatedBy: root}}, h.published(before))
	if is := h.view("ann", id); is.Name != "Other" || is.Prompt != "secret prompt" || is.Instructions[0].Instruction != "Be kind." {
		t.Errorf("%+v", is)
	}
	// Again is nothing new; without the corpus it is.
	v, err = restore("root", 2, agents.Reconnected{Before: one, After: one})
	h.same([]any{int64(4), nil}, []any{v.Version, err})
	h.same(2, len(h.published(before)))
	v, err = restore("root", 1, agents.Reconnected{Before: one})
	h.same([]any{int64(5), nil, []agents.Connection{}}, []any{v.Version, err, v.Connections})
	h.same([]event.Event{agents.VersionCreated{AgentID: id, OrganizationID: 1, Version: 5, RestoredFrom: 1, CreatedBy: root}}, h.published(before+2))
	// Its model was taken out of the list.
	h.service.Models = []string{"n"}
	if _, err := restore("root", 3, agents.Reconnected{Before: one, After: one}); !errors.Is(err, core.ErrUnknownModel) {
		t.Error(err)
	}
	h.same(1, len(h.published(before+2)))
}

func TestVersionsFromBeforeConnectionsWereKeptLearnThem(t *testing.T) {
	h := newHouse(t)
	id, other := h.agent(core.Public), h.agent(core.Public)
	one, two := []agents.Connection{{CorpusID: 7}}, []agents.Connection{{CorpusID: 8}}
	for _, agent := range []int64{id, other} { // as the migration leaves them
		_, err := h.store.UpdateAgent(t.Context(), 1, agent, func(a *core.Agent) error { a.Version = 2; return nil })
		h.same(nil, err)
		h.same(nil, h.store.AddVersions(t.Context(), []core.Version{{Head: core.Head{AgentID: agent, Version: 2, Changes: []agents.Change{}}}}))
	}
	stale, err := h.service.AgentVersions().Stale(t.Context(), 0, 10)
	h.same([]any{[]agents.Stale{{OrganizationID: 1, AgentID: id}, {OrganizationID: 1, AgentID: other}}, nil}, []any{stale, err})
	before := len(h.db.Published())
	h.connect(id, one, one) // at the start
	h.same(0, len(h.published(before)))
	h.connect(other, one, two) // before the start has come to it
	h.same([]event.Event{agents.VersionCreated{AgentID: other, OrganizationID: 1, Version: 3, CreatedBy: ann}}, h.published(before))
	for _, agent := range []int64{id, other} {
		if got := h.version("ann", agent, 2); !strings.Contains(got, `"corpora":[{"corpus":7,`) {
			t.Error(got)
		}
	}
	stale, err = h.service.AgentVersions().Stale(t.Context(), 0, 10)
	h.same([]any{[]agents.Stale{}, nil}, []any{stale, err})
}
