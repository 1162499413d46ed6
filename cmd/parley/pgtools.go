package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"strings"

	"parley/platform/sqldb"
)

// derived are the tables that the server makes from others where the database
// has an extension, which the one that a backup is restored to may not have.
var derived = []string{"corpora_directions"}

// dump writes a PostgreSQL database to a file, with PostgreSQL's own tool.
func dump(ctx context.Context, database, file string) error {
	args := []string{"--format=custom", "--no-owner", "--no-privileges", "--file", file}
	for _, table := range derived {
		args = append(args, "--exclude-table=*."+table)
	}
	if u, err := url.Parse(database); err == nil {
		for schema := range strings.SplitSeq(u.Query().Get("search_path"), ",") {
			if schema != "" {
				args = append(args, "--schema="+schema)
			}
		}
	}
	return tool(ctx, "pg_dump", database, args...)
}

// undump fills an empty PostgreSQL database from a file of dump, all or
// nothing. Extensions are left out: nothing in the file needs one, and only some
// users may create them.
func undump(ctx context.Context, file, database string) error {
	path, err := installed("pg_restore")
	if err != nil {
		return err
	}
	contents, err := exec.CommandContext(ctx, path, "--list", file).Output()
	if err != nil {
		return fmt.Errorf("pg_restore: listing %s: %w", file, err)
	}
	list, err := os.CreateTemp("", "parley-restore-*")
	if err != nil {
		return fmt.Errorf("making a list of what to restore: %w", err)
	}
	defer func() { _ = os.Remove(list.Name()) }()
	_, err = list.WriteString(withoutExtensions(string(contents)))
	if err := errors.Join(err, list.Close()); err != nil {
		return fmt.Errorf("writing the list of what to restore: %w", err)
	}
	return tool(ctx, "pg_restore", database, "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", "--use-list="+list.Name(), file)
}

// extensionEntry is a line about an extension, or about its comment, in what
// pg_restore lists.
var extensionEntry = regexp.MustCompile(`(?m)^\d+; \d+ \d+ (COMMENT - )?EXTENSION .*\n?`)

func withoutExtensions(list string) string { return extensionEntry.ReplaceAllString(list, "") }

// installed is where one of PostgreSQL's programs is.
func installed(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s is needed and is not installed (it is part of PostgreSQL's client programs, such as the package postgresql-client)", name)
	}
	return path, nil
}

// tool runs one of PostgreSQL's programs on a database. The password is not on
// its command line, where other users of the machine could read it.
func tool(ctx context.Context, name, database string, args ...string) error {
	path, err := installed(name)
	if err != nil {
		return err
	}
	target, password, err := forTools(database)
	if err != nil {
		return err
	}
	command := exec.CommandContext(ctx, path, append([]string{"--dbname", target}, args...)...)
	command.Env = append(os.Environ(), "PGPASSWORD="+password)
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", name, err, strings.TrimSpace(string(said)))
	}
	return nil
}

// forTools is a database URL as libpq reads it, without the password: only
// with parameters that it knows, and verified as Parley verifies.
func forTools(database string) (target, password string, err error) {
	u, err := url.Parse(database)
	if err != nil {
		return "", "", errors.New("the database URL can't be read")
	}
	q := url.Values{}
	for _, name := range []string{"sslmode", "sslrootcert", "sslcert", "sslkey", "host"} {
		if value := u.Query().Get(name); value != "" {
			q.Set(name, value)
		}
	}
	if q.Get("sslmode") == "" {
		q.Set("sslmode", "verify-full")
	}
	if q.Get("sslmode") == "verify-full" && q.Get("sslrootcert") == "" {
		q.Set("sslrootcert", "system") // as Parley does; libpq 16 and newer
	}
	u.RawQuery = q.Encode()
	password, _ = u.User.Password()
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	return u.String(), password, nil
}

// scratchDatabase makes an empty database beside the one that is backed up.
func scratchDatabase(ctx context.Context, b *base) (address string, drop func() error, err error) {
	name := "parley_check_" + strings.ToLower(rand.Text())
	if _, err := b.db.ExecContext(ctx, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		return "", nil, fmt.Errorf("making a database to restore into (the user of PARLEY_DATABASE_URL needs the right CREATEDB for the check): %w", err)
	}
	u, err := url.Parse(b.config.DatabaseURL)
	if err != nil {
		return "", nil, errors.New("the database URL can't be read")
	}
	u.Path = "/" + name
	return u.String(), func() error {
		if _, err := b.db.ExecContext(context.WithoutCancel(ctx), "DROP DATABASE "+name); err != nil {
			return fmt.Errorf("dropping the database %s, which was made for the check: %w", name, err)
		}
		return nil
	}, nil
}

// emptyDatabase refuses a database that has tables.
func emptyDatabase(ctx context.Context, address string) (err error) {
	db, err := sqldb.Open(ctx, sqldb.Config{URL: address})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var tables int
	if err := db.NewRaw("SELECT count(*) FROM pg_tables WHERE schemaname = ANY (current_schemas(false))").Scan(ctx, &tables); err != nil {
		return fmt.Errorf("looking into the database: %w", err)
	}
	if tables > 0 {
		return fmt.Errorf("the database has %d tables; a backup is restored into an empty one", tables)
	}
	return nil
}
