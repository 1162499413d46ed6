package sqldb_test

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/platform/sqldb"
)

var discard = slog.New(slog.DiscardHandler)

func TestADatabaseURLThatDoesNotVerifyTheServerIsRefused(t *testing.T) {
	for _, url := range []string{"postgres://u@h/d?sslmode=require", "postgres://u@h/d?sslmode=prefer", "mysql://h", "::"} {
		if _, err := sqldb.Open(context.Background(), sqldb.Config{URL: url}); err == nil || strings.Contains(err.Error(), "connecting") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestADatabaseURLThatCannotBeUsedIsRefusedInWords(t *testing.T) {
	notACertificate := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(notACertificate, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for url, want := range map[string]string{
		"postgres://u:secret@h/d?sslrootcert=/not/there.pem":       "failed to read root CA: open /not/there.pem",
		"postgres://u:secret@h/d?sslrootcert=" + notACertificate:   "failed to append root CA",
		"postgres://u:secret@h/d?sslcert=/no.pem&sslkey=/no.key":   "failed to load client certificate",
		"postgres://u:secret@h/d?connect_timeout=soon":             "invalid connect_timeout duration",
		"postgres://u:secret@h/d?sslrootcrt=/etc/ssl/ca.pem":       `the parameter "sslrootcrt", which has no effect`,
		"postgres://u:secret@h/d?options=-c%20work_mem%3D64000000": `the parameter "options"`,
	} {
		_, err := sqldb.Open(context.Background(), sqldb.Config{URL: url})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s:\n got %v\nwant %s", url, err, want)
		}
	}
}
