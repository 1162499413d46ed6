package sqldb_test

import (
	"context"
	"io"
	"net"
	"net/url"
	"sync"
	"testing"

	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// proxy is between a server and PostgreSQL.
type proxy struct {
	net.Listener
	mu      sync.Mutex
	clients []*net.TCPConn
}

func (p *proxy) serve(ctx context.Context, to string) {
	for {
		conn, err := p.Accept()
		if err != nil {
			return
		}
		client, _ := conn.(*net.TCPConn)
		behind, err := (&net.Dialer{}).DialContext(ctx, "tcp", to)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.clients = append(p.clients, client)
		p.mu.Unlock()
		go func() {
			_, _ = io.Copy(behind, client)
			_ = behind.Close()
		}()
		go func() { _, _ = io.Copy(client, behind) }()
	}
}

// cut ends all connections without a word.
func (p *proxy) cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, client := range p.clients {
		_ = client.CloseWrite()
	}
	p.clients = nil
}

func TestAConnectionThatEndsWithoutAWordIsAFailureOfTheDatabase(t *testing.T) {
	address, err := url.Parse(dbtest.PostgresURL(t))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{Listener: listener}
	defer func() { _ = p.Close() }()
	go p.serve(t.Context(), address.Host)
	address.Host = p.Addr().String()
	db, err := sqldb.Open(t.Context(), sqldb.Config{URL: address.String(), MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE numbers (n BIGINT, late BIGINT, name TEXT)"); err != nil {
		t.Fatal(err)
	}
	rows := sqldb.Insert{Rows: &[]numberRow{{N: 1, Late: 1, Name: "x"}}}
	for name, write := range map[string]func(ctx context.Context) error{
		"read":  func(ctx context.Context) error { return db.On(ctx).NewRaw("SELECT 1").Scan(ctx, new(int)) },
		"exec":  func(ctx context.Context) error { _, err := db.On(ctx).NewRaw("SELECT 1").Exec(ctx); return err },
		"batch": func(ctx context.Context) error { return db.InsertLast(ctx, rows) },
	} {
		run := func(before func()) error {
			return db.Within(t.Context(), func(ctx context.Context) error {
				before()
				return write(ctx)
			})
		}
		if err := run(func() {}); err != nil {
			t.Fatal(err)
		}
		if err := run(p.cut); err == nil || !sqldb.Unavailable(err) {
			t.Errorf("%s: the end was told as %v", name, err)
		}
		if err := run(func() {}); err != nil {
			t.Errorf("%s, then: %v", name, err)
		}
	}
}
