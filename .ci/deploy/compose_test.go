package deploy

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

func composed(t *testing.T, more []string, profiles ...string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{root + "deploy/compose.yml"}, cli.WithProfiles(profiles), cli.WithEnv(append([]string{
		"POSTGRES_PASSWORD=secret", "PARLEY_SECRET_KEY=0123456789abcdef0123456789abcdef-composed", "PARLEY_ADMIN_PASSWORD=change-me-at-once",
	}, more...)))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return project
}

func TestComposePassesEverySettingOn(t *testing.T) {
	raw, err := os.ReadFile(root + "deploy/env.example")
	if err != nil {
		t.Fatal(err)
	}
	// What the image and the services of this file decide.
	own := strings.Fields("PARLEY_ADDR PARLEY_METRICS_ADDR PARLEY_DATA_DIR PARLEY_EVENTS_URL PARLEY_DATABASE_URL")
	var set, names []string
	for _, m := range regexp.MustCompile(`(?m)^#(PARLEY_[A-Z_]+)=`).FindAllStringSubmatch(string(raw), -1) {
		if !slices.Contains(own, m[1]) {
			names, set = append(names, m[1]), append(set, m[1]+"=as it was set")
		}
	}
	if len(names) < 10 {
		t.Fatalf("env.example has only %v", names)
	}
	parley := composed(t, set).Services["parley"]
	for _, name := range names {
		if value := parley.Environment[name]; value == nil || *value != "as it was set" {
			t.Errorf("compose.yml does not pass %s on", name)
		}
	}
}

func TestComposeBringsPrometheusAndGrafanaWhenAsked(t *testing.T) {
	if _, ok := composed(t, nil).Services["prometheus"]; ok {
		t.Error("Prometheus runs unasked")
	}
	with := composed(t, nil, "monitoring")
	for _, name := range []string{"prometheus", "grafana"} {
		service, ok := with.Services[name]
		if !ok {
			t.Errorf("there is no %s", name)
		}
		for _, v := range service.Volumes {
			if v.Type != "bind" {
				continue
			}
			if _, err := os.Stat(v.Source); err != nil {
				t.Errorf("%s mounts what is not there: %v", name, err)
			}
		}
	}
}

func TestWhatComposeRunsStarts(t *testing.T) {
	project, at, data := composed(t, nil), database(t), t.TempDir()
	for _, name := range []string{"migrate", "parley"} {
		service := project.Services[name]
		settings := map[string]string{}
		for key, value := range service.Environment {
			if value != nil {
				settings[key] = *value
			}
		}
		api, metrics := elsewhere(t, settings, at, data)
		args := []string(service.Command)
		if name == "migrate" {
			run(t, environ(settings), args...)
			continue
		}
		if len(args) == 0 {
			args = []string{"serve"} // the image's own
		}
		said := start(t, environ(settings), args...)
		until(t, "http://"+api+"/readyz", said)
		until(t, "http://"+metrics+"/metrics", said)
		run(t, environ(settings), "healthcheck") // the image's HEALTHCHECK
	}
}
