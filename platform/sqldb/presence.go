package sqldb

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/uptrace/bun"
)

// Presence shows the other processes on a database that this one lives. On
// PostgreSQL it is an advisory lock on a connection of its own, which ends
// with the process, however that ends: no clock has to run out before others
// know. On SQLite the data directory belongs to one process, so everybody
// else is dead.
type Presence struct {
	db   *DB
	id   string
	log  *slog.Logger
	mu   sync.Mutex
	conn *bun.Conn
	// doubt is for how many looks more the others may have lost their
	// connections together with this one, and not be back yet.
	doubt int
	stop  context.CancelFunc
	done  chan struct{}
}

const (
	presenceEvery    = 3 * time.Second // looks at its connection
	presenceDeadline = 5 * time.Second
	presenceDoubt    = 3 // looks after a connection that broke
)

// NewPresence returns the presence of the process named id, before it shows.
func NewPresence(db *DB, id string, log *slog.Logger) *Presence {
	return &Presence{db: db, id: id, log: log, done: make(chan struct{})}
}

// ID is the name under which this process holds leases and jobs.
func (p *Presence) ID() string { return p.id }

// Start shows the process until Stop. A connection that breaks is replaced.
func (p *Presence) Start(ctx context.Context) error {
	if !p.db.postgres {
		close(p.done)
		return nil
	}
	if err := p.show(ctx); err != nil {
		return err
	}
	ctx, p.stop = context.WithCancel(context.WithoutCancel(ctx))
	go func() {
		defer close(p.done)
		tick := time.NewTicker(presenceEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if err := p.show(ctx); err != nil && ctx.Err() == nil {
				p.log.WarnContext(ctx, "this process can't register its presence; other processes may take over its work", "error", err)
			}
		}
	}()
	return nil
}

// show makes sure that the connection lives and has the lock.
func (p *Presence) show(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, presenceDeadline)
	defer cancel()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn != nil {
		if _, err := p.conn.ExecContext(ctx, "SELECT 1"); err == nil {
			p.doubt = max(p.doubt-1, 0)
			return nil
		}
		p.drop()
		p.doubt = presenceDoubt
	}
	conn, err := p.db.DB.Conn(ctx)
	if err != nil {
		return fmt.Errorf("connecting to show this process: %w", err)
	}
	p.conn = &conn
	var locked bool
	err = conn.NewRaw("SELECT pg_try_advisory_lock(hashtextextended(?, 0))", key(p.id)).Scan(ctx, &locked)
	if err == nil && !locked {
		err = errors.New("the lock is still held by an earlier connection")
	}
	if err != nil {
		p.drop()
		return fmt.Errorf("showing this process: %w", err)
	}
	return nil
}

// key is the lock's name. Process ids are unique, so schemas need no part in it.
func key(id string) string { return "parley/process/" + id }

// drop ends the connection, and its lock with it.
func (p *Presence) drop() {
	_ = p.conn.Raw(func(any) error { return driver.ErrBadConn })
	p.conn = nil
}

// Dead answers which of the processes do not live any more. For some seconds
// after this process lost its own connection that is nobody, because the
// database may have dropped all of them.
func (p *Presence) Dead(ctx context.Context, ids []string) ([]string, error) {
	var others []string
	for _, id := range ids {
		if id != p.id {
			others = append(others, id)
		}
	}
	if len(others) == 0 || !p.db.postgres {
		return others, nil
	}
	p.mu.Lock()
	doubt := p.doubt > 0
	p.mu.Unlock()
	if doubt {
		return nil, nil
	}
	keys := make([]string, len(others))
	for i, id := range others {
		keys[i] = key(id)
	}
	var held []string
	err := p.db.NewRaw(`SELECT k.key FROM json_array_elements_text(?::json) AS k(key) JOIN pg_locks AS l
		ON l.locktype = 'advisory' AND l.granted AND ((l.classid::bigint << 32) | l.objid::bigint) = hashtextextended(k.key, 0)
		WHERE l.database = (SELECT oid FROM pg_database WHERE datname = current_database())`, keys).Scan(ctx, &held)
	if err != nil {
		return nil, fmt.Errorf("looking for living processes: %w", err)
	}
	alive := make(map[string]bool, len(held))
	for _, key := range held {
		alive[key] = true
	}
	var dead []string
	for i, id := range others {
		if !alive[keys[i]] {
			dead = append(dead, id)
		}
	}
	return dead, nil
}

// Stop ends the presence: other processes may take over what this one holds.
func (p *Presence) Stop(context.Context) error {
	if p.stop != nil {
		p.stop()
	}
	<-p.done
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.conn != nil {
		p.drop()
	}
	return nil
}
