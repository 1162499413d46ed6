// Command parley is the server and its operator commands.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
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
	Migrate      migrateCmd      `cmd:"" help:"Migrate the database, or show its state."`
	User         userCmd         `cmd:"" help:"Manage users."`
	Organization organizationCmd `cmd:"" help:"Manage organizations."`
	Events       eventsCmd       `cmd:"" help:"List, retry and replay events."`
	Work         workCmd         `cmd:"" help:"List and retry dead jobs."`
	Extract      extractCmd      `cmd:"" help:"Print what the index would see of a file."`
	Evaluate     evaluateCmd     `cmd:"" help:"Measure the answers of an agent, and the metrics themselves."`
	Bench        benchCmd        `cmd:"" help:"Measure this version."`
	OpenAPI      openAPICmd      `cmd:"" name:"openapi" help:"Print the OpenAPI document."`
	Version      versionCmd      `cmd:"" help:"Print the version."`
}

func main() {
	if child(os.Args[1:]) {
		return
	}
	var c cli
	parsed := kong.Parse(&c, kong.Name("parley"), kong.UsageOnError(),
		kong.Description("A self-hosted server for AI agents that answer from your documents. Settings come from the environment; see docs/operations.md."))
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	parsed.BindTo(ctx, (*context.Context)(nil))
	if err := parsed.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "parley:", err)
		var ends exitCode
		if errors.As(err, &ends) {
			os.Exit(ends.code)
		}
		os.Exit(1)
	}
}

func settings() (config.Config, error) { return config.Load(os.Environ()) }

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run() error {
	fmt.Println(version)
	return nil
}
