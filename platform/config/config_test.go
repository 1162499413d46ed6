package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/platform/config"
)

func TestAllMistakesAreReportedAtOnce(t *testing.T) {
	_, err := config.Load([]string{
		"PARLEY_ADDR=nonsense", "PARLEY_DATABASE_URL=mysql://x", "PARLEY_SECRET_KEY=short", "PARLEY_LLM_URL=ftp://x",
		"PARLEY_LOG_LEVEL=loud", "PARLEY_MAX_UPLOAD_BYTES=many", "PARLEY_ADRR=127.0.0.1:1", "PARLEY_EVENTS_URL=nats://x",
	})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, name := range []string{"PARLEY_ADDR", "PARLEY_DATABASE_URL", "PARLEY_SECRET_KEY", "PARLEY_LLM_URL", "PARLEY_LLM_MODEL", "PARLEY_LOG_LEVEL", "PARLEY_MAX_UPLOAD_BYTES", "PARLEY_ADRR", "PARLEY_EVENTS_URL"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not mentioned in:\n%v", name, err)
		}
	}
}

func TestAnEmptyEnvironmentIsAConfiguration(t *testing.T) {
	c, err := config.Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	if c.Addr != "127.0.0.1:8080" || c.DataDir != "./parley-data" || c.DatabaseURL != "" {
		t.Errorf("defaults are %+v", c)
	}
}

func TestTheSecretKeyIsMadeOnceAndPrivate(t *testing.T) {
	c := config.Config{DataDir: t.TempDir()}
	first, err := c.Key()
	if err != nil || len(first) < 32 {
		t.Fatalf("%d bytes, %v", len(first), err)
	}
	second, err := c.Key()
	if err != nil || string(first) != string(second) {
		t.Errorf("the key changed: %v", err)
	}
	info, err := os.Stat(filepath.Join(c.DataDir, "secret.key"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}
