package sqldb

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun/driver/pgdriver"
)

// pgConnector opens connections of pgdriver that save round trips: BEGIN goes
// with the first statement of a transaction, and a batch takes any number of
// prepared statements, and COMMIT, in one message.
type pgConnector struct {
	*pgdriver.Connector // its driver is what a listener connects by
	timeout             time.Duration
	settings            string   // a statement
	changed             *changed // for all its connections
}

// Connect implements driver.Connector.
func (c pgConnector) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	conn, ok := opened.(*pgdriver.Conn)
	if !ok {
		return nil, errors.Join(fmt.Errorf("pgdriver answered a connection of type %T", opened), opened.Close())
	}
	if _, err := conn.ExecContext(ctx, c.settings, nil); err != nil {
		return nil, errors.Join(fmt.Errorf("setting up a connection: %w", err), conn.Close())
	}
	return &pgConn{Conn: conn, timeout: c.timeout, changed: c.changed, changes: c.changed.n.Load()}, nil
}

// pgConn is a connection to PostgreSQL.
type pgConn struct {
	*pgdriver.Conn
	timeout time.Duration // of a batch, from its writing to its answer
	names   pgNames       // what is prepared on it
	read    []byte        // the memory for answers
	asked   int           // statements in the message under way
	changed *changed      // of all connections
	changes int64         // of those, when names were last thrown away
	stale   bool          // names are to be thrown away
	tx      pgTx
}

// pgTx is the transaction of a connection; it has one at a time.
type pgTx struct {
	conn *pgConn
	// open: it has begun, or will, and has not ended.
	open bool
	// begin opens it, and goes with its first statement; empty once it has.
	begin string
	// reads: it changes nothing, so that its end is nobody's concern.
	reads bool
	// redone: its work is done again if it is lost.
	redone bool
	// lost: the first message failed, so that nobody knows whether PostgreSQL
	// has read BEGIN.
	lost bool
	// ended: a batch has committed it.
	ended bool
}

// errLost is what a transaction answers whose first statement failed, as
// PostgreSQL does after any that failed.
var errLost = errors.New("the first statement of the transaction failed, so it takes no others")

// BeginTx implements driver.ConnBeginTx. It sends nothing.
func (c *pgConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	if !c.IsValid() {
		return nil, driver.ErrBadConn
	}
	begin := "BEGIN"
	switch level := sql.IsolationLevel(o.Isolation); level {
	case sql.LevelDefault:
	case sql.LevelReadCommitted, sql.LevelRepeatableRead, sql.LevelSerializable:
		begin += " ISOLATION LEVEL " + level.String()
	default:
		return nil, fmt.Errorf("PostgreSQL has no isolation level %s", level)
	}
	if o.ReadOnly {
		begin += " READ ONLY"
	}
	c.tx = pgTx{conn: c, open: true, begin: begin, reads: o.ReadOnly, redone: isRedone(ctx)}
	return &c.tx, nil
}

// errNoContext is for what database/sql calls with a context where it can.
var errNoContext = errors.New("a connection to PostgreSQL takes statements with a context only")

// Begin implements driver.Conn.
func (c *pgConn) Begin() (driver.Tx, error) { return nil, errNoContext }

// first answers a statement with the BEGIN that is due before it.
func (c *pgConn) first(query string) (string, error) {
	if c.tx.lost {
		return "", errLost
	}
	if c.tx.begin != "" {
		query = strings.Join(append(c.tx.opening(), query), "; ")
	}
	return query, nil
}

// opening is what goes before the first statement.
func (t *pgTx) opening() []string {
	if t.redone {
		return []string{t.begin, noWait}
	}
	return []string{t.begin}
}

// begun notes what became of the message that had the BEGIN.
func (c *pgConn) begun(err error) {
	if c.tx.begin != "" {
		c.tx.begin, c.tx.lost = "", err != nil
	}
}

// ExecContext implements driver.ExecerContext. A batch in ctx is run in the
// place of query, which then only says what it is.
func (c *pgConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if b := batchOf(ctx, query); b != nil {
		if _, err := c.run(ctx, b); err != nil {
			return nil, err
		}
		return driver.ResultNoRows, nil
	}
	query, err := c.first(query)
	if err != nil {
		return nil, err
	}
	done, err := c.Conn.ExecContext(ctx, query, args)
	c.begun(err)
	return done, ofConnection(err)
}

