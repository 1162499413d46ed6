package main

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"parley/platform/mail/mailtest"
)

// examined is what doctor finds in an environment.
func examined(t *testing.T, environ ...string) (string, int) {
	t.Helper()
	var out bytes.Buffer
	d := examination{out: &out}
	d.examine(t.Context(), environ)
	return out.String(), d.failed
}

func TestDoctorFindsWhatASettingNames(t *testing.T) {
	models := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer right" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat))
		_, _ = w.Write([]byte(`{"data":[{"id":"small"}]}`))
	}))
	defer models.Close()
	post := mailtest.New(t, mailtest.Options{User: "parley", Password: "hidden", NoTLS: true})
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	at := []string{"PARLEY_DATA_DIR=" + filepath.Join(dir, "new"), "PARLEY_ADDR=127.0.0.1:0"}
	llm := append(at[:2:2], "PARLEY_LLM_URL="+models.URL, "PARLEY_LLM_API_KEY=right", "PARLEY_LLM_MODEL=small")
	mails := append(at[:2:2], "PARLEY_MAIL_FROM=Parley <p@example.com>", "PARLEY_PUBLIC_URL=https://parley.example.com")
	for _, c := range []struct {
		environ []string
		want    string
		wrong   int
	}{
		{at, "ok       no model is set", 0},
		{append(at[:2:2], "PARLEY_LOG_LEVEL=loud", "PARLEY_ADRR=1"), "WRONG    PARLEY_LOG_LEVEL: \"loud\"", 2},
		{append(at[1:2:2], "PARLEY_DATA_DIR="+file), "is no directory", 2}, // the database can't be there either
		{llm, "ok       model small: " + models.URL + " has it", 0},
		{llm, "clock: this machine's and that of " + models.URL + " are 1h0m", 0},
		{append(llm[:4:4], "PARLEY_LLM_MODEL=large"), "WRONG    model large: " + models.URL + " has no large; it has small", 1},
		{append(llm[:5:5], "PARLEY_LLM_API_KEY=wrong"), "refuses the API key", 1},
		{append(mails[:4:4], fmt.Sprintf("PARLEY_SMTP_URL=smtp://%s:%d?tls=none", post.Host, post.Port)), "ok       mail server: it takes mail from Parley <p@example.com>", 0},
		{append(mails[:4:4], "PARLEY_SMTP_URL=smtp://parley:hidden@127.0.0.1:1"), "WRONG    mail server: it can't be used (PARLEY_SMTP_URL)", 1},
		{append(mails[:4:4], fmt.Sprintf("PARLEY_SMTP_URL=smtp://parley:hidden@%s:%d", post.Host, post.Port)), "WRONG    mail server: it can't be used (PARLEY_SMTP_URL)", 1}, // no STARTTLS
		{append(at[:2:2], "PARLEY_DATABASE_URL=postgres://u:hidden@127.0.0.1:1/x?sslmode=disable"), "WRONG    database: connecting to PostgreSQL", 1},
	} {
		said, wrong := examined(t, c.environ...)
		if !strings.Contains(said, c.want) || wrong != c.wrong || strings.Contains(said, "hidden") || strings.Contains(said, "API_KEY=right") {
			t.Errorf("%v: %d wrong, want %d and %q in\n%s", c.environ, wrong, c.wrong, c.want, said)
		}
	}
	if mails := post.Mails(); len(mails) != 0 {
		t.Errorf("it sent %d mails", len(mails))
	}
	if _, err := os.Stat(filepath.Join(dir, "new")); !os.IsNotExist(err) {
		t.Errorf("it made the data directory: %v", err)
	}
}
