// Package pgserver starts a private PostgreSQL server from the binaries on
// this machine, for tests and benchmarks. The server and its data go away with
// the process that started it, however that one ends.
package pgserver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"parley/platform/freeaddr"
	"parley/platform/sqldb"
)

// ErrNoBinaries means that this machine has no PostgreSQL server to start.
var ErrNoBinaries = errors.New("this machine has no PostgreSQL server: install one, or name a running one")

// Server is a running server. It runs for as long as its standard input is
// open, so keep the Server for as long as the database is needed: collecting
// it would close the input.
type Server struct {
	// URL leads to its database postgres, as superuser.
	URL string

	address *freeaddr.Address
	cmd     *exec.Cmd
	input   io.Closer
}

// supervise runs the server until its standard input closes, and then removes
// the data.
const supervise = `umask 077
bin=$1 dir=$2 port=$3; shift 3
"$bin/initdb" -D "$dir/data" -U postgres -A trust --no-sync -E UTF8 --locale=C >"$dir/log" 2>&1 || exit 1
"$bin/postgres" -D "$dir/data" -h 127.0.0.1 -p "$port" -k "$dir" "$@" >>"$dir/log" 2>&1 </dev/null &
pid=$!
read -r _
kill -INT $pid; wait $pid; rm -rf "$dir"`

// Start makes an empty database cluster and serves it on a free port of
// 127.0.0.1. Each setting is "name=value" as in postgresql.conf. When the
// caller is root, the server runs as the user postgres.
func Start(ctx context.Context, settings ...string) (*Server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "parley-postgres-")
	if err != nil {
		return nil, fmt.Errorf("making the directory of the server: %w", err)
	}
	address, err := freeaddr.Reserve(ctx)
	if err != nil {
		return nil, err
	}
	args := []string{"sh", "-c", supervise, "sh", bin, dir, strconv.Itoa(address.Port)}
	for _, s := range settings {
		args = append(args, "-c", s)
	}
	if os.Geteuid() == 0 { // PostgreSQL refuses to run as root
		if _, err := user.Lookup("postgres"); err != nil {
			return nil, ErrNoBinaries
		}
		if err := exec.CommandContext(ctx, "chown", "postgres", dir).Run(); err != nil {
			return nil, fmt.Errorf("giving the directory to postgres: %w", err)
		}
		args = append([]string{"setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"}, args...)
	}
	// Closing its input ends the server; ctx only bounds the start.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), args[0], args[1:]...)
	cmd.Dir = dir
	s := &Server{URL: fmt.Sprintf("postgres://postgres@%s/postgres?sslmode=disable", address), address: address, cmd: cmd}
	if s.input, err = cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("opening the server's input: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	if err := s.answers(ctx); err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "log")) // it may have none yet
		return nil, errors.Join(fmt.Errorf("the server does not answer: %w\n%s", err, log), s.Close())
	}
	return s, nil
}

// answers waits for at most 30 seconds until the server takes connections.
func (s *Server) answers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		db, err := sqldb.Open(ctx, sqldb.Config{URL: s.URL, MaxConns: 1})
		if err == nil {
			return db.Close()
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Close stops the server and waits until its data is removed.
func (s *Server) Close() error {
	if err := s.input.Close(); err != nil {
		return fmt.Errorf("stopping the server: %w", err)
	}
	_ = s.cmd.Wait() // the status is that of the clean-up
	return s.address.Close()
}

// Has reports whether the server's installation has a library that it can
// preload, such as pg_stat_statements.
func Has(library string) bool {
	bin, err := binaries()
	if err != nil {
		return false
	}
	_, err = os.Stat(filepath.Join(filepath.Dir(bin), "lib", library+".so"))
	return err == nil
}

func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		slices.Sort(found)
		return filepath.Dir(found[len(found)-1]), nil
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", ErrNoBinaries
}
