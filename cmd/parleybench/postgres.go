package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/cmd/internal/bench"
	"parley/platform/kernel/id"
	"parley/platform/sqldb/pgserver"
)

// cluster is a PostgreSQL server: a private one with the default settings, so
// that a commit waits for the disk, or one that was named.
type cluster struct {
	private *pgserver.Server // nil: it was named
	url     string
	admin   *pgx.Conn
	// counting: pg_stat_statements is there.
	counting bool
	// postmaster is 0 when the server is on another machine.
	postmaster int
	databases  []string
}

// openCluster connects to the server at url, or starts one when that is empty.
func openCluster(ctx context.Context, url string) (_ *cluster, err error) {
	c := &cluster{url: url}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.Close(ctx))
		}
	}()
	if url == "" {
		var settings []string
		if pgserver.Has("pg_stat_statements") {
			// Room for statements that differ in the number of their rows.
			settings = []string{"shared_preload_libraries=pg_stat_statements", "pg_stat_statements.max=20000"}
		}
		if c.private, err = pgserver.Start(ctx, settings...); err != nil {
			return c, err
		}
		c.url = c.private.URL
	}
	if c.admin, err = pgx.Connect(ctx, c.url); err != nil {
		return c, fmt.Errorf("connecting to PostgreSQL: %w", err)
	}
	// Without the library there is nothing to count, and the rest still works.
	if _, err := c.admin.Exec(ctx, "CREATE EXTENSION IF NOT EXISTS pg_stat_statements"); err == nil {
		_, err = c.admin.Exec(ctx, "SELECT count(*) FROM pg_stat_statements")
		c.counting = err == nil
	}
	var backend int
	if err := c.admin.QueryRow(ctx, "SELECT pg_backend_pid()").Scan(&backend); err != nil {
		return c, fmt.Errorf("asking for the process of PostgreSQL: %w", err)
	}
	if p, err := bench.ReadProcess(backend); err == nil && strings.HasPrefix(p.Name, "postgres") {
		c.postmaster = p.Parent
	}
	return c, nil
}

// create makes an empty database and answers a URL that leads there.
func (c *cluster) create(ctx context.Context) (name, dsn string, err error) {
	name = "parleybench_" + strings.ReplaceAll(id.New(), "-", "")
	if _, err := c.admin.Exec(ctx, "CREATE DATABASE "+name); err != nil {
		return "", "", fmt.Errorf("making a database: %w", err)
	}
	c.databases = append(c.databases, name)
	u, err := url.Parse(c.url)
	if err != nil {
		return "", "", fmt.Errorf("the database URL: %w", err)
	}
	u.Path = "/" + name
	return name, u.String(), nil
}

// Close removes what create made, and the server if it is a private one.
func (c *cluster) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	var errs []error
	if c.admin != nil {
		for _, name := range c.databases {
			_, err := c.admin.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
			errs = append(errs, err)
		}
		errs = append(errs, c.admin.Close(ctx))
	}
	if c.private != nil {
		errs = append(errs, c.private.Close())
	}
	return errors.Join(errs...)
}

// counters are what a database has done since its beginning.
type counters struct {
	// Statements are all; Reads are those that only select.
	Statements, Reads int64
	// Commits are COMMIT statements. A statement or a batch outside of BEGIN
	// and COMMIT is in Writes alone: transactions that wrote something or
	// notified somebody. These are counted for the whole server, by the
	// transaction ids that it gave away.
	Commits, Writes int64
}

func (c counters) minus(before counters) counters {
	return counters{c.Statements - before.Statements, c.Reads - before.Reads, c.Commits - before.Commits, c.Writes - before.Writes}
}

const countStatements = `
SELECT coalesce(sum(calls), 0)::bigint,
       coalesce(sum(calls) FILTER (WHERE query ~* '^\s*(select|with)\y' AND query !~* '\y(insert|update|delete|pg_notify)\y'), 0)::bigint,
       coalesce(sum(calls) FILTER (WHERE query ~* '^\s*commit\y'), 0)::bigint
FROM pg_stat_statements s JOIN pg_database d ON d.oid = s.dbid WHERE d.datname = $1`

// count reads the counters of one database. Without pg_stat_statements only
// the writes are known.
func (c *cluster) count(ctx context.Context, database string) (counters, error) {
	var n counters
	if c.counting {
		if err := c.admin.QueryRow(ctx, countStatements, database).Scan(&n.Statements, &n.Reads, &n.Commits); err != nil {
			return n, fmt.Errorf("counting statements: %w", err)
		}
	}
	if err := c.admin.QueryRow(ctx, "SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint").Scan(&n.Writes); err != nil {
		return n, fmt.Errorf("counting commits: %w", err)
	}
	return n, nil
}
