package deploy

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/uptrace/bun/driver/pgdriver"
	core "k8s.io/api/core/v1"
)

// binary is the program that the manifests' image has.
func binary(t *testing.T) string {
	t.Helper()
	path := os.Getenv("PARLEY_TEST_BINARY")
	if path == "" {
		t.Fatal("PARLEY_TEST_BINARY names no program")
	}
	return path
}

// database makes an empty database, and answers its address.
func database(t *testing.T) string {
	t.Helper()
	server := os.Getenv("PARLEY_TEST_POSTGRES_URL")
	if server == "" {
		t.Fatal("PARLEY_TEST_POSTGRES_URL names no server")
	}
	db := sql.OpenDB(pgdriver.NewConnector(pgdriver.WithDSN(server)))
	name := fmt.Sprintf("deploy_%d", time.Now().UnixNano())
	if _, err := db.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := db.Exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
		_ = db.Close()
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}

// elsewhere are the settings of a container, moved to this machine: its
// directory, its database and its ports.
func elsewhere(t *testing.T, settings map[string]string, database, data string) (http, metrics string) {
	t.Helper()
	settings["PARLEY_DATABASE_URL"], settings["PARLEY_DATA_DIR"] = database, data
	if _, ok := settings["PARLEY_SECRET_KEY"]; ok {
		settings["PARLEY_SECRET_KEY"] = "c7f5b1d09e3a4c628f7d5e1b9a0c3d42" // the examples' own is refused
	}
	http, metrics = free(t), free(t)
	settings["PARLEY_ADDR"], settings["PARLEY_METRICS_ADDR"] = http, metrics
	return http, metrics
}

func free(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// output is what a program has said so far.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// run runs the program to its end.
func run(t *testing.T, environ []string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, binary(t), args...)
	command.Env = environ
	if said, err := command.CombinedOutput(); err != nil {
		t.Fatalf("parley %s: %v\n%s", strings.Join(args, " "), err, said)
	}
}

// start starts the program, and stops it in order when the test ends.
func start(t *testing.T, environ []string, args ...string) *output {
	t.Helper()
	said := &output{}
	command := exec.Command(binary(t), args...)
	command.Env, command.Stdout, command.Stderr = environ, said, said
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGTERM)
		if err := command.Wait(); err != nil {
			t.Errorf("parley %s ended with %v\n%s", strings.Join(args, " "), err, said)
		}
	})
	return said
}

// until waits for a 200 at the address.
func until(t *testing.T, address string, said *output) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		answer, err := http.Get(address)
		if err == nil {
			_ = answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not answer 200: %v\n%s", address, err, said)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

func TestThePlaceholderOfTheSecretKeyIsRefused(t *testing.T) {
	c := built(t, "overlays/example")
	main := c.deployments["parley-api"].Spec.Template.Spec.Containers[0]
	command := exec.Command(binary(t), main.Args...)
	command.Env = environ(c.environment(t, main))
	if said, err := command.CombinedOutput(); err == nil || !strings.Contains(string(said), "PARLEY_SECRET_KEY") {
		t.Errorf("%v: %s", err, said)
	}
}

func TestThePodsStartWithServiceLinksAndWithout(t *testing.T) {
	c := built(t, "overlays/example")
	for _, more := range [][]string{nil, linked()} {
		at, data := database(t), t.TempDir() // the volume of files is shared
		for _, name := range []string{"parley-api", "parley-worker"} {
			pod := c.deployments[name].Spec.Template.Spec
			for _, i := range pod.InitContainers {
				settings := c.environment(t, i)
				elsewhere(t, settings, at, data)
				run(t, append(environ(settings), more...), i.Args...)
			}
			main := pod.Containers[0]
			settings := c.environment(t, main)
			api, metrics := elsewhere(t, settings, at, data)
			said := start(t, append(environ(settings), more...), main.Args...)
			for _, probe := range []*core.Probe{main.StartupProbe, main.ReadinessProbe, main.LivenessProbe} {
				host := metrics
				if port(main, probe) == 8080 {
					host = api
				}
				until(t, "http://"+host+probe.HTTPGet.Path, said)
			}
			until(t, "http://"+metrics+"/metrics", said)
		}
	}
}