// QueryContext implements driver.QueryerContext, with batches as ExecContext.
func (c *pgConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if b := batchOf(ctx, query); b != nil {
		return c.run(ctx, b)
	}
	query, err := c.first(query)
	if err != nil {
		return nil, err
	}
	rows, err := c.Conn.QueryContext(ctx, query, args)
	c.begun(err)
	return rows, ofConnection(err)
}

// PrepareContext implements driver.ConnPrepareContext. What is prepared knows
// nothing of a BEGIN that is due, so it goes before.
func (c *pgConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if err := c.open(ctx); err != nil {
		return nil, err
	}
	stmt, err := c.prepare(ctx, query)
	if err != nil {
		return nil, err
	}
	return &pgStmt{stmt, c, query}, nil
}

func (c *pgConn) prepare(ctx context.Context, query string) (pgStatement, error) {
	stmt, err := c.Conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	full, ok := stmt.(pgStatement)
	if !ok {
		return nil, errors.Join(fmt.Errorf("pgdriver answered a statement of type %T", stmt), stmt.Close())
	}
	return full, nil
}

// Prepare implements driver.Conn.
func (c *pgConn) Prepare(string) (driver.Stmt, error) { return nil, errNoContext }

// Ping implements driver.Pinger.
func (c *pgConn) Ping(ctx context.Context) error {
	_, err := c.ExecContext(ctx, "SELECT 1", nil)
	return err
}

type pgStatement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// pgStmt is a prepared statement, before which a BEGIN may be due.
type pgStmt struct {
	pgStatement
	conn *pgConn
	text string
}

// ExecContext implements driver.StmtExecContext.
func (s *pgStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if err := s.conn.open(ctx); err != nil {
		return nil, err
	}
	done, err := s.pgStatement.ExecContext(ctx, args)
	if err != nil && !s.conn.tx.open && outdated(err) {
		if err := s.prepareAnew(ctx); err != nil {
			return nil, ofConnection(err)
		}
		done, err = s.pgStatement.ExecContext(ctx, args)
	}
	return done, ofConnection(err)
}

// QueryContext implements driver.StmtQueryContext.
func (s *pgStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if err := s.conn.open(ctx); err != nil {
		return nil, err
	}
	rows, err := s.pgStatement.QueryContext(ctx, args)
	if err != nil && !s.conn.tx.open && outdated(err) {
		if err := s.prepareAnew(ctx); err != nil {
			return nil, ofConnection(err)
		}
		rows, err = s.pgStatement.QueryContext(ctx, args)
	}
	return rows, ofConnection(err)
}

// open begins the transaction now, if it is due.
func (c *pgConn) open(ctx context.Context) error {
	if c.tx.begin == "" && !c.tx.lost {
		return nil
	}
	_, err := c.ExecContext(ctx, "SELECT", nil)
	return err
}

// Commit implements driver.Tx. There is nothing to do when no statement has
// run, and when a batch has committed. errRolledBack tells of a statement that
// failed before, with an error that nobody looked at.
func (t *pgTx) Commit() error {
	if t.lost {
		return errors.Join(errLost, t.Rollback())
	}
	return t.end(func(ctx context.Context) error {
		_, err := t.conn.run(ctx, &batch{commit: true}) // pgdriver would not see what COMMIT did
		return err
	})
}

// Rollback implements driver.Tx.
func (t *pgTx) Rollback() error {
	return t.end(func(ctx context.Context) error {
		_, err := t.conn.Conn.ExecContext(ctx, "ROLLBACK", nil)
		return err
	})
}

// end ends the transaction by a command, if there is one.
func (t *pgTx) end(by func(ctx context.Context) error) error {
	defer func() { *t = pgTx{conn: t.conn} }()
	if t.begin != "" || t.ended {
		return nil
	}
	return by(context.Background()) //nolint:forbidigo // driver.Tx has none
}
