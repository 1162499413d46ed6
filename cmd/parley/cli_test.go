package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// said runs the program in this process.
func said(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = run(context.Background(), args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestHelpIsThereInAllItsForms(t *testing.T) {
	for _, args := range [][]string{nil, {"help"}, {"--help"}, {"-h"}} {
		if code, out, _ := said(args...); code != 0 || !strings.Contains(out, "Usage: parley <command>") || !strings.Contains(out, "user reset-password") {
			t.Errorf("%v: %d\n%s", args, code, out)
		}
	}
	if code, out, _ := said("help", "user", "create"); code != 0 || !strings.Contains(out, "Usage: parley user create") {
		t.Errorf("help user create: %d\n%s", code, out)
	}
	for _, args := range [][]string{{"--version"}, {"version"}} {
		if code, _, errs := said(args...); code != 0 || errs != "" {
			t.Errorf("%v: %d %s", args, code, errs)
		}
	}
}

func TestAMistakeIsSaidFirstAndShortly(t *testing.T) {
	for _, c := range []struct {
		args  []string
		first string
	}{
		{[]string{"srve"}, `parley: unexpected argument srve, did you mean "serve"?`},
		{[]string{"user", "lst"}, `parley: unexpected argument lst, did you mean "list"?`},
		{[]string{"serve", "--profil", "api"}, `parley: unknown flag --profil, did you mean "--profile"?`},
		{[]string{"user", "create"}, "parley: missing flags: --email=STRING"},
	} {
		code, out, errs := said(c.args...)
		lines := strings.Split(strings.TrimSpace(errs), "\n")
		if code != 2 || out != "" || lines[0] != c.first || len(lines) > 3 {
			t.Errorf("%v: %d\n%s", c.args, code, errs)
		}
	}
}

func TestACompletionNamesCommandsAndFlags(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish"} {
		code, out, errs := said("completion", shell)
		if code != 0 || !strings.Contains(out, "reset-password") || !strings.Contains(out, "--profile") {
			t.Errorf("%s: %d %s\n%s", shell, code, errs, out)
		}
	}
}

func TestACommandAboutStoredThingsMakesNoDatabase(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	t.Setenv("PARLEY_DATA_DIR", dir)
	for _, args := range [][]string{
		{"user", "list"}, {"user", "create", "--email", "a@example.org", "--password", "long enough"}, {"user", "demote", "a@example.org"}, {"organization", "create", "--name", "x", "--admin-email", "a@example.org", "--admin-password", "long enough"},
		{"events", "dead"}, {"work", "dead"}, {"migrate", "status"}, {"migrate", "down", "--yes"}, {"backup", filepath.Join(t.TempDir(), "b")},
	} {
		if code, _, errs := said(args...); code != 1 || !strings.Contains(errs, "there is no database here yet") {
			t.Errorf("%v: %d %s", args, code, errs)
		}
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the data directory was made: %v", err)
	}
}
