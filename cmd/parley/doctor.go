package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"parley/platform/config"
	"parley/platform/kernel/clock"
	"parley/platform/sqldb"
)

type doctorCmd struct{}

// Run explains the settings and looks at everything that they name. It changes
// nothing.
func (doctorCmd) Run(ctx context.Context) error {
	d := examination{out: os.Stdout}
	d.examine(ctx, os.Environ())
	if d.failed > 0 {
		return fmt.Errorf("%d of these have to be mended", d.failed)
	}
	return nil
}

// examination prints what it finds, a line each.
type examination struct {
	out    io.Writer
	failed int
}

func (d *examination) ok(format string, args ...any) { say(d.out, "ok       "+format+"\n", args...) }
func (d *examination) warning(format string, args ...any) {
	say(d.out, "warning  "+format+"\n", args...)
}
func (d *examination) wrong(format string, args ...any) {
	d.failed++
	say(d.out, "WRONG    "+format+"\n", args...)
}

func (d *examination) examine(ctx context.Context, environ []string) {
	c, err := config.Load(environ)
	if err != nil {
		for line := range strings.Lines(err.Error()) {
			if line = strings.TrimSpace(line); strings.HasPrefix(line, "PARLEY_") {
				d.wrong("%s", line)
			}
		}
		if d.failed == 0 {
			d.wrong("the settings: %v", err)
		}
		return
	}
	d.settings(environ)
	d.directory(c)
	d.port(ctx, c)
	d.database(ctx, c)
	models := c.Models()
	if len(models) == 0 {
		d.ok("no model is set: answers are quotes from the documents (PARLEY_LLM_URL)")
	}
	for _, m := range models {
		d.model(ctx, "model "+m.Name, m.BaseURL, string(m.APIKey), m.Model)
	}
	if c.EmbeddingURL != "" {
		d.model(ctx, "embedding model", c.EmbeddingURL, c.EmbeddingAPIKey, c.EmbeddingModel)
	}
	if c.SMTPURL != "" {
		d.mail(ctx, c)
	}
}

// settings lists what is set, secrets as such.
func (d *examination) settings(environ []string) {
	var set []string
	for _, e := range environ {
		name, value, _ := strings.Cut(e, "=")
		if !strings.HasPrefix(name, "PARLEY_") || value == "" {
			continue
		}
		if u, err := url.Parse(value); err == nil && u.User != nil {
			value = u.Redacted()
		}
		for _, secret := range []string{"KEY", "PASSWORD", "SECRET"} {
			if strings.Contains(name, secret) {
				value = "(secret)"
			}
		}
		set = append(set, name+"="+value)
	}
	slices.Sort(set)
	if len(set) == 0 {
		d.ok("settings: none is set, so all have their defaults")
		return
	}
	d.ok("settings: %d are set: %s", len(set), strings.Join(set, " "))
}

// Below these, free space is told, or is too little to go on.
const (
	littleSpace = 2 << 30
	leastSpace  = 200 << 20
)

func (d *examination) directory(c config.Config) {
	info, err := os.Stat(c.DataDir)
	if errors.Is(err, fs.ErrNotExist) {
		d.ok("data directory: %s is not there yet; the first start makes it", c.DataDir)
		return
	}
	if err != nil || !info.IsDir() {
		d.wrong("data directory: %s is no directory that can be read: %v", c.DataDir, err)
		return
	}
	probe, err := os.CreateTemp(c.DataDir, ".doctor-")
	if err != nil {
		d.wrong("data directory: nothing can be written to %s: %v", c.DataDir, err)
		return
	}
	if err := errors.Join(probe.Close(), os.Remove(probe.Name())); err != nil {
		d.wrong("data directory: %v", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		d.warning("data directory: others may look into %s (mode %o); chmod 700 it", c.DataDir, info.Mode().Perm())
	}
	free, err := freeSpace(c.DataDir)
	switch size := humanize.IBytes(free); {
	case err != nil:
		d.warning("data directory: its free space is not known: %v", err)
	case free < leastSpace:
		d.wrong("data directory: only %s are free in %s", size, c.DataDir)
	case free < littleSpace:
		d.warning("data directory: only %s are free in %s", size, c.DataDir)
	default:
		d.ok("data directory: %s, with %s free", c.DataDir, size)
	}
}

// port tells a server that answers from another program that has the port.
func (d *examination) port(ctx context.Context, c config.Config) {
	if l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", c.Addr); err == nil {
		_ = l.Close()
		d.ok("address: %s is free; no server runs there", c.Addr)
		return
	}
	at, err := reachable(c.Addr)
	if err == nil {
		err = readiness(ctx, at)
	}
	if err != nil {
		d.wrong("address: %s is taken, and no ready server answers there: %v", c.Addr, err)
		return
	}
	d.ok("address: a server answers at %s, and is ready", c.Addr)
}

