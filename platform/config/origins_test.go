package config_test

import (
	"slices"
	"strings"
	"testing"

	"parley/platform/config"
)

func TestOriginsAreExact(t *testing.T) {
	for _, good := range []string{"https://app.example.com", "http://localhost:5173,https://app.example.com", "*"} {
		c, err := config.Load([]string{"PARLEY_CORS_ORIGINS=" + good})
		if err != nil || !slices.Equal(c.Origins, strings.Split(good, ",")) {
			t.Errorf("%s is %q, %v", good, c.Origins, err)
		}
	}
	for bad, want := range map[string]string{
		"app.example.com":             "is no origin",
		"https://app.example.com/":    "is no origin",
		"https://app.example.com/x":   "is no origin",
		"https://*.example.com":       "is no origin",
		"https://App.example.com":     "is no origin",
		"https://u@app.example.com":   "is no origin",
		"ftp://app.example.com":       "is no origin",
		"null":                        "is no origin",
		"https://a.example.com,":      "is no origin",
		"https://app.example.com:443": "leave it out",
		"*,https://app.example.com":   "stands alone",
	} {
		if _, err := config.Load([]string{"PARLEY_CORS_ORIGINS=" + bad}); err == nil || !strings.Contains(err.Error(), "PARLEY_CORS_ORIGINS: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", bad, err)
		}
	}
	if c, err := config.Load(nil); err != nil || len(c.Origins) > 0 {
		t.Errorf("without the setting: %q, %v", c.Origins, err)
	}
}
