package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/platform/sqldb/dbtest"
)

// at is the server's environment with some settings changed.
func (s *server) at(env ...string) *server {
	other := *s
	other.env, other.cmd, other.log = append(append([]string{}, s.env...), env...), nil, nil
	return &other
}

func TestABackupOfARunningServerIsRestoredElsewhere(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		s := newServer(t, kind)
		s.start()
		c := s.admin()
		w := build(c)
		indexed(t, c, upload(c, w.corpus, "log.md", "# Lamp\n\nThe lamp of Westerhever burns from dusk to dawn."))
		folder := filepath.Join(t.TempDir(), "backup")
		if said := s.run("backup", folder); !strings.Contains(said, "its 1 documents are there") {
			t.Errorf("it says %s", said)
		}
		s.stop()

		env := []string{"PARLEY_DATA_DIR=" + t.TempDir()}
		if kind == "postgres" {
			env = append(env, "PARLEY_DATABASE_URL="+dbtest.EmptyDatabaseURL(t, s.setting("PARLEY_DATABASE_URL")))
		}
		other := s.at(env...)
		if said := other.run("restore", folder); !strings.Contains(said, "its 1 documents are there") {
			t.Errorf("it says %s", said)
		}
		t.Cleanup(other.kill)
		other.start()
		var answer struct{ Answer string }
		other.admin().Do("POST", fmt.Sprintf("/api/agent/%d/response", w.agent), map[string]any{"user_query": "When does the lamp of Westerhever burn?"}).
			Want(200).Data(&answer)
		if !strings.Contains(answer.Answer, "from dusk to dawn") {
			t.Errorf("the restored server answers %q", answer.Answer)
		}
		other.stop()
		if out, err := other.command("restore", folder).CombinedOutput(); err == nil || !strings.Contains(string(out), "is not empty") {
			t.Errorf("restored over what is there: %v %s", err, out)
		}
	})
}

func TestABackupThatLostAFileIsNotRestored(t *testing.T) {
	s := newServer(t, "sqlite")
	s.start()
	c := s.admin()
	w := build(c)
	indexed(t, c, upload(c, w.corpus, "log.md", "The lamp burns."))
	folder := filepath.Join(t.TempDir(), "backup")
	s.run("backup", folder)
	found, err := filepath.Glob(filepath.Join(folder, "files", "*", "*"))
	if err != nil || len(found) != 1 {
		t.Fatalf("files %v, %v", found, err)
	}
	refused := func(why string) {
		t.Helper()
		out, err := s.at("PARLEY_DATA_DIR="+t.TempDir()).command("restore", folder).CombinedOutput()
		if err == nil || !strings.Contains(string(out), why) {
			t.Errorf("%v: %s", err, out)
		}
	}
	if err := os.WriteFile(found[0], []byte("The lamp is out."), 0o600); err != nil {
		t.Fatal(err)
	}
	refused("is not what was backed up")
	if err := os.Remove(found[0]); err != nil {
		t.Fatal(err)
	}
	refused("is missing")
	// A file that the server itself has lost is found out at the backup.
	if found, err = filepath.Glob(filepath.Join(s.setting("PARLEY_DATA_DIR"), "files", "*", "*")); err != nil || len(found) != 1 {
		t.Fatalf("files %v, %v", found, err)
	}
	if err := os.Remove(found[0]); err != nil {
		t.Fatal(err)
	}
	out, err := s.command("backup", filepath.Join(t.TempDir(), "second")).CombinedOutput()
	if err == nil || !strings.Contains(string(out), "document 1: its file") {
		t.Errorf("%v: %s", err, out)
	}
}

// setting is one of the server's settings.
func (s *server) setting(name string) string {
	var value string
	for _, e := range s.env {
		if v, ok := strings.CutPrefix(e, name+"="); ok {
			value = v
		}
	}
	return value
}
