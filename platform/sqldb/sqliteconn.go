package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"
)

// openKeeping opens a pool whose connections keep their statements.
func openKeeping(dsn, begin string) (*sql.DB, error) {
	c, err := sqlite.NewConnector(dsn)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(keeping{c, begin}), nil
}

// keeping makes connections that keep their statements.
type keeping struct {
	driver.Connector
	begin string
}

// Connect implements driver.Connector.
func (k keeping) Connect(ctx context.Context) (driver.Conn, error) {
	made, err := k.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	conn, ok := made.(sqliteConn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("SQLite's driver has other connections than expected: %T", made), made.Close())
	}
	return &keepingConn{sqliteConn: conn, begin: k.begin, kept: map[string]*keptStmt{}}, nil
}

// sqliteConn is what SQLite's driver has.
type sqliteConn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ExecerContext
	driver.QueryerContext
	driver.Pinger
	driver.SessionResetter
	driver.Validator
}

// sqliteStmt is what SQLite's driver prepares.
type sqliteStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// mostKept bounds the statements of a connection. There are as many texts with
// arguments as there are kinds of rows and changes, so that it is not reached.
const mostKept = 1000

// keepingConn is a connection to SQLite that parses each statement with
// arguments once, and BEGIN, COMMIT and ROLLBACK: parsing takes as long as
// running. A text without arguments may have its values in it, and is not kept.
//
// database/sql lets one goroutine at a time use a connection.
type keepingConn struct {
	sqliteConn
	begin string // how a transaction that may write begins
	kept  map[string]*keptStmt
}

// keptStmt is a statement of one connection.
type keptStmt struct {
	sqliteStmt
	busy bool // its rows are being read
}

// stmt answers the kept statement of a text, or nil when it cannot be used: while
// its rows are read, or when there are too many.
func (c *keepingConn) stmt(ctx context.Context, query string) (*keptStmt, error) {
	s, ok := c.kept[query]
	switch {
	case ok && s.busy, !ok && len(c.kept) >= mostKept:
		return nil, nil //nolint:nilnil // none to be used
	case ok:
		return s, nil
	}
	made, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	inner, ok := made.(sqliteStmt)
	if !ok {
		return nil, errors.Join(fmt.Errorf("SQLite's driver has other statements than expected: %T", made), made.Close())
	}
	s = &keptStmt{sqliteStmt: inner}
	c.kept[query] = s
	return s, nil
}

// ExecContext implements driver.ExecerContext.
func (c *keepingConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if len(args) == 0 {
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	s, err := c.stmt(ctx, query)
	switch {
	case err != nil:
		return nil, err
	case s == nil:
		return c.sqliteConn.ExecContext(ctx, query, args)
	}
	return s.ExecContext(ctx, args)
}

// QueryContext implements driver.QueryerContext.
func (c *keepingConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if len(args) == 0 {
		return c.sqliteConn.QueryContext(ctx, query, args)
	}
	s, err := c.stmt(ctx, query)
	switch {
	case err != nil:
		return nil, err
	case s == nil:
		return c.sqliteConn.QueryContext(ctx, query, args)
	}
	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.busy = true
	return &keptRows{Rows: rows, of: s}, nil
}

// keptRows are the rows of a kept statement.
type keptRows struct {
	driver.Rows
	of *keptStmt
}

// Close implements driver.Rows. The statement stays.
func (r *keptRows) Close() error {
	r.of.busy = false
	return r.Rows.Close()
}

// CheckNamedValue implements driver.NamedValueChecker: nearly all values are as
// SQLite's driver takes them.
func (c *keepingConn) CheckNamedValue(v *driver.NamedValue) error {
	switch v.Value.(type) {
	case nil, int64, float64, bool, string, []byte, time.Time:
		return nil
	}
	return driver.ErrSkip
}

// BeginTx implements driver.ConnBeginTx.
func (c *keepingConn) BeginTx(ctx context.Context, opts driver.TxOptions) (driver.Tx, error) {
	if opts.Isolation != driver.IsolationLevel(sql.LevelDefault) {
		return nil, errors.New("SQLite has one isolation level")
	}
	begin := c.begin
	if opts.ReadOnly {
		begin = "BEGIN"
	}
	// It waits for other processes alone, for as long as they may be waited for.
	// The driver has a goroutine watch for the end of a context, which costs more.
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx)
	if err := c.control(ctx, begin); err != nil {
		return nil, err
	}
	return keepingTx{c, ctx}, nil
}

// control runs a kept statement without arguments.
func (c *keepingConn) control(ctx context.Context, query string) error {
	s, err := c.stmt(ctx, query)
	switch {
	case err != nil:
		return err
	case s == nil:
		_, err = c.sqliteConn.ExecContext(ctx, query, nil)
	default:
		_, err = s.ExecContext(ctx, nil)
	}
	return err
}

// Close implements driver.Conn. SQLite closes a connection only behind its
// statements.
func (c *keepingConn) Close() error {
	var err error
	for _, s := range c.kept {
		err = errors.Join(err, s.Close())
	}
	c.kept = nil
	return errors.Join(err, c.sqliteConn.Close())
}

// keepingTx is a transaction of a connection. Neither COMMIT nor ROLLBACK waits for
// anybody: SQLite writes its log beside those who read.
type keepingTx struct {
	conn *keepingConn
	ctx  context.Context //nolint:containedctx // without an end; driver.Tx takes none
}

// Commit implements driver.Tx. What could not be committed is rolled back: the
// connection goes back to its pool.
func (t keepingTx) Commit() error {
	err := t.conn.control(t.ctx, "COMMIT")
	if err != nil {
		_ = t.Rollback() // the error that led here says more
	}
	return err
}

// Rollback implements driver.Tx.
func (t keepingTx) Rollback() error { return t.conn.control(t.ctx, "ROLLBACK") }
