// Command parley is the server and its operator commands.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"

	"parley/platform/config"
)

// version is set when a release is built.
var version = "dev"

// cli is the command line.
type cli struct {
	Serve        serveCmd        `cmd:"" help:"Run the server."`
	Demo         demoCmd         `cmd:"" help:"Run the server with a small organization whose agent knows this project's documentation."`
	Ask          askCmd          `cmd:"" help:"Ask an agent of a running server a question."`
	Doctor       doctorCmd       `cmd:"" help:"Explain the settings, and check the database, the models, the mail server, free space and the clock."`
	Migrate      migrateCmd      `cmd:"" help:"Migrate the database, or show its state."`
	User         userCmd         `cmd:"" help:"Manage users."`
	Organization organizationCmd `cmd:"" help:"Manage organizations."`
	Installation installationCmd `cmd:"" help:"Let go of what all processes of the installation share."`
	Events       eventsCmd       `cmd:"" help:"List, retry and replay events."`
	Work         workCmd         `cmd:"" help:"List and retry dead jobs."`
	Healthcheck  healthcheckCmd  `cmd:"" help:"Ask the running server whether it is ready; for containers."`
	Backup       backupCmd       `cmd:"" help:"Copy the database and the files to a folder, and check that they can be restored."`
	Restore      restoreCmd      `cmd:"" help:"Restore a backup into an empty data directory and an empty database."`
	Analytics    analyticsCmd    `cmd:"" help:"Check and mend what figures are made of."`
	Extract      extractCmd      `cmd:"" help:"Print what the index would see of a file."`
	Evaluate     evaluateCmd     `cmd:"" help:"Measure the answers of an agent, and the metrics themselves."`
	Bench        benchCmd        `cmd:"" help:"Measure this version."`
	OpenAPI      openAPICmd      `cmd:"" name:"openapi" help:"Print the OpenAPI document."`
	Completion   completionCmd   `cmd:"" help:"Print a script that completes commands in a shell."`
	VersionCmd   versionCmd      `cmd:"" name:"version" help:"Print the version."`

	Version kong.VersionFlag `help:"Print the version."`
}

func main() {
	if child(os.Args[1:]) {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run does what the arguments say, and answers the code that the process ends
// with: 2 for a mistake in the arguments, else 1 for a failure.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) (code int) {
	var c cli
	parser, err := kong.New(&c, kong.Name("parley"), kong.Writers(stdout, stderr), kong.Vars{"version": version},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}), kong.Exit(func(n int) { panic(exit(n)) }),
		kong.Description("A self-hosted server for AI agents that answer from your documents. Settings come from the environment; see docs/operations.md."))
	if err != nil {
		say(stderr, "parley: %v\n", err)
		return 1
	}
	// kong ends the process after --help and --version; here it is a return.
	defer func() {
		if p := recover(); p != nil {
			n, ok := p.(exit)
			if !ok {
				panic(p)
			}
			code = int(n)
		}
	}()
	if len(args) == 0 {
		args = []string{"--help"}
	} else if args[0] == "help" {
		args = append(slices.Clone(args[1:]), "--help")
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		mistake(stderr, err)
		return 2
	}
	parsed.BindTo(ctx, (*context.Context)(nil))
	if err := parsed.Run(); err != nil {
		say(stderr, "parley: %v\n", err)
		var coded interface{ ExitCode() int }
		if errors.As(err, &coded) {
			return coded.ExitCode()
		}
		return 1
	}
	return 0
}

// exit is what kong's end of the process is turned into.
type exit int

// say writes to a terminal; when that fails, nobody is left to tell.
func say(w io.Writer, format string, args ...any) { _, _ = fmt.Fprintf(w, format, args...) }

// mistake says what is wrong with the arguments, first, and where help is.
func mistake(stderr io.Writer, err error) {
	say(stderr, "parley: %v\n", err)
	command := "parley"
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		if node := parse.Context.Selected(); node != nil {
			command = node.FullPath()
			say(stderr, "Usage: parley %s\n", node.Summary())
		}
	}
	say(stderr, "Run \"%s --help\" for what there is.\n", command)
}

func settings() (config.Config, error) { return config.Load(os.Environ()) }

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run() error {
	fmt.Println(version)
	return nil
}
