package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"go.uber.org/fx"

	"net/http"
	"parley/modules/users/usersfx"
	"parley/platform/bus"
	"parley/platform/web"
)

type migrateCmd struct {
	Up     migrateUp     `cmd:"" help:"Apply the pending migrations."`
	Down   migrateDown   `cmd:"" help:"Revert all migrations. All data is lost."`
	Status migrateStatus `cmd:"" help:"Show the applied and pending migrations of each module."`
	Unlock migrateUnlock `cmd:"" help:"End the session that has the migration lock."`
}

// withBase runs fn over an open database and closes it.
func withBase(ctx context.Context, exclusive bool, fn func(b *base) error) (err error) {
	c, err := settings()
	if err != nil {
		return err
	}
	b, err := open(ctx, c, exclusive)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	return fn(b)
}

// withExisting is withBase where a database has to be there already.
func withExisting(ctx context.Context, exclusive bool, fn func(b *base) error) error {
	c, err := settings()
	if err != nil {
		return err
	}
	if c.DatabaseURL == "" {
		path := filepath.Join(c.DataDir, databaseFile)
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("%s: %w", path, errNoDatabase)
		} else if err != nil {
			return fmt.Errorf("looking for the database: %w", err)
		}
	}
	return withBase(ctx, exclusive, fn)
}

type migrateUp struct{}

// Run applies what is pending.
func (migrateUp) Run(ctx context.Context) error {
	return withBase(ctx, true, func(b *base) error {
		return b.runner().Up(ctx)
	})
}

type migrateDown struct {
	Yes bool `help:"Confirm that all data is deleted."`
}

// Run reverts all migrations of all modules, and with them all data.
func (m migrateDown) Run(ctx context.Context) error {
	if !m.Yes {
		return errors.New("this loses all data; say --yes to do it")
	}
	return withExisting(ctx, true, func(b *base) error {
		return b.runner().Down(ctx)
	})
}

type migrateStatus struct{}

// Run shows the applied and pending migrations of each module.
func (migrateStatus) Run(ctx context.Context) error {
	return withExisting(ctx, false, func(b *base) error {
		all, err := b.runner().Status(ctx)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "MODULE\tAPPLIED\tPENDING\tUNKNOWN")
		for _, s := range all {
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", s.Module, len(s.Applied), strings.Join(s.Pending, " "), strings.Join(s.Unknown, " "))
		}
		return w.Flush()
	})
}

type migrateUnlock struct{}

// Run ends the session that has the migration lock.
func (migrateUnlock) Run(ctx context.Context) error {
	return withExisting(ctx, false, func(b *base) error {
		ended, err := b.runner().Unlock(ctx)
		switch {
		case err != nil:
			return err
		case ended:
			fmt.Println("Ended the session that had the migration lock.")
		default:
			fmt.Println("No session has the migration lock.")
		}
		return nil
	})
}

// errNoDatabase answers a command that is about what a server has stored.
var errNoDatabase = errors.New("there is no database here yet: start the server once, or set PARLEY_DATA_DIR or PARLEY_DATABASE_URL as for the server")

// withApp runs fn over the wired application without serving requests. It
// makes no database.
func withApp(ctx context.Context, fn func(ctx context.Context, b *base) error, populate ...any) error {
	return withExisting(ctx, false, func(b *base) error {
		if err := b.ready(ctx); err != nil {
			return err
		}
		app, err := b.app(profileAPI, fx.Populate(populate...))
		if err != nil {
			return err
		}
		if err := app.Err(); err != nil {
			return fmt.Errorf("building the application: %w", err)
		}
		return fn(ctx, b)
	})
}

type organizationCmd struct {
	Create organizationCreate `cmd:"" help:"Create an organization with its first global admin."`
}

type organizationCreate struct {
	Name          string `required:"" help:"Its name."`
	AdminEmail    string `required:"" help:"Address of its first global admin; its domain becomes the organization's."`
	AdminPassword string `required:"" env:"PARLEY_ADMIN_PASSWORD" help:"At least 8 characters."`
}

// Run creates an organization with its first global admin, in one transaction.
func (o organizationCreate) Run(ctx context.Context) error {
	var setup usersfx.Setup
	return withApp(ctx, func(ctx context.Context, _ *base) error {
		org, admin, err := setup.CreateOrganization(ctx, o.Name, o.AdminEmail, o.AdminPassword)
		if err != nil {
			return err
		}
		fmt.Printf("Created organization %d: %s, with global admin %d: %s\n", org.ID, org.OrgName, admin.ID, admin.Email)
		return nil
	}, &setup)
}

type eventsCmd struct {
	Dead   eventsDead   `cmd:"" help:"List the dead-letter queue: events whose retries are used up."`
	Retry  eventsRetry  `cmd:"" help:"Deliver events of the dead-letter queue again."`
	Replay eventsReplay `cmd:"" help:"Deliver all events since a time to a consumer again. First remove what the consumer stored about them."`
}

type eventsDead struct {
	Limit int `default:"50" help:"The largest number of events to list."`
}

// Run lists events that a consumer failed to handle until the last attempt.
func (e eventsDead) Run(ctx context.Context) error {
	var b *bus.Bus
	return withApp(ctx, func(ctx context.Context, _ *base) error {
		dead, err := b.Dead(ctx, e.Limit)
		if err != nil {
			return err
		}
		w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "ID\tCONSUMER\tEVENT\tKEY\tATTEMPTS\tERROR")
		for _, d := range dead {
			fmt.Fprintf(w, "%v\t%s\t%s\t%s\t%d\t%s\n", d.ID, d.Consumer, d.Event.Name, d.Event.Key, d.Attempts, d.Error)
		}
		return w.Flush()
	}, &b)
}

type eventsRetry struct {
	IDs []int64 `arg:"" name:"id" help:"Ids from parley events dead."`
}

// Run hands dead events to their consumers once more.
func (e eventsRetry) Run(ctx context.Context) error {
	var b *bus.Bus
	return withApp(ctx, func(ctx context.Context, _ *base) error {
		if err := b.Retry(ctx, e.IDs...); err != nil {
			return err
		}
		fmt.Println("The running server will deliver these events again.")
		return nil
	}, &b)
}

type eventsReplay struct {
	Consumer string    `arg:"" help:"Name of the consumer, such as analytics.usage."`
	From     time.Time `arg:"" help:"Time of the first event, such as 2026-01-31T00:00:00Z."`
}

// Run lets a consumer read its events again from a moment on.
func (e eventsReplay) Run(ctx context.Context) error {
	var b *bus.Bus
	return withApp(ctx, func(ctx context.Context, _ *base) error {
		n, err := b.Replay(ctx, e.Consumer, e.From)
		if err == nil {
			fmt.Printf("%s will receive %d events again.\n", e.Consumer, n)
		}
		return err
	}, &b)
}

type openAPICmd struct{}

// Run prints the OpenAPI document. It touches no database.
func (openAPICmd) Run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "parley-openapi-")
	if err != nil {
		return fmt.Errorf("making a scratch directory: %w", err)
	}
	defer os.RemoveAll(dir)
	c, err := settings()
	if err != nil {
		return err
	}
	c.DataDir, c.DatabaseURL = dir, ""
	b, err := open(ctx, c, true)
	if err != nil {
		return err
	}
	var server *http.Server
	app, err := b.app(profileAPI, fx.Populate(&server))
	if err != nil {
		return err
	}
	if err := app.Err(); err != nil {
		return fmt.Errorf("building the application: %w", err)
	}
	if _, err := os.Stdout.Write(server.Handler.(*web.Server).OpenAPI()); err != nil {
		return err
	}
	return b.close()
}
