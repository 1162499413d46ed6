package main_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// The commands of the API's quick start are run as they stand there, but for
// the first block, which is the reader's to fill.
func TestTheQuickStartOfTheAPIRunsAsItStands(t *testing.T) {
	page, err := os.ReadFile("../../docs/api/quickstart.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```sh\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) < 8 || !strings.Contains(blocks[0][1], "PASSWORD=") {
		t.Fatalf("the page has %d blocks of commands", len(blocks))
	}
	s := newServer(t, "sqlite")
	s.start()
	script := "set -euo pipefail\n"
	for i, b := range blocks[1:] {
		script += "echo '== " + string(rune('a'+i)) + "'\n" + b[1]
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "B=http://"+s.addr, "EMAIL="+adminEmail, "PASSWORD="+adminPassword)
	raw, err := cmd.CombinedOutput()
	out := string(raw)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, want := range []string{`"step":"completed"`, "opens at 8", `"step":"start"`, `"step":"assistant_stream"`, `"step":"end"`, "closes at 18", `"meta":`} {
		if !strings.Contains(out, want) {
			t.Errorf("no %s in\n%s", want, out)
		}
	}
}
