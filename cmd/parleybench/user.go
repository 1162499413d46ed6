package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"parley/cmd/internal/bench"
)

// userCmd measures reads: one user by a random id, and a random page of the
// list of users.
type userCmd struct {
	options `embed:""`
	Users   int `default:"1000" help:"How many users there are."`
}

// pageSize is the length of the measured lists.
const pageSize = 50

// Run measures on PostgreSQL, which the limit needs.
func (c userCmd) Run(ctx context.Context) error {
	return c.each(ctx, []string{"postgres"}, c.measure)
}

func (c userCmd) measure(ctx context.Context, s *system) (_ []report, err error) {
	ids, err := c.people(ctx, s.World)
	if err != nil {
		return nil, err
	}
	if err := s.Server.Drain(ctx, s.World, 0); err != nil {
		return nil, err
	}
	database, url, err := s.cluster.create(ctx)
	if err != nil {
		return nil, err
	}
	limit, err := startBare(ctx, "bare-user", "--url", url, "--users", fmt.Sprint(len(ids)), "--connections", fmt.Sprint(c.Connections))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, limit.Close()) }()
	var addr string
	if err := limit.read(&addr); err != nil {
		return nil, err
	}
	one := func(n int) string { return fmt.Sprintf("/api/user/%d", n) }
	ours := func() string { return one(int(ids[rand.IntN(len(ids))])) }
	bare := func() string { return one(rand.IntN(len(ids)) + 1) }
	pages := func() string {
		return fmt.Sprintf("/api/user?items_per_page=%d&page=%d", pageSize, rand.IntN(len(ids)/pageSize)+1)
	}
	var all []report
	for _, x := range []struct {
		name       string
		ours, bare func() string
	}{
		{"GET /api/user/{user_id}", ours, bare},
		{fmt.Sprintf("GET /api/user, %d of %d", pageSize, len(ids)), pages, pages},
	} {
		measureBare := func(d time.Duration) (figures, error) {
			return s.measure(ctx, limit.cmd.Process.Pid, database, func() (bench.Result, error) { return c.read(ctx, addr, "", d, x.bare) }, nil)
		}
		measureOurs := func(d time.Duration) (figures, error) {
			return s.measure(ctx, s.Server.PID(), s.database, func() (bench.Result, error) {
				return c.read(ctx, s.Server.Addr, s.World.AdminToken, d, x.ours)
			}, nil)
		}
		rounds, err := c.inTurns(measureBare, measureOurs)
		if err != nil {
			return nil, err
		}
		all = append(all, newReport(x.name, s.kind, rounds))
	}
	return all, nil
}

// read has clients send GET for d.
func (c userCmd) read(ctx context.Context, addr, token string, d time.Duration, path func() string) (bench.Result, error) {
	return bench.Load(ctx, c.Connections, d, func(ctx context.Context) (func() error, func(), error) {
		conn, err := bench.Dial(ctx, addr)
		if err != nil {
			return nil, nil, err
		}
		return func() error {
			_, err := conn.Do(bench.Request(http.MethodGet, path(), addr, token, nil))
			return err
		}, conn.Close, nil
	})
}

// people makes users and answers their ids.
func (c userCmd) people(ctx context.Context, w *bench.World) ([]int64, error) {
	ids := make([]int64, 0, c.Users)
	for n := range max(c.Users, pageSize) {
		id, err := w.Made(ctx, "/api/user", map[string]any{"email": fmt.Sprintf("user%d@example.org", n+1), "first_name": "First", "last_name": "Last"})
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}
