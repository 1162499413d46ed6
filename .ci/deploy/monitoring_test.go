package deploy

import (
	"encoding/json"
	"log/slog"
	"os"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
	"go.yaml.in/yaml/v3"
)

func TestEveryAlertIsARuleWithASeverity(t *testing.T) {
	groups, errs := rulefmt.ParseFile(root+"deploy/prometheus/alerts.yml", false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.Default())
	for _, err := range errs {
		t.Error(err)
	}
	if groups == nil || len(groups.Groups) == 0 {
		t.Fatal("there are no rules")
	}
	for _, g := range groups.Groups {
		for _, r := range g.Rules {
			if s := r.Labels["severity"]; s != "critical" && s != "warning" {
				t.Errorf("%s has the severity %q", r.Alert, s)
			}
			if strings.Contains(r.Expr, `job="`) {
				t.Errorf("%s depends on the name of the job", r.Alert)
			}
		}
	}
}

func TestEveryPanelAsksAQueryThatPrometheusReads(t *testing.T) {
	raw, err := os.ReadFile(root + "deploy/grafana/parley.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(raw, &dashboard); err != nil {
		t.Fatal(err)
	}
	read, queries := parser.NewParser(parser.Options{}), 0
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			queries++
			// Grafana fills its variables in before it asks.
			expr := strings.NewReplacer("$__rate_interval", "5m", "$job", "parley").Replace(target.Expr)
			if _, err := read.ParseExpr(expr); err != nil {
				t.Errorf("%s: %v", p.Title, err)
			}
			if strings.Contains(target.Expr, `job="`) {
				t.Errorf("%s depends on the name of the job", p.Title)
			}
		}
	}
	if queries < 5 {
		t.Errorf("%d queries were read", queries)
	}
}

func TestPrometheusFindsTheRulesAndTheServer(t *testing.T) {
	raw, err := os.ReadFile(root + "deploy/prometheus/prometheus.yml")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		RuleFiles []string `yaml:"rule_files"`
		Scrape    []struct {
			Job string `yaml:"job_name"`
			DNS []struct {
				Names []string
				Port  int
			} `yaml:"dns_sd_configs"`
		} `yaml:"scrape_configs"`
	}
	if err := yaml.Unmarshal(raw, &config); err != nil {
		t.Fatal(err)
	}
	for _, file := range config.RuleFiles {
		if _, err := os.Stat(root + "deploy/prometheus/" + file); err != nil {
			t.Error(err)
		}
	}
	if len(config.Scrape) != 1 || len(config.Scrape[0].DNS) != 1 || config.Scrape[0].DNS[0].Port != 9090 || config.Scrape[0].DNS[0].Names[0] != "parley" {
		t.Errorf("it scrapes %+v", config.Scrape)
	}
}
