package deploy

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
)

// Alerts and the series that they are asked about, which go on for 20 minutes.
var fired = map[string]struct {
	alert, series string
	fires         bool
}{
	"streams whose model fails are errors, though they answered 200": {"ParleyErrors", `
		parley_http_request_duration_seconds_count{job="p",status="200"} 0+600x20
		parley_chat_runs_total{job="p",outcome="completed",reason=""} 0+10x20
		parley_chat_runs_total{job="p",outcome="failed",reason="chat.model_failed"} 0+1x20`, true},
	"requests that answer 5xx are errors": {"ParleyErrors", `
		parley_http_request_duration_seconds_count{job="p",status="200"} 0+600x20
		parley_http_request_duration_seconds_count{job="p",status="500"} 0+60x20
		parley_chat_runs_total{job="p",outcome="completed",reason=""} 0+10x20`, true},
	"a server without errors has none": {"ParleyErrors", `
		parley_http_request_duration_seconds_count{job="p",status="200"} 0+600x20
		parley_chat_runs_total{job="p",outcome="completed",reason=""} 0+10x20
		parley_chat_runs_total{job="p",outcome="failed",reason="chat.model_failed"} 0x20`, false},
	"a server that nobody asks has none": {"ParleyErrors", `
		parley_http_request_duration_seconds_count{job="p",status="200"} 0x20
		parley_chat_runs_total{job="p",outcome="failed",reason="chat.model_failed"} 0x20`, false},
	"users who cancel are no errors": {"ParleyErrors", `
		parley_chat_runs_total{job="p",outcome="completed",reason=""} 0+10x20
		parley_chat_runs_total{job="p",outcome="cancelled",reason="chat.cancelled"} 0+10x20`, false},
	"questions that wait are told": {"ParleyQuestionsWait", `parley_chat_open_runs{job="p",state="waiting"} 3x20`, true},
	"questions that run are not":   {"ParleyQuestionsWait", `parley_chat_open_runs{job="p",state="running"} 3x20`, false},
	"guessed passwords are told":   {"ParleySignInsFail", `parley_users_sign_ins_total{job="p",outcome="wrong"} 0+20x20`, true},
	"a slow model is told": {"ParleyModelSlow", `
		parley_chat_model_first_token_seconds_bucket{job="p",model="m",le="30"} 0x20
		parley_chat_model_first_token_seconds_bucket{job="p",model="m",le="60"} 0+5x20
		parley_chat_model_first_token_seconds_bucket{job="p",model="m",le="+Inf"} 0+5x20`, true},
}

func TestAlertsFireWhenTheyShould(t *testing.T) {
	read := parser.NewParser(parser.Options{})
	groups, errs := rulefmt.ParseFile(root+"deploy/prometheus/alerts.yml", false, model.UTF8Validation, read, slog.Default())
	if len(errs) != 0 {
		t.Fatal(errs)
	}
	rules := map[string]string{}
	for _, r := range groups.Groups[0].Rules {
		rules[r.Alert] = r.Expr
	}
	engine := promqltest.NewTestEngine(t, false, 5*time.Minute, 10000)
	for name, c := range fired {
		t.Run(name, func(t *testing.T) {
			stored := promqltest.LoadedStorage(t, "load 1m\n"+strings.TrimSpace(c.series))
			query, err := engine.NewInstantQuery(t.Context(), stored, nil, rules[c.alert], time.Unix(0, 0).Add(20*time.Minute))
			if err != nil {
				t.Fatal(err)
			}
			defer query.Close()
			found, err := query.Exec(t.Context()).Vector()
			if err != nil {
				t.Fatal(err)
			}
			if (len(found) > 0) != c.fires {
				t.Errorf("the rule finds %v", found)
			}
		})
	}
}
