package main_test

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"parley/platform/webtest/modelstub"
)

const meridian = `# Meridian staff handbook

## Leave

Every employee has 28 days of annual leave. Requests go to the team lead two weeks ahead.

## Travel

Rail is booked in second class. A hotel may cost up to 140 euro a night.
`

type citation struct {
	Number int
	Title  string
}

// A citation names the section in which the cited sentence stands, wherever the
// answer is shown.
func TestACitationNamesTheSectionOfItsSentence(t *testing.T) {
	model := modelstub.New(modelstub.Behaviour{Answer: func(modelstub.Request) string { return "The limit for a hotel is 140 euro a night [1]." }})
	models := httptest.NewServer(model)
	t.Cleanup(models.Close) // after those that run side by side
	for name, env := range map[string][]string{
		"extractive": nil,
		"model":      {"PARLEY_LLM_URL=" + models.URL + "/v1", "PARLEY_LLM_MODEL=stub"},
	} {
		each(t, func(t *testing.T, kind string) {
			t.Run(name, func(t *testing.T) {
				s := newServer(t, kind, env...)
				s.start()
				admin := s.admin()
				w := build(admin)
				indexed(t, admin, upload(admin, w.corpus, "handbook.md", meridian))
				const section = "Meridian staff handbook › Travel"
				path, question := fmt.Sprintf("/api/agent/%d/response", w.agent), map[string]any{"user_query": "How much may a hotel cost a night?"}

				type answered struct {
					Answer     string
					References []citation
					ID         int64 `json:"agent_response_id"`
				}
				check := func(how string, a answered) {
					t.Helper()
					if want := []citation{{1, section}}; !slices.Equal(a.References, want) || !strings.Contains(a.Answer, "140 euro") || strings.Contains(a.Answer, "Leave") {
						t.Errorf("%s: %+v", how, a)
					}
					if name == "extractive" && !strings.HasPrefix(a.Answer, "According to "+section+": “A hotel") {
						t.Errorf("%s: the answer says %q", how, a.Answer)
					}
					var support []citation
					admin.Do("GET", fmt.Sprintf("/api/agent-response/%d/supporting-content", a.ID), nil).Want(200).Data(&support)
					if len(support) == 0 || support[0] != (citation{1, section}) {
						t.Errorf("%s: the supporting content is %+v", how, support)
					}
				}
				var direct, streamed answered
				admin.Do("POST", path, question).Want(200).Data(&direct)
				check("direct", direct)

				events := admin.Stream("POST", path+"/stream", question).All()
				last, err := json.Marshal(events[len(events)-1])
				if err != nil {
					t.Fatal(err)
				}
				var end struct{ Output struct{ Output answered } }
				if err := json.Unmarshal(last, &end); err != nil {
					t.Fatal(err)
				}
				streamed = end.Output.Output
				check("streamed", streamed)

				s.stop()
				s.start()
				admin = s.admin()
				for _, id := range []int64{direct.ID, streamed.ID} {
					var stored struct{ Response answered }
					admin.Do("GET", fmt.Sprintf("/api/agent-response/%d", id), nil).Want(200).Data(&stored)
					check("stored", stored.Response)
				}
			})
		})
	}
}
