// Command parleybench measures the server as a whole, over HTTP, beside the
// least that could be called the same work, in the same minutes on the same
// machine. The ratio of the two is the figure to compare; see
// docs/performance.md.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// cli is the command line.
type cli struct {
	Runs runsCmd `cmd:"" help:"Plain questions: runs a second beside a bare durable run."`

	Streams streamsCmd `cmd:"" help:"Streamed answers: the first token, many at once."`
	Idle    idleCmd    `cmd:"" help:"Open streams while nothing happens: memory and CPU."`
	User    userCmd    `cmd:"" help:"A user by id and a list of 50, beside a bare handler over pgx."`

	Written writtenCmd `cmd:"" help:"Plain questions: what they write into the log, by table and index."`

	Attack attackCmd `cmd:"" help:"Attacks on a server that may use 512 MB: what others notice."`

	BareRun  bareRunCmd  `cmd:"" hidden:"" help:"The process that runs is measured against."`
	BareUser bareUserCmd `cmd:"" hidden:"" help:"The server that user is measured against."`
}

func main() {
	var c cli
	parsed := kong.Parse(&c, kong.Name("parleybench"), kong.UsageOnError(),
		kong.Description("Benchmarks of the whole server, each with its own limit in the same run."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	parsed.BindTo(ctx, (*context.Context)(nil))
	err := parsed.Run()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "parleybench:", err)
		os.Exit(1)
	}
}
