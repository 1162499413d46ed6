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
		"PARLEY_ADDR=nonsense", "PARLEY_DATABASE_URL=mysql://x", "PARLEY_SECRET_KEY=short", "PARLEY_LLM_URL=ftp://x", "PARLEY_EMBEDDING_URL=nowhere",
		"PARLEY_LLM_FIRST_BYTE=0s", "PARLEY_ANSWER_LINK_HOSTS=https://wiki.example", "PARLEY_LOG_LEVEL=loud", "PARLEY_MAX_UPLOAD_BYTES=many", "PARLEY_ADRR=127.0.0.1:1", "PARLEY_EVENTS_URL=nats://x",
		"PARLEY_TRUSTED_PROXIES=10.0.0.1,everybody", "PARLEY_INBOX_LIMIT=999",
	})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, name := range []string{
		"PARLEY_ADDR", "PARLEY_DATABASE_URL", "PARLEY_SECRET_KEY", "PARLEY_LLM_URL", "PARLEY_LLM_MODEL", "PARLEY_LLM_FIRST_BYTE", "PARLEY_ANSWER_LINK_HOSTS",
		"PARLEY_EMBEDDING_URL", "PARLEY_EMBEDDING_MODEL", "PARLEY_LOG_LEVEL", "PARLEY_MAX_UPLOAD_BYTES", "PARLEY_ADRR", "PARLEY_EVENTS_URL", "PARLEY_TRUSTED_PROXIES", "PARLEY_INBOX_LIMIT",
	} {
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

func TestSeveralSecretKeysAreEachLongEnough(t *testing.T) {
	key := strings.Repeat("k", 32)
	for value, ok := range map[string]bool{key: true, key + "," + key: true, key + ", " + key: true, key + ",short": false, key + ",": false, "," + key: false} {
		if _, err := config.Load([]string{"PARLEY_SECRET_KEY=" + value}); (err == nil) != ok {
			t.Errorf("%q: %v", value, err)
		}
	}
}

func TestTrustedProxiesAreAddressesAndNetworks(t *testing.T) {
	c, err := config.Load([]string{"PARLEY_TRUSTED_PROXIES=10.1.2.3, 192.168.7.9/16,::1,fd00::/8"})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.TrustedProxies()
	if err != nil {
		t.Fatal(err)
	}
	var texts []string
	for _, p := range got {
		texts = append(texts, p.String())
	}
	if all := strings.Join(texts, " "); all != "10.1.2.3/32 192.168.0.0/16 ::1/128 fd00::/8" {
		t.Errorf("got %s", all)
	}
	if c, err = config.Load(nil); err != nil {
		t.Fatal(err)
	}
	if none, err := c.TrustedProxies(); err != nil || len(none) != 0 {
		t.Errorf("by default %v, %v", none, err)
	}
}

func TestSharePointIsADirectoryOrGraph(t *testing.T) {
	c, err := config.Load([]string{"PARLEY_DATA_DIR=/data"})
	if err != nil {
		t.Fatal(err)
	}
	if u, err := c.SharePoint(); u != "file:///data/sharepoint" || err != nil {
		t.Errorf("by default %s, %v", u, err)
	}
	graph := []string{"PARLEY_SHAREPOINT_TENANT=t", "PARLEY_SHAREPOINT_CLIENT_ID=c", "PARLEY_SHAREPOINT_CLIENT_SECRET=s"}
	for _, c := range []struct {
		environ []string
		ok      bool
	}{
		{[]string{"PARLEY_SHAREPOINT_URL=file:///srv/files"}, true},
		{[]string{"PARLEY_SHAREPOINT_URL=file://srv/files"}, false},
		{[]string{"PARLEY_SHAREPOINT_URL=srv/files"}, false},
		{append(graph, "PARLEY_SHAREPOINT_URL=https://graph.microsoft.com/v1.0"), true},
		{append(graph, "PARLEY_SHAREPOINT_URL=http://127.0.0.1:9/v1.0"), true},
		{append(graph, "PARLEY_SHAREPOINT_URL=http://graph.microsoft.com/v1.0"), false},
		{append(graph[:2:2], "PARLEY_SHAREPOINT_URL=https://graph.microsoft.com/v1.0"), false},
		{append(graph, "PARLEY_SHAREPOINT_URL=https://graph.microsoft.com/v1.0", "PARLEY_SHAREPOINT_LOGIN_URL=http://login.example"), false},
		{append(graph, "PARLEY_SHAREPOINT_URL=https://graph.microsoft.com/v1.0", "PARLEY_SHAREPOINT_ORGANIZATION=0"), false},
	} {
		if _, err := config.Load(c.environ); (err == nil) != c.ok {
			t.Errorf("%v: %v", c.environ, err)
		}
	}
}
