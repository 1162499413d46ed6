package dbtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"parley/platform/sqldb"
)

// server is the private server of this test program, started once.
var server struct {
	once sync.Once
	url  string
	err  error
	// alive is the server's standard input. Keeping it here keeps the
	// garbage collector from closing it, which would end the server.
	alive io.Closer
}

var errNoBinaries = errors.New("no PostgreSQL: set PARLEY_TEST_POSTGRES_URL or install its server")

func serverURL(t testing.TB) string {
	t.Helper()
	if u := os.Getenv("PARLEY_TEST_POSTGRES_URL"); u != "" {
		return u
	}
	server.once.Do(func() { server.url, server.err = startServer() })
	if errors.Is(server.err, errNoBinaries) {
		missing(t, server.err.Error())
	}
	if server.err != nil {
		t.Fatalf("starting PostgreSQL: %v", server.err)
	}
	return server.url
}

// watch runs the server until its standard input closes, which happens
// however this program ends, and then removes the data.
const watch = `umask 077
"$0/initdb" -D "$1/data" -U postgres -A trust --no-sync -E UTF8 --locale=C >"$1/log" 2>&1 || exit 1
"$0/postgres" -D "$1/data" -h 127.0.0.1 -p "$2" -k "$1" -c fsync=off -c full_page_writes=off -c synchronous_commit=off -c max_connections=200 >>"$1/log" 2>&1 </dev/null &
pid=$!
read -r _
kill -INT $pid; wait $pid; rm -rf "$1"`

func startServer() (string, error) {
	bin, err := binaries()
	if err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp("", "parley-postgres-")
	if err != nil {
		return "", err
	}
	port, err := freePort()
	if err != nil {
		return "", err
	}
	args := []string{"sh", "-c", watch, bin, dir, fmt.Sprint(port)}
	if os.Geteuid() == 0 {
		// PostgreSQL refuses to run as root.
		if _, err := user.Lookup("postgres"); err != nil {
			return "", errNoBinaries
		}
		if err := exec.Command("chown", "postgres", dir).Run(); err != nil {
			return "", err
		}
		args = append([]string{"setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	if server.alive, err = cmd.StdinPipe(); err != nil { // held open by this process alone
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", err
	}
	url := fmt.Sprintf("postgres://postgres@127.0.0.1:%d/postgres?sslmode=disable", port)
	for range 300 {
		db, err := sqldb.Open(context.Background(), sqldb.Config{URL: url, MaxConns: 1})
		if err == nil {
			return url, db.Close()
		}
		time.Sleep(100 * time.Millisecond)
	}
	log, err := os.ReadFile(filepath.Join(dir, "log"))
	return "", fmt.Errorf("the server does not answer: %s %w", log, err)
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
	return "", errNoBinaries
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
