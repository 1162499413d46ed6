package httpv1

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// paths are those of all operations.
func paths() []string { return slices.Sorted(maps.Keys(recounts)) }

func TestEachOperationAnswersItsRows(t *testing.T) {
	client := api(t)
	const window = "start_date=2026-05-10&end_date=2026-05-20"
	for query, want := range map[string]string{
		"/tokens/segment?" + window: `[{"segment":"api","id":null,"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"cost":"0.01692"},
			{"segment":"mail","id":null,"prompt_tokens":7,"completion_tokens":0,"total_tokens":7,"cost":"5"}]`,
		"/tokens/segment?segment=model&limit=1&" + window: `[{"segment":"m","id":null,"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"cost":"0.01692"}]`,
		"/tokens/segment?segment=team&" + window: `[{"segment":"Sales","id":2,"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"cost":"0.01692"},
			{"segment":"","id":null,"prompt_tokens":7,"completion_tokens":0,"total_tokens":7,"cost":"5"}]`,
		"/query-count/segment?segment=project&" + window: `[{"segment":"Handbook","id":3,"count":1},{"segment":"","id":30,"count":1}]`,
		"/tokens/user?" + window: `[{"id":5,"name":"=Jo, \"the\" first","prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"cost":"0.01692"},
			{"id":6,"name":null,"prompt_tokens":7,"completion_tokens":0,"total_tokens":7,"cost":"5"}]`,
		"/tokens/agent?limit=1&" + window:                                       `[{"id":4,"name":"Guide","prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"cost":"0.01692"}]`,
		"/tokens/team?" + window:                                                `[{"id":2,"name":"Sales","prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"cost":"0.01692"}]`,
		"/query-count/date?days=2":                                              `[{"date":"2026-05-19","count":0},{"date":"2026-05-20","count":1}]`,
		"/chat-engagement/weekly?" + window:                                     `[` + chats("2026-05-04", 1) + `,` + chats("2026-05-11", 0) + `,` + chats("2026-05-18", 1) + `]`,
		"/chat-engagement/monthly?" + window:                                    `[` + chats("2026-05-01", 2) + `]`,
		"/chat-engagement/daily?days=1":                                         `[` + chats("2026-05-20", 1) + `]`,
		"/user-engagement?days=1":                                               `[{"date":"2026-05-20","dau":1,"wau":1,"mau":2,"stickiness":0.5,"new_users":1,"returning_users":0}]`,
		"/user-engagement?end_date=2026-05-10&start_date=2026-05-10&agent_id=4": `[{"date":"2026-05-10","dau":0,"wau":0,"mau":0,"stickiness":null,"new_users":0,"returning_users":0}]`,
		"/chatlog-tokens/weekly?" + window: `[{"period_start":"2026-05-04","chatlogs":1,"prompt_tokens":7,"completion_tokens":0,"total_tokens":7,"average_tokens":7},
			{"period_start":"2026-05-11","chatlogs":0,"prompt_tokens":0,"completion_tokens":0,"total_tokens":0,"average_tokens":0},
			{"period_start":"2026-05-18","chatlogs":1,"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"average_tokens":120}]`,
		"/chatlog-tokens/monthly?" + window: `[{"period_start":"2026-05-01","chatlogs":2,"prompt_tokens":107,"completion_tokens":20,"total_tokens":127,"average_tokens":63.5}]`,
		"/chatlog-tokens/daily?days=1":      `[{"period_start":"2026-05-20","chatlogs":1,"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"average_tokens":120}]`,
		"/agent-engagement?" + window: `[{"id":4,"name":"Guide","queries":1,"threads":0,"active_days":1,"last_active_on":"2026-05-20T12:00:00.000000Z","upvotes":0,"downvotes":0},
			{"id":40,"name":"Élan","queries":1,"threads":0,"active_days":1,"last_active_on":"2026-05-10T23:00:00.000000Z","upvotes":0,"downvotes":0}]`,
		"/engagement/team?" + window:             `[{"id":2,"name":"Sales","queries":1,"threads":0,"active_days":1,"last_active_on":"2026-05-20T12:00:00.000000Z","upvotes":0,"downvotes":0}]`,
		"/engagement/user?user_id=6&" + window:   `[{"id":6,"name":null,"queries":1,"threads":0,"active_days":1,"last_active_on":"2026-05-10T23:00:00.000000Z","upvotes":0,"downvotes":0}]`,
		"/recent-agents?" + window:               `[{"id":4,"name":"Guide","last_active_on":"2026-05-20T12:00:00.000000Z"},{"id":40,"name":"Élan","last_active_on":"2026-05-10T23:00:00.000000Z"}]`,
		"/recent-users?limit=1&" + window:        `[{"id":5,"name":"=Jo, \"the\" first","last_active_on":"2026-05-20T12:00:00.000000Z"}]`,
		"/recent-users?tz=Asia/Kathmandu&days=1": `[{"id":5,"name":"=Jo, \"the\" first","last_active_on":"2026-05-20T12:00:00.000000Z"}]`,
	} {
		t.Run(query, func(t *testing.T) {
			var got, wanted any
			client.On(t).As("global").Do("GET", "/api/analytics"+query, nil).Want(200).Data(&got)
			if err := json.Unmarshal([]byte(want), &wanted); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(wanted, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func chats(start string, n int) string {
	return fmt.Sprintf(`{"period_start":"%s","queries":%d,"threads":0,"new_threads":0,"active_users":%d,"upvotes":0,"downvotes":0}`, start, n, n)
}

func TestEachOperationAnswersTheSameAsCSV(t *testing.T) {
	client := api(t).As("global")
	for _, path := range paths() {
		t.Run(path, func(t *testing.T) {
			client := client.On(t)
			var raw json.RawMessage
			client.Do("GET", "/api/analytics"+path, nil).Want(200).Data(&raw)
			if raw[0] == '{' {
				raw = slices.Concat([]byte{'['}, raw, []byte{']'})
			}
			var objects []map[string]any
			if err := json.Unmarshal(raw, &objects); err != nil || len(objects) == 0 {
				t.Fatalf("%s: %v", raw, err)
			}
			rows, err := csv.NewReader(strings.NewReader(string(client.With("Accept", "text/csv").Do("GET", "/api/analytics"+path, nil).Want(200).Body))).ReadAll()
			if err != nil || len(rows) != len(objects)+1 {
				t.Fatalf("%d objects became %v: %v", len(objects), rows, err)
			}
			if diff := cmp.Diff(slices.Sorted(maps.Keys(objects[0])), slices.Sorted(slices.Values(rows[0]))); diff != "" {
				t.Error(diff)
			}
			for i, o := range objects {
				for column, name := range rows[0] {
					want := fmt.Sprint(o[name])
					switch value := o[name].(type) {
					case nil:
						want = ""
					case string:
						if strings.HasPrefix(value, "=") {
							want = "'" + value
						}
					}
					if got := rows[i+1][column]; got != want {
						t.Errorf("%s of row %d is %q, not %q", name, i, got, want)
					}
				}
			}
		})
	}
}

// A part that has not to do with a fact adds nothing: not a row, not a name.
func TestAdminsOfAPartSeeNoOther(t *testing.T) {
	client := api(t)
	for who, ids := range map[string]map[string]string{
		"team":    {"/tokens/user": "5", "/tokens/agent": "4", "/tokens/team": "2", "/recent-agents": "4", "/recent-users": "5", "/engagement/user": "5", "/engagement/team": "2", "/agent-engagement": "4"},
		"project": {"/tokens/user": "6", "/tokens/agent": "40", "/tokens/team": "", "/recent-agents": "40", "/recent-users": "6", "/engagement/user": "6", "/engagement/team": "", "/agent-engagement": "40"},
		"agent":   {"/tokens/user": "6", "/tokens/agent": "40", "/recent-users": "6"},
		"stranger": {
			"/tokens/user": "", "/tokens/agent": "", "/tokens/team": "", "/tokens/segment": "", "/query-count/segment": "", "/recent-agents": "", "/recent-users": "",
		},
	} {
		for path, want := range ids {
			var rows []struct{ ID int64 }
			client.On(t).As(who).Do("GET", "/api/analytics"+path, nil).Want(200).Data(&rows)
			var got []string
			for _, r := range rows {
				got = append(got, fmt.Sprint(r.ID))
			}
			if strings.Join(got, ",") != want {
				t.Errorf("%s sees %v of %s", who, got, path)
			}
		}
	}
}

func TestFiguresAreRefused(t *testing.T) {
	client := api(t)
	for _, path := range paths() {
		for name, c := range map[string]struct {
			who, query string
			status     int
			code       string
			fields     string
		}{
			"to nobody":                  {"", "", 401, "unauthenticated", ""},
			"to a user":                  {"user", "", 403, "analytics.not_an_admin", ""},
			"to an application admin":    {"application", "", 403, "analytics.not_an_admin", ""},
			"to a member":                {"member", "", 403, "analytics.not_an_admin", ""},
			"before who asks is weighed": {"user", "?tz=Mars", 422, "analytics.invalid_period", "tz"},
			"in a zone of nowhere":       {"global", "?tz=Mars", 422, "analytics.invalid_period", "tz"},
			"for days and dates":         {"global", "?days=3&start_date=2026-05-01", 422, "analytics.invalid_period", "days"},
			"backwards":                  {"global", "?start_date=2026-05-02&end_date=2026-05-01", 422, "analytics.invalid_period", "start_date"},
			"for no day":                 {"global", "?days=0", 422, "unacceptable_value", "days"},
			"for more than five years":   {"global", "?days=1831", 422, "unacceptable_value", "days"},
			"for a date that is none":    {"global", "?end_date=yesterday", 422, "analytics.invalid_period", "end_date"},
			"for the agent 0":            {"global", "?agent_id=0", 422, "unacceptable_value", "agent_id"},
			"for an agent by name":       {"global", "?agent_id=x", 400, "malformed_request", "agent_id"},
			"by an unknown filter":       {"global", "?colour=red", 400, "malformed_request", "colour"},
			"for no row":                 {"global", "?limit=0", 422, "unacceptable_value", "limit"},
			"for too many rows":          {"global", "?limit=10001", 422, "unacceptable_value", "limit"},
			"by an unknown segment":      {"global", "?segment=user", 422, "unacceptable_value", "segment"},
		} {
			if takes := map[string]bool{"limit": ranked[path], "segment": segmented[path]}; strings.HasPrefix(c.query, "?limit") && !takes["limit"] || strings.HasPrefix(c.query, "?segment") && !takes["segment"] {
				c.status, c.code = 400, "malformed_request"
			}
			t.Run(path+" "+name, func(t *testing.T) {
				answer := client.On(t).As(c.who).Do("GET", "/api/analytics"+path+c.query, nil).Refused(c.status, c.code)
				if answer.Fields() != c.fields {
					t.Errorf("fields %q: %s", answer.Fields(), answer.Body)
				}
			})
		}
	}
}
