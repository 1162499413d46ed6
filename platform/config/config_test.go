package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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

func TestAMistakeIsOneSentenceInAnOperatorsWords(t *testing.T) {
	for setting, want := range map[string]string{
		"PARLEY_MAX_UPLOAD_BYTES=many":           `PARLEY_MAX_UPLOAD_BYTES: "many" is no size such as 100MB, 100MiB or 104857600`,
		"PARLEY_MAX_UPLOAD_BYTES=-1":             `PARLEY_MAX_UPLOAD_BYTES: "-1" is no size such as 100MB, 100MiB or 104857600`,
		"PARLEY_MAX_UPLOAD_BYTES=0":              `PARLEY_MAX_UPLOAD_BYTES: it must be positive`,
		"PARLEY_LLM_FIRST_BYTE=soon":             `PARLEY_LLM_FIRST_BYTE: "soon" is no length of time such as 90s, 5m, 1h30m or 7d`,
		"PARLEY_LLM_FIRST_BYTE=60":               `PARLEY_LLM_FIRST_BYTE: "60" is no length of time such as 90s, 5m, 1h30m or 7d`,
		"PARLEY_SQLITE_FULL_SYNC=perhaps":        `PARLEY_SQLITE_FULL_SYNC: "perhaps" is neither true nor false`,
		"PARLEY_LOG_LEVEL=loud":                  `PARLEY_LOG_LEVEL: "loud" is none of debug, info, warn and error`,
		"PARLEY_SHAREPOINT_ORGANIZATION=mine":    `PARLEY_SHAREPOINT_ORGANIZATION: "mine" is no whole number`,
		"PARLEY_PORT=8080x":                      `PARLEY_PORT is not a setting; see docs/operations.md for those there are`,
		"PARLEY_DATABASE_URL=postgres//u@host/x": `PARLEY_DATABASE_URL: only postgres://… is known; leave it unset for SQLite in the data directory`,
	} {
		_, err := config.Load([]string{setting})
		if err == nil {
			t.Errorf("%s was accepted", setting)
			continue
		}
		if _, got, _ := strings.Cut(err.Error(), "\n"); got != want {
			t.Errorf("%s:\n got %s\nwant %s", setting, got, want)
		}
	}
}

func TestSizesAndTimesAreReadAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]config.Bytes{"10MB": 10_000_000, "10 MB": 10_000_000, "10MiB": 10 << 20, "1.5GiB": 3 << 29, "104857600": 100 << 20, "2gb": 2_000_000_000} {
		if c, err := config.Load([]string{"PARLEY_MAX_UPLOAD_BYTES=" + text}); err != nil || c.MaxUpload != want {
			t.Errorf("%s is %d, %v", text, c.MaxUpload, err)
		}
	}
	for text, want := range map[string]time.Duration{"90s": 90 * time.Second, "1m30s": 90 * time.Second, "0.5m": 30 * time.Second} {
		if c, err := config.Load([]string{"PARLEY_LLM_FIRST_BYTE=" + text}); err != nil || c.LLMFirstByte != want {
			t.Errorf("%s is %s, %v", text, c.LLMFirstByte, err)
		}
	}
	if _, err := config.Load([]string{"PARLEY_LLM_FIRST_BYTE=1d"}); err == nil || !strings.Contains(err.Error(), "no more than 10m") {
		t.Errorf("a day is not read as one: %v", err)
	}
}

