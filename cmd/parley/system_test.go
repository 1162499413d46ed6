package main_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"parley/platform/freeaddr"
	"parley/platform/sqldb/dbtest"
	"parley/platform/webtest"
)

const (
	adminEmail    = "admin@example.org"
	adminPassword = "correct horse"
)

// program is the built binary, made once for all tests that start it.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "parley-system-")
	if err != nil {
		return "", err
	}
	built = dir
	path := filepath.Join(dir, "parley")
	out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building: %w\n%s", err, out)
	}
	return path, nil
})

// built is the directory of the binary, or empty.
var built string

func TestMain(m *testing.M) {
	code := m.Run()
	if built != "" {
		os.RemoveAll(built)
	}
	os.Exit(code)
}

// server is a running parley over a data directory that outlives it.
type server struct {
	t    testing.TB
	kind string
	env  []string
	addr string
	cmd  *exec.Cmd
	log  *logged
	done chan struct{}
}

// logged is what a process has said so far; it may still be saying more.
type logged struct {
	mu   sync.Mutex
	said bytes.Buffer
}

// Write implements io.Writer.
func (o *logged) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.said.Write(p)
}

// String implements fmt.Stringer.
func (o *logged) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.said.String()
}

// newServer prepares a server on a fresh data directory. kind is "sqlite" or
// "postgres". With the race detector the test ends here: the program is built
// without one, so that it runs as it is released.
func newServer(t testing.TB, kind string, env ...string) *server {
	t.Helper()
	if raceDetector {
		t.Skip("there is no race detector in the program that this test starts; go test without -race runs it")
	}
	addr := freeaddr.For(t)
	s := &server{t: t, kind: kind, addr: addr, env: append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "PARLEY_ADDR=" + addr, "PARLEY_DATA_DIR=" + t.TempDir(),
		"PARLEY_ADMIN_EMAIL=" + adminEmail, "PARLEY_ADMIN_PASSWORD=" + adminPassword,
	}, env...)}
	if kind == "postgres" {
		s.env = append(s.env, "PARLEY_DATABASE_URL="+dbtest.PostgresURL(t))
		s.run("migrate", "up")
	}
	t.Cleanup(func() {
		s.kill()
		if t.Failed() && s.log != nil {
			t.Logf("the last server's log:\n%s", tail(s.log.String()))
		}
	})
	return s
}

func tail(log string) string {
	const most = 6000
	return log[max(0, len(log)-most):]
}

func (s *server) command(args ...string) *exec.Cmd {
	s.t.Helper()
	path, err := program()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd := exec.Command(path, args...)
	cmd.Env = s.env
	return cmd
}

// run runs one command of the program to its end.
func (s *server) run(args ...string) string {
	s.t.Helper()
	out, err := s.command(args...).CombinedOutput()
	if err != nil {
		s.t.Fatalf("parley %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// start starts the server and waits until it is ready.
func (s *server) start() {
	s.t.Helper()
	s.startAs(s.command("serve"))
}

// startAs starts a command that is a server.
func (s *server) startAs(cmd *exec.Cmd) {
	s.t.Helper()
	s.cmd, s.log, s.done = cmd, &logged{}, make(chan struct{})
	cmd.Stderr = s.log
	if cmd.Stdout == nil {
		cmd.Stdout = s.log
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	done := s.done
	go func() {
		defer close(done)
		_ = cmd.Wait() // killed on purpose, mostly
	}()
	ctx, cancel := context.WithTimeout(s.t.Context(), 30*time.Second)
	defer cancel()
	for {
		if res, err := http.Get("http://" + s.addr + "/readyz"); err == nil {
			res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-done:
			s.t.Fatalf("the server ended:\n%s", tail(s.log.String()))
		case <-ctx.Done():
			s.t.Fatalf("the server does not get ready:\n%s", tail(s.log.String()))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// kill ends the server as a power cut would, as far as the process goes.
func (s *server) kill() { s.end(syscall.SIGKILL) }

// stop asks the server to end and waits.
func (s *server) stop() { s.end(syscall.SIGTERM) }

func (s *server) end(signal syscall.Signal) {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Signal(signal) // it may have ended already
	<-s.done
	s.cmd = nil
}

// admin is a client that is signed in as the first global admin.
func (s *server) admin() webtest.Client { return s.client(adminEmail, adminPassword) }

func (s *server) client(email, password string) webtest.Client {
	s.t.Helper()
	c := webtest.At(s.t, "http://"+s.addr)
	return c.As(signIn(c, email, password))
}

func signIn(c webtest.Client, email, password string) string {
	var tokens struct {
		Token string `json:"ejento_access_token"`
	}
	c.Do("POST", "/api/login/access-token", url.Values{"username": {email}, "password": {password}}).Want(200).JSON(&tokens)
	return tokens.Token
}

// eventually calls check until it answers "", and fails with its last word. It
// waits longer than a lease: in doubt, what a dead process held is free only then.
func eventually(t testing.TB, check func() string) {
	t.Helper()
	deadline := time.Now().Add(90 * time.Second)
	for {
		said := check()
		if said == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(said)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// world is what every system test begins with.
type world struct{ team, project, agent, corpus int64 }

func build(c webtest.Client) world {
	var w world
	w.team = c.Do("POST", "/api/team", map[string]any{"name": "Harbour"}).Want(201).ID()
	w.project = c.Do("POST", "/api/project", map[string]any{"name": "Lights", "team": w.team}).Want(201).ID()
	w.agent = c.Do("POST", "/api/agent", map[string]any{"name": "Keeper", "project_id": w.project, "access": "Public"}).Want(201).ID()
	w.corpus = c.Do("POST", "/api/corpus", map[string]any{"name": "Log books"}).Want(201).ID()
	c.Do("POST", fmt.Sprintf("/api/agent/%d/corpus/%d", w.agent, w.corpus), nil).Want(201)
	return w
}

func upload(c webtest.Client, corpus int64, name, text string) int64 {
	return c.Upload(fmt.Sprintf("/api/corpus/%d/document", corpus), map[string]string{"content_type": "file"},
		webtest.File{Field: "source", Name: name, Content: []byte(text)}).Want(201).ID()
}

func indexed(t testing.TB, c webtest.Client, document int64) {
	t.Helper()
	eventually(t, func() string {
		var d struct{ Step string }
		c.Do("GET", fmt.Sprintf("/api/document/%d", document), nil).Want(200).Data(&d)
		if d.Step != "completed" {
			return fmt.Sprintf("document %d is still %s", document, d.Step)
		}
		return ""
	})
}

// each runs a test on both databases, side by side, once the function that calls
// it has returned.
func each(t *testing.T, test func(t *testing.T, kind string)) {
	for _, kind := range []string{"sqlite", "postgres"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel() // most of the time goes into waiting
			test(t, kind)
		})
	}
}
