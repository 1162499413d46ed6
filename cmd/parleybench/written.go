package main

import (
	"bufio"
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"

	"parley/cmd/internal/bench"
	"parley/platform/sqldb"
)

// writtenCmd tells what plain questions write into the log of the database, by
// table and index, consumers included.
type writtenCmd struct {
	options `embed:""`
}

// Run measures on each database.
func (c writtenCmd) Run(ctx context.Context) error {
	return c.each(ctx, []string{"sqlite", "postgres"}, c.measure)
}

// piece is what one table or index takes of the log.
type piece struct{ bytes, records int64 }

func (c writtenCmd) measure(ctx context.Context, s *system) (_ []report, err error) {
	asked, err := s.World.Cites(ctx)
	if err != nil {
		return nil, err
	}
	load := func() (bench.Result, error) {
		r, err := s.World.Ask(ctx, c.Connections, c.Duration)
		asked += r.Count
		return r, errors.Join(err, s.Server.Drain(ctx, s.World, asked))
	}
	if _, err := load(); err != nil { // pages that are new cost more than those that are there
		return nil, err
	}
	count := s.logOfSQLite
	if s.cluster != nil {
		count = s.logOfPostgres
	}
	r, pieces, err := count(ctx, load)
	if err != nil {
		return nil, err
	}
	var names []string
	var all piece
	for name, p := range pieces {
		names, all.bytes, all.records = append(names, name), all.bytes+p.bytes, all.records+p.records
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(pieces[b].bytes, pieces[a].bytes) })
	runs := float64(r.Count)
	fmt.Printf("%s: %d runs, %.0f bytes in %.1f pages or records a run\n", s.kind, r.Count, float64(all.bytes)/runs, float64(all.records)/runs)
	for _, name := range names {
		fmt.Printf("  %8.0f  %6.2f  %s\n", float64(pieces[name].bytes)/runs, float64(pieces[name].records)/runs, name)
	}
	return nil, nil
}

// logOfSQLite counts the pages in the log. A transaction that reads keeps the
// log from beginning anew.
func (s *system) logOfSQLite(ctx context.Context, load func() (bench.Result, error)) (r bench.Result, _ map[string]piece, err error) {
	const header, frame = 32, 24 // bytes before the first page, and before each
	file := filepath.Join(s.Dir, "data", "parley.db")
	db, err := sqldb.Open(ctx, sqldb.Config{File: file})
	if err != nil {
		return r, nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err := db.ExecContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		return r, nil, err
	}
	view, err := db.Reader().BeginTx(ctx, &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return r, nil, err
	}
	defer func() { _ = view.Rollback() }() // it only read
	var n int
	if err := view.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master").Scan(&n); err != nil {
		return r, nil, err
	}
	if r, err = load(); err != nil {
		return r, nil, err
	}
	log, err := os.ReadFile(file + "-wal")
	if err == nil && len(log) < header {
		err = errors.New("it is empty")
	}
	if err != nil {
		return r, nil, fmt.Errorf("reading the log: %w", err)
	}
	if err := view.Rollback(); err != nil {
		return r, nil, err
	}
	of := map[uint32]string{}
	rows, err := db.Reader().QueryContext(ctx, "SELECT pageno, name FROM dbstat")
	if err != nil {
		return r, nil, fmt.Errorf("asking whose the pages are: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var page uint32
		var name string
		if err := rows.Scan(&page, &name); err != nil {
			return r, nil, err
		}
		of[page] = name
	}
	size := int(binary.BigEndian.Uint32(log[8:]))
	salt := string(log[16:24])
	out := map[string]piece{}
	for at := header; at+frame+size <= len(log) && string(log[at+8:at+16]) == salt; at += frame + size {
		name := of[binary.BigEndian.Uint32(log[at:])]
		out[name] = piece{out[name].bytes + int64(frame+size), out[name].records + 1}
	}
	return r, out, rows.Err()
}

var walRecord = regexp.MustCompile(`^rmgr: (\w+) +len \(rec/tot\): +\d+/ *(\d+), .*?desc: (\w+)(?:.*?blkref #0: rel \d+/\d+/(\d+))?`)

// logOfPostgres has pg_waldump read the log. A record that concerns several
// tables is counted for the first.
func (s *system) logOfPostgres(ctx context.Context, load func() (bench.Result, error)) (r bench.Result, _ map[string]piece, err error) {
	var dir, from, to string
	where := "SELECT current_setting('data_directory'), pg_current_wal_insert_lsn()::text"
	if _, err := s.cluster.admin.Exec(ctx, "CHECKPOINT"); err != nil {
		return r, nil, err
	}
	if _, err := load(); err != nil { // each page is in the log wholly once after a checkpoint
		return r, nil, err
	}
	if err := s.cluster.admin.QueryRow(ctx, where).Scan(&dir, &from); err != nil {
		return r, nil, err
	}
	if r, err = load(); err != nil {
		return r, nil, err
	}
	if err := s.cluster.admin.QueryRow(ctx, where).Scan(&dir, &to); err != nil {
		return r, nil, err
	}
	of := map[string]string{}
	db, err := sqldb.Open(ctx, sqldb.Config{URL: s.databaseURL, MaxConns: 1})
	if err != nil {
		return r, nil, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	rows, err := db.QueryContext(ctx, `SELECT pg_relation_filenode(c.oid)::text, coalesce(o.relname || '.', '') || c.relname FROM pg_class AS c
		LEFT JOIN pg_class AS o ON o.reltoastrelid = c.oid WHERE pg_relation_filenode(c.oid) IS NOT NULL`)
	if err != nil {
		return r, nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var node, name string
		if err := rows.Scan(&node, &name); err != nil {
			return r, nil, err
		}
		of[node] = name
	}
	dump := exec.CommandContext(ctx, "pg_waldump", "--path", filepath.Join(dir, "pg_wal"), "--start", from, "--end", to)
	pipe, err := dump.StdoutPipe()
	if err != nil {
		return r, nil, err
	}
	if err := dump.Start(); err != nil {
		return r, nil, fmt.Errorf("starting pg_waldump: %w", err)
	}
	out := map[string]piece{}
	lines := bufio.NewScanner(pipe)
	for lines.Scan() {
		m := walRecord.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		n, _ := strconv.ParseInt(m[2], 10, 64) // the expression has digits there
		name := m[1] + " " + m[3]
		if of[m[4]] != "" {
			name = of[m[4]] + " " + m[3]
		}
		out[name] = piece{out[name].bytes + n, out[name].records + 1}
	}
	_, _ = io.Copy(io.Discard, pipe)
	if err := dump.Wait(); len(out) == 0 { // else the log has ended while it was read
		return r, nil, errors.Join(errors.New("pg_waldump has told of nothing"), err)
	}
	return r, out, errors.Join(lines.Err(), rows.Err())
}
