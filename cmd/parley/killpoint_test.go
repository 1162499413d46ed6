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

	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
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
	dbtest.Hook(b.db, k.before, k.after)
	go k.obey(os.Stdin)
	return b.serve(ctx, profileAll, nil)
}

// killer ends the process with SIGKILL at a commit: of a transaction, or of a
// statement that writes outside of one. Nothing that is deferred runs, and no
// buffer is flushed.
type killer struct {
	db *sqldb.DB

	mu    sync.Mutex
	early bool   // before that commit, not after it
	left  int    // commits to the one at which it kills; 0: none
	of    string // counts only commits of functions with this in their name
	at    int
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
		k.early = when == "before"
		k.mu.Unlock()
		fmt.Println("armed")
	}
}

// before counts a statement that is about to run, and kills or answers who
// commits when it is the one.
func (k *killer) before(ctx context.Context, query string) any {
	first, _, _ := strings.Cut(strings.TrimSpace(query), " ")
	if strings.HasSuffix(query, ";\nCOMMIT") { // as the end of a message
		first = "COMMIT"
	}
	switch first {
	case "COMMIT":
	case "INSERT", "UPDATE", "DELETE":
		if k.db.InTx(ctx) {
			return nil
		}
	default:
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	by := committer()
	if k.left == 0 || !strings.Contains(by, k.of) {
		return nil
	}
	k.left--
	k.at++
	if k.left > 0 {
		return nil
	}
	if k.early {
		k.kill(by)
	}
	return by
}

// after kills after the commit that before has found.
func (k *killer) after(by any) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kill(by)
}

// kill does not return. The caller holds mu, so that nobody else commits
// meanwhile.
func (k *killer) kill(by any) {
	when := "after"
	if k.early {
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
		if strings.HasPrefix(f.Function, "parley/") && !strings.HasPrefix(f.Function, "parley/platform/sqldb.") && !strings.HasPrefix(f.Function, "parley/platform/sqldb/dbtest.") &&
			!strings.HasPrefix(f.Function, "parley/platform/auditlog.") && !strings.HasPrefix(f.Function, "parley/platform/kernel/") && !strings.HasSuffix(f.File, "_test.go") {
			return f.Function[strings.LastIndexByte(f.Function, '/')+1:]
		}
		if !more {
			return "?"
		}
	}
}