func TestWhatKubernetesAddsForAServiceIsNoSetting(t *testing.T) {
	added := []string{
		"PARLEY_SERVICE_HOST=10.96.12.7", "PARLEY_SERVICE_PORT=80", "PARLEY_SERVICE_PORT_HTTP=80", "PARLEY_PORT=tcp://10.96.12.7:80",
		"PARLEY_PORT_80_TCP=tcp://10.96.12.7:80", "PARLEY_PORT_80_TCP_PROTO=tcp", "PARLEY_PORT_80_TCP_PORT=80", "PARLEY_PORT_80_TCP_ADDR=10.96.12.7",
		"PARLEY_WORKER_SERVICE_HOST=fd00::7", "PARLEY_WORKER_PORT=tcp://[fd00::7]:9090",
	}
	if _, err := config.Load(added); err != nil {
		t.Errorf("refused: %v", err)
	}
	for _, mistake := range []string{"PARLEY_SERVICE=10.96.12.7", "PARLEY_PORT=any", "PARLEY_SERVICE_HOST=db.example.org", "PARLEY_HOST=10.96.12.7"} {
		if _, err := config.Load([]string{mistake}); err == nil {
			t.Errorf("%s was accepted", mistake)
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

func TestASecretKeyIsHardToGuess(t *testing.T) {
	const good, other = "0b1f6f4f0d9c4c1c8f5b7c0e3c2a9d71", "Zx8!kq2Lm9#vTr4@Wp6$Ns1^Bh3&Gd5*"
	for value, ok := range map[string]bool{
		good: true, other: true, good + "," + other: true, good + ", " + other: true,
		good + ",short": false, good + ",": false, "," + good: false,
		strings.Repeat("k", 40): false, strings.Repeat("parley-", 8): false, strings.Repeat("0123456789", 4): false,
		"change-me-to-something-with-enough-characters": true, // long enough without the words
		"change-me-change-me-change-me-please":          false,
		"your-secret-key-your-secret-key-here":          false,
		"password1234567890password1234567890":          false,
	} {
		_, err := config.Load([]string{"PARLEY_SECRET_KEY=" + value})
		if (err == nil) != ok {
			t.Errorf("%q: %v", value, err)
		}
		if err != nil && len(value) > 20 && strings.Contains(err.Error(), value) {
			t.Errorf("the key is in the message: %v", err)
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

func TestTheMailServerIsAURL(t *testing.T) {
	rest := []string{"PARLEY_MAIL_FROM=Parley <parley@example.com>", "PARLEY_PUBLIC_URL=https://parley.example.com"}
	for value, want := range map[string]config.SMTP{
		"smtp://mail.example.com":                          {Host: "mail.example.com", Port: 587},
		"smtp://jo:p%40ss%2Fword@mail.example.com:2525":    {Host: "mail.example.com", Port: 2525, User: "jo", Password: "p@ss/word"},
		"smtps://jo%40example.com:secret@mail.example.com": {Host: "mail.example.com", Port: 465, User: "jo@example.com", Password: "secret", ImplicitTLS: true},
		"smtp://[::1]:25/?tls=none":                        {Host: "::1", Port: 25, Plain: true},
	} {
		c, err := config.Load(append(rest, "PARLEY_SMTP_URL="+value))
		if err != nil {
			t.Errorf("%s: %v", value, err)
			continue
		}
		if got, err := c.SMTP(); err != nil || got != want {
			t.Errorf("%s is %+v, %v", value, got, err)
		}
	}
	for _, value := range []string{
		"mail.example.com:587", "http://mail.example.com", "smtp://", "smtp://jo@mail.example.com", "smtp://:secret@mail.example.com", "smtp://mail.example.com:0", "smtp://mail.example.com/inbox",
		"smtp://jo:secret@mail.example.com?tls=none", "smtps://mail.example.com?tls=none", "smtp://mail.example.com?tls=maybe", "smtp://mail.example.com?verify=no", "smtp://jo:secret%zz@mail.example.com",
	} {
		_, err := config.Load(append(rest, "PARLEY_SMTP_URL="+value))
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", value, err)
		}
	}
}

func TestWhatGoesWithTheMailServer(t *testing.T) {
	server := "PARLEY_SMTP_URL=smtp://mail.example.com"
	from, public := "PARLEY_MAIL_FROM=parley@example.com", "PARLEY_PUBLIC_URL=https://parley.example.com/ai"
	for name, c := range map[string]struct {
		environ []string
		wrong   string
	}{
		"all of it":                {[]string{server, from, public, "PARLEY_SIGNUP_DOMAINS=example.com,example.org"}, ""},
		"a public URL alone":       {[]string{public}, ""},
		"no sender":                {[]string{server, public}, "PARLEY_MAIL_FROM"},
		"a sender that is none":    {[]string{server, public, "PARLEY_MAIL_FROM=parley"}, "PARLEY_MAIL_FROM"},
		"no public URL":            {[]string{server, from}, "PARLEY_PUBLIC_URL"},
		"a public URL that is not": {[]string{server, from, "PARLEY_PUBLIC_URL=parley.example.com"}, "PARLEY_PUBLIC_URL"},
		"one with a query":         {[]string{server, from, "PARLEY_PUBLIC_URL=https://parley.example.com?x=1"}, "PARLEY_PUBLIC_URL"},
		"sign-up without mail":     {[]string{public, "PARLEY_SIGNUP_DOMAINS=example.com"}, "PARLEY_SIGNUP_DOMAINS"},
		"sign-up for an address":   {[]string{server, from, public, "PARLEY_SIGNUP_DOMAINS=jo@example.com"}, "PARLEY_SIGNUP_DOMAINS"},
		"a time for digests":       {[]string{"PARLEY_DIGEST_AT=18:30 Asia/Kathmandu"}, ""},
		"no zone for digests":      {[]string{"PARLEY_DIGEST_AT=18:30"}, "PARLEY_DIGEST_AT"},
		"no time for digests":      {[]string{"PARLEY_DIGEST_AT=25:00 UTC"}, "PARLEY_DIGEST_AT"},
		"an unknown zone":          {[]string{"PARLEY_DIGEST_AT=07:00 Mars/Base"}, "PARLEY_DIGEST_AT"},
		"sign-up twice":            {[]string{server, from, public, "PARLEY_SIGNUP_DOMAINS=example.com,example.com"}, "PARLEY_SIGNUP_DOMAINS"},
	} {
		_, err := config.Load(c.environ)
		if (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
