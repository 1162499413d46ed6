package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"parley/platform/freeaddr"
)

// The first admin of every server that is measured.
const (
	AdminEmail    = "admin@example.org"
	AdminPassword = "correct horse"
)

// Build compiles the server into dir and answers the program's path.
func Build(ctx context.Context, dir string) (string, error) {
	path := filepath.Join(dir, "parley")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", path, "parley/cmd/parley").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building the server (run this in the module, or name a program with --parley): %w\n%s", err, out)
	}
	return path, nil
}

// Server is the server under test, a process of its own with its usual
// settings, on a fresh data directory.
type Server struct {
	Addr, Metrics string
	reserved      [2]*freeaddr.Address
	cmd           *exec.Cmd
	log           *os.File
	ended         chan struct{}
}

// StartServer starts program over dir. databaseURL is empty for SQLite.
func StartServer(ctx context.Context, program, dir, databaseURL, modelURL string) (*Server, error) {
	s := &Server{ended: make(chan struct{})}
	var err error
	for i := range s.reserved {
		if s.reserved[i], err = freeaddr.Reserve(ctx); err != nil {
			return nil, err
		}
	}
	s.Addr, s.Metrics = s.reserved[0].String(), s.reserved[1].String()
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "PARLEY_ADDR=" + s.Addr, "PARLEY_METRICS_ADDR=" + s.Metrics, "PARLEY_DATA_DIR=" + dir,
		"PARLEY_ADMIN_EMAIL=" + AdminEmail, "PARLEY_ADMIN_PASSWORD=" + AdminPassword, "PARLEY_LLM_URL=" + modelURL, "PARLEY_LLM_MODEL=stub",
	}
	if limit := os.Getenv("GOMEMLIMIT"); limit != "" {
		env = append(env, "GOMEMLIMIT="+limit)
	}
	if databaseURL != "" {
		env = append(env, "PARLEY_DATABASE_URL="+databaseURL)
		migrate := exec.CommandContext(ctx, program, "migrate", "up")
		migrate.Env = env
		if out, err := migrate.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("migrating: %w\n%s", err, out)
		}
	}
	if s.log, err = os.Create(filepath.Join(dir, "server.log")); err != nil {
		return nil, fmt.Errorf("making the server's log: %w", err)
	}
	s.cmd = exec.CommandContext(ctx, program, "serve")
	s.cmd.Env, s.cmd.Stdout, s.cmd.Stderr = env, s.log, s.log
	if err := s.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	go func() {
		defer close(s.ended)
		_ = s.cmd.Wait() // it is stopped on purpose
	}()
	if err := s.ready(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for {
		if _, err := get(ctx, "http://"+s.Addr+"/readyz"); err == nil {
			return nil
		}
		select {
		case <-s.ended:
			log, _ := os.ReadFile(s.log.Name()) // it only explains
			return fmt.Errorf("the server ended:\n%s", log)
		case <-ctx.Done():
			return fmt.Errorf("the server does not get ready: %w", ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// PID is the server's process.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Close stops the server as an operator would, and waits.
func (s *Server) Close() error {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may have ended already
	<-s.ended
	return errors.Join(s.reserved[0].Close(), s.reserved[1].Close(), s.log.Close())
}

// Behind is the age in seconds of the oldest event that some consumer has not
// dealt with; 0 when all have drained.
func (s *Server) Behind(ctx context.Context) (float64, error) {
	body, err := get(ctx, "http://"+s.Metrics+"/metrics")
	if err != nil {
		return 0, fmt.Errorf("reading the metrics: %w", err)
	}
	return worst(body, "parley_bus_lag_seconds")
}

// ErrNoMetric is for a server that does not have the metric which was asked for,
// as one of an earlier version.
var ErrNoMetric = errors.New("the server has no metric")

// worst is the highest value of a metric in the Prometheus text format.
func worst(text []byte, name string) (float64, error) {
	highest, found := 0.0, false
	for line := range bytes.Lines(text) {
		rest, ok := strings.CutPrefix(string(line), name)
		if !ok || (rest[0] != '{' && rest[0] != ' ') {
			continue
		}
		fields := strings.Fields(rest)
		v, err := strconv.ParseFloat(fields[len(fields)-1], 64)
		if err != nil {
			return 0, fmt.Errorf("reading the metric %s: %w", name, err)
		}
		highest, found = max(highest, v), true
	}
	if !found {
		return 0, fmt.Errorf("%w %s", ErrNoMetric, name)
	}
	return highest, nil
}

func get(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, MaxAnswer))
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %d: %.300s", url, res.StatusCode, body)
	}
	return body, err
}
