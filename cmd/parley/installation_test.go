package main_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	oneKey     = "PARLEY_SECRET_KEY=0b1f6f4f0d9c4c1c8f5b7c0e3c2a9d71"
	anotherKey = "PARLEY_SECRET_KEY=f2c7a9e04b6d4f3a9d1e8b5c7a0f6e39"
)

// refused runs a command that has to fail, and looks for why.
func (s *server) refused(why string, args ...string) {
	s.t.Helper()
	out, err := s.command(args...).CombinedOutput()
	if err == nil || !strings.Contains(string(out), why) {
		s.t.Errorf("parley %s: %v, without %q in\n%s", strings.Join(args, " "), err, why, tail(string(out)))
	}
}

func TestAProcessThatDoesNotBelongToTheInstallationDoesNotStart(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		s := newServer(t, kind, oneKey)
		s.start()
		s.stop()
		s.at(anotherKey).refused("the secret key is not the one", "serve")
		if kind == "postgres" {
			s.at("PARLEY_DATA_DIR="+t.TempDir()).refused("this directory of files is not the one", "serve")
		}
		s.run("installation", "forget-key")
		other := s.at(anotherKey)
		t.Cleanup(other.kill)
		other.start()
		other.stop()
	})
}

func TestAServerWithoutItsDatabaseDoesNotMakeAnother(t *testing.T) {
	s := newServer(t, "sqlite")
	s.start()
	s.kill()
	part := filepath.Join(s.setting("PARLEY_DATA_DIR"), "files", "half.part")
	if err := os.WriteFile(part, []byte("half an upload"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.start()
	s.stop()
	if _, err := os.Stat(part); !os.IsNotExist(err) {
		t.Errorf("what a killed upload left is still there: %v", err)
	}
	for _, name := range []string{"parley.db", "parley.db-wal", "parley.db-shm"} {
		if err := os.Remove(filepath.Join(s.setting("PARLEY_DATA_DIR"), name)); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	s.refused("the database is missing, but the files of documents are there", "serve")
	s.refused("the database is missing", "migrate", "up")
}

func TestAServerWhoseDatabaseWasCutIsNotReady(t *testing.T) {
	s := newServer(t, "sqlite")
	s.start()
	c := s.admin()
	build(c)
	if err := os.Truncate(filepath.Join(s.setting("PARLEY_DATA_DIR"), "parley.db"), 4096); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(s.setting("PARLEY_DATA_DIR"), "parley.db-wal"), 0); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() string {
		res, err := http.Get("http://" + s.addr + "/readyz")
		if err != nil {
			return err.Error()
		}
		defer res.Body.Close()
		if res.StatusCode == http.StatusServiceUnavailable {
			return ""
		}
		return fmt.Sprintf("it says %d", res.StatusCode)
	})
}
