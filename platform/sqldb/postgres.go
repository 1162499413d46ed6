package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/pgdialect"
	"github.com/uptrace/bun/driver/pgdriver"
)

func openPostgres(ctx context.Context, c Config) (*DB, error) {
	dsn, err := verifiedDSN(c.URL)
	if err != nil {
		return nil, err
	}
	timeout := c.StatementTimeout
	if timeout <= 0 {
		timeout = 30 * time.Second
	}
	connector, err := connectorOf(
		pgdriver.WithDSN(dsn),
		pgdriver.WithApplicationName("parley"),
		// Longer than the server's own limit, so that the server speaks first.
		pgdriver.WithReadTimeout(timeout+5*time.Second),
		watchful,
	)
	if err != nil {
		return nil, err
	}
	pool := sql.OpenDB(pgConnector{connector, timeout + 5*time.Second, settings(timeout), &changed{}})
	conns := c.MaxConns
	if conns <= 0 {
		conns = 16
	}
	pool.SetMaxOpenConns(conns)
	pool.SetMaxIdleConns(conns)
	pool.SetConnMaxIdleTime(5 * time.Minute)
	db := &DB{DB: bun.NewDB(pool, pgdialect.New()), postgres: true}
	db.views = db.DB
	db.AddQueryHook(countHook{db})
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("connecting to PostgreSQL: %w", err), db.Close())
	}
	return db, nil
}

// connectorOf answers what pgdriver panics about: a certificate that can't be
// read, a timeout that is none.
func connectorOf(options ...pgdriver.Option) (connector *pgdriver.Connector, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the database URL can't be used: %s", strings.TrimPrefix(fmt.Sprint(p), "pgdriver: "))
		}
	}()
	return pgdriver.NewConnector(options...), nil
}

// parameters are those of a database URL that have an effect.
var parameters = []string{
	"sslmode", "sslrootcert", "sslcert", "sslkey", "host", "application_name", "search_path",
	"timeout", "connect_timeout", "dial_timeout", "read_timeout", "write_timeout",
}

// verifiedDSN refuses the modes in which pgdriver encrypts without verifying the
// server, and asks for full verification when the DSN names no mode.
func verifiedDSN(dsn string) (string, error) {
	u, err := url.Parse(dsn)
	if err != nil || (u.Scheme != "postgres" && u.Scheme != "postgresql") {
		return "", errors.New("the database URL must look like postgres://user:password@host:5432/name")
	}
	q := u.Query()
	for name := range q {
		if !slices.Contains(parameters, name) {
			return "", fmt.Errorf("the database URL has the parameter %q, which has no effect; known are %s", name, strings.Join(parameters, ", "))
		}
	}
	switch mode := q.Get("sslmode"); mode {
	case "":
		q.Set("sslmode", "verify-full")
		u.RawQuery = q.Encode()
	case "verify-full", "verify-ca", "disable":
	default:
		return "", fmt.Errorf("the database URL asks for sslmode=%s, which does not verify the server; use verify-full, verify-ca or disable", mode)
	}
	return u.String(), nil
}

// settings are those of each connection, as one statement.
func settings(timeout time.Duration) string {
	return fmt.Sprintf("SET statement_timeout = %d; ", timeout.Milliseconds()) +
		"SET idle_in_transaction_session_timeout = '60s'; SET timezone = 'UTC'; " +
		// What the server's default is changes nothing: the order of events needs
		// statements that see what is committed when they begin.
		"SET default_transaction_isolation = 'read committed'"
}