func (d *examination) database(ctx context.Context, c config.Config) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if c.DatabaseURL == "" {
		if _, err := os.Stat(filepath.Join(c.DataDir, databaseFile)); errors.Is(err, fs.ErrNotExist) {
			d.ok("database: SQLite; the first start makes it")
			return
		}
	}
	db, err := sqldb.Open(ctx, sqldb.Config{URL: c.DatabaseURL, File: filepath.Join(c.DataDir, databaseFile)})
	if err != nil {
		d.wrong("database: %v", err)
		return
	}
	b := &base{config: c, log: slog.New(slog.DiscardHandler), db: db}
	defer func() { _ = b.close() }()
	what := "SQLite"
	if b.db.Postgres() {
		var version string
		var now time.Time
		if err := b.db.NewRaw("SELECT current_setting('server_version'), clock_timestamp()").Scan(ctx, &version, &now); err != nil {
			d.wrong("database: %v", err)
			return
		}
		what = "PostgreSQL " + version
		d.clock("the database's", now)
	}
	if err := b.runner().Check(ctx); err != nil {
		d.wrong("database: %s: %v", what, err)
		return
	}
	d.ok("database: %s, at this program's version", what)
}

// mail signs in at the mail server and sends nothing.
func (d *examination) mail(ctx context.Context, c config.Config) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	sender, err := smtpSender(c, clock.System{})
	if err == nil {
		err = sender.Check(ctx)
	}
	if err != nil {
		d.wrong("mail server: it can't be used (PARLEY_SMTP_URL): %v", err)
		return
	}
	d.ok("mail server: it takes mail from %s", c.MailFrom)
}

// clock compares a clock with this machine's: sessions, schedules and leases
// go by it.
func (d *examination) clock(whose string, there time.Time) {
	off := clock.System{}.Now().Sub(there).Abs()
	if off > 30*time.Second {
		d.warning("clock: this machine's and %s are %s apart", whose, off.Round(time.Second))
		return
	}
	d.ok("clock: as %s", whose)
}

// model asks a server which models it has.
func (d *examination) model(ctx context.Context, what, address, key, name string) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(address, "/")+"/models", nil)
	if err != nil {
		d.wrong("%s: %v", what, err)
		return
	}
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		d.wrong("%s: %s does not answer: %v", what, address, err)
		return
	}
	defer func() { _ = res.Body.Close() }()
	if at, err := http.ParseTime(res.Header.Get("Date")); err == nil {
		d.clock("that of "+address, at)
	}
	var list struct{ Data []struct{ ID string } }
	switch err := json.NewDecoder(io.LimitReader(res.Body, 4<<20)).Decode(&list); {
	case res.StatusCode == http.StatusUnauthorized || res.StatusCode == http.StatusForbidden:
		d.wrong("%s: %s refuses the API key (status %d)", what, address, res.StatusCode)
	case res.StatusCode != http.StatusOK || err != nil || len(list.Data) == 0:
		d.warning("%s: %s answers, but not with a list of models (status %d), so whether it has %s is not known", what, address, res.StatusCode, name)
	default:
		var known []string
		for _, m := range list.Data {
			known = append(known, m.ID)
		}
		if !slices.Contains(known, name) && !slices.Contains(known, name+":latest") {
			d.wrong("%s: %s has no %s; it has %s", what, address, name, strings.Join(known[:min(len(known), 20)], ", "))
			return
		}
		d.ok("%s: %s has it", what, address)
	}
}
