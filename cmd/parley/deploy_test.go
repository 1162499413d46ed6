package main

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/fx"
)

// deployed are the files of deploy, and those at the top that programs read.
func deployed(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	add := func(name string) {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = string(raw)
	}
	add("../../Taskfile.yml")
	add("../../.golangci.yml")
	err := filepath.WalkDir("../../deploy", func(name string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			add(name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTheFilesOfADeploymentAreWellFormed(t *testing.T) {
	for name, text := range deployed(t) {
		switch filepath.Ext(name) {
		case ".json":
			if !json.Valid([]byte(text)) {
				t.Errorf("%s is no JSON", name)
			}
		case ".yml", ".yaml":
			documents := yaml.NewDecoder(strings.NewReader(text))
			for {
				var into map[string]any
				if err := documents.Decode(&into); errors.Is(err, io.EOF) {
					break
				} else if err != nil {
					t.Errorf("%s: %v", name, err)
					break
				}
			}
		}
	}
}

func TestADeploymentNamesRealSettingsAndMetrics(t *testing.T) {
	var registry *prometheus.Registry
	built(t, profileAll, fx.Populate(&registry))
	metrics := described(registry)
	setting := regexp.MustCompile(`PARLEY_[A-Z_]*[A-Z]`)
	metric := regexp.MustCompile(`parley_(?:http|bus|build|database|chat|corpora|users)_[a-z_]+`)
	for name, text := range deployed(t) {
		for _, s := range setting.FindAllString(text, -1) {
			if settingsInWords[s] == "" {
				t.Errorf("%s names the setting %s, which there is not", name, s)
			}
		}
		for _, m := range metric.FindAllString(text, -1) {
			if !metrics[m] && !metrics[strings.TrimSuffix(strings.TrimSuffix(m, "_bucket"), "_count")] {
				t.Errorf("%s names the metric %s, which there is not", name, m)
			}
		}
	}
}

// described are the names of all metrics, those that have no value yet among them.
func described(r *prometheus.Registry) map[string]bool {
	all := make(chan *prometheus.Desc)
	go func() {
		r.Describe(all)
		close(all)
	}()
	name := regexp.MustCompile(`fqName: "([^"]+)"`)
	out := map[string]bool{}
	for d := range all {
		if m := name.FindStringSubmatch(d.String()); m != nil {
			out[m[1]] = true
		}
	}
	return out
}
