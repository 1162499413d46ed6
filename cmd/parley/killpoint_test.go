package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"sync"
	"syscall"

	"github.com/uptrace/bun"

	"parley/platform/sqldb"
)

// killedServer makes this test program a server that kills itself at a commit.
// No other program has the code for it.
const killedServer = "PARLEY_TEST_KILLED_SERVER"

func init() {
	if os.Getenv(killedServer) == "" || child(os.Args[1:]) {
		return
	}
	fmt.Fprintln(os.Stderr, "parley:", serveToBeKilled(context.Background()))
	os.Exit(1)
}

// serveToBeKilled is the serve command with a killer that takes its orders
// from standard input.
func serveToBeKilled(ctx context.Context) error {
	c, err := settings()
	if err != nil {
		return err
	}
	collectLess()
	b, err := open(ctx, c, true)
	if err != nil {
		return err
	}
	k := &killer{db: b.db}
	b.db.AddQueryHook(k)
	go k.obey(os.Stdin)
	return b.serve(ctx, profileAll, nil)
}

// killer ends the process with SIGKILL at a commit: of a transaction, or of a
// statement that writes outside of one. Nothing that is deferred runs, and no
// buffer is flushed.
type killer struct {
	db *sqldb.DB

	mu     sync.Mutex
	before bool
	left   int    // commits to the one at which it kills; 0: none
	of     string // counts only commits of functions with this in their name
	at     int
}

// obey reads orders of one line each, such as "after 3" or "before 1 renew",
// and answers each with a line once it is in force.
func (k *killer) obey(orders io.Reader) {
	lines := bufio.NewScanner(orders)
	for lines.Scan() {
		var when string
		k.mu.Lock()
		k.of, k.at = "", 0
		_, _ = fmt.Sscan(lines.Text(), &when, &k.left, &k.of) // without a name: all commits
		k.before = when == "before"
		k.mu.Unlock()
		fmt.Println("armed")
	}
}

type countedCommit struct{}

// BeforeQuery implements bun.QueryHook.
func (k *killer) BeforeQuery(ctx context.Context, e *bun.QueryEvent) context.Context {
	first, _, _ := strings.Cut(strings.TrimSpace(e.Query), " ")
	switch first {
	case "COMMIT":
	case "INSERT", "UPDATE", "DELETE":
		if k.db.InTx(ctx) {
			return ctx
		}
	default:
		return ctx
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	by := committer()
	if k.left == 0 || !strings.Contains(by, k.of) {
		return ctx
	}
	k.left--
	k.at++
	if k.left > 0 {
		return ctx
	}
	if k.before {
		k.kill(by)
	}
	e.Stash = map[any]any{countedCommit{}: by}
	return ctx
}

// AfterQuery implements bun.QueryHook.
func (k *killer) AfterQuery(_ context.Context, e *bun.QueryEvent) {
	if by, counted := e.Stash[countedCommit{}].(string); counted {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.kill(by)
	}
}

// kill does not return. The caller holds mu, so that nobody else commits
// meanwhile.
func (k *killer) kill(by string) {
	when := "after"
	if k.before {
		when = "before"
	}
	fmt.Printf("killed %s commit %d %s\n", when, k.at, by)
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL) // it cannot fail
	select {}
}

// committer is the function whose transaction is about to be committed.
func committer() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	for {
		f, more := frames.Next()
		if strings.HasPrefix(f.Function, "parley/") && !strings.HasPrefix(f.Function, "parley/platform/sqldb.") &&
			!strings.HasPrefix(f.Function, "parley/platform/auditlog.") && !strings.HasPrefix(f.Function, "parley/platform/kernel/") && !strings.HasSuffix(f.File, "_test.go") {
			return f.Function[strings.LastIndexByte(f.Function, '/')+1:]
		}
		if !more {
			return "?"
		}
	}
}
