package clients

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
	"time"
)

const (
	email    = "admin@example.org"
	password = "a long enough password"
	origin   = "https://app.example.com"
)

var (
	started sync.Once
	address string
	stop    func()
)

func TestMain(m *testing.M) {
	code := m.Run()
	if stop != nil {
		stop()
	}
	os.Exit(code)
}

// server is the address of one server for all clients, on an empty directory.
func server(t *testing.T) string {
	t.Helper()
	started.Do(func() { start(t) })
	if address == "" {
		t.Fatal("there is no server")
	}
	return address
}

func start(t *testing.T) {
	t.Helper()
	binary := os.Getenv("PARLEY_TEST_BINARY")
	if binary == "" {
		t.Fatal("PARLEY_TEST_BINARY names no program")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	free := l.Addr().String()
	l.Close()
	dir, err := os.MkdirTemp("", "parley-clients-")
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	cmd := exec.Command(binary, "serve")
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "PARLEY_ADDR=" + free, "PARLEY_DATA_DIR=" + filepath.Join(dir, "data"),
		"PARLEY_ADMIN_EMAIL=" + email, "PARLEY_ADMIN_PASSWORD=" + password, "PARLEY_CORS_ORIGINS=" + origin,
	}
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	gone := make(chan struct{})
	go func() { _ = cmd.Wait(); close(gone) }()
	stop = func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-gone
		os.RemoveAll(dir)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		r, err := http.Get("http://" + free + "/readyz")
		if err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				address = "http://" + free
				return
			}
		}
		select {
		case <-gone:
			t.Fatalf("the server ended:\n%s", &log)
		case <-ctx.Done():
			t.Fatal("the server is not ready")
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Each script goes the whole path with one client, and fails when something is
// not as it should be.
func TestTheTypeScriptClientsGoTheWholePath(t *testing.T) {
	base := server(t)
	for _, script := range []string{"openapi-fetch", "hey-api", "streams"} {
		t.Run(script, func(t *testing.T) {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, "node_modules/.bin/tsx", "ts/"+script+".ts")
			cmd.Dir = ".."
			cmd.Env = append(os.Environ(), "BASE="+base, "EMAIL="+email, "PASSWORD="+password, "ORIGIN="+origin, "TEXT="+text, "QUESTION="+question)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}
