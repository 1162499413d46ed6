package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"parley/cmd/internal/bench"
)

// attackCmd attacks a server that may use 512 MB, and measures what others
// notice. It ends with 1 when a bound does not hold.
type attackCmd struct {
	options `embed:""`
	Only    string `enum:"bodies,readers,overload,all" default:"all" help:"Which attack: ${enum}."`
}

// The bounds.
const (
	attackMemory = 512 << 20
	attackWait   = time.Second // the longest request of others
	attackTimes  = 10          // overload, in clients
	attackSlower = 3.0         // p99 of what is accepted then, by that at capacity
)

// Run measures on each database.
func (c attackCmd) Run(ctx context.Context) error {
	// Go gives memory back when it nears this; the bound is on what the process has.
	if err := os.Setenv("GOMEMLIMIT", "400MiB"); err != nil {
		return fmt.Errorf("limiting the server: %w", err)
	}
	var broken []error
	err := c.each(ctx, []string{"sqlite", "postgres"}, func(ctx context.Context, s *system) ([]report, error) {
		limited := 1.0
		remove, err := bench.LimitMemory(s.Server.PID(), attackMemory)
		if err != nil {
			limited = 0 // and what the process has is looked at
			fmt.Fprintln(os.Stderr, "parleybench: the kernel does not limit the server's memory:", err)
		} else {
			s.after = append(s.after, remove)
		}
		all := []report{{Scenario: "limits", Database: s.kind, Lines: []bench.Line{bench.Figure("Killed by the kernel beyond 512 MiB", limited, "")}}}
		for _, one := range []struct {
			key, name string
			measure   func(ctx context.Context, s *system) ([]bench.Line, error)
		}{{"bodies", "bodies", c.bodies}, {"readers", "readers that never read", c.readers}, {"overload", "overload", c.overload}} {
			if c.Only != "all" && c.Only != one.key {
				continue
			}
			lines, err := one.measure(ctx, s)
			if lines == nil {
				return all, err
			}
			if err != nil {
				broken = append(broken, fmt.Errorf("%s on %s: %w", one.name, s.kind, err))
			}
			all = append(all, report{Scenario: one.name, Database: s.kind, Lines: lines})
		}
		return all, nil
	})
	return errors.Join(append(broken, err)...)
}

// attackers run until stop, whatever the server answers.
type attackers struct {
	stop context.CancelFunc
	busy sync.WaitGroup
	sent atomic.Int64
	held atomic.Int64 // bodies that are open now, unanswered
}

// attack answers the context of attackers, which ends when they are stopped.
func attack(ctx context.Context) (context.Context, *attackers) {
	ctx, stop := context.WithCancel(ctx)
	return ctx, &attackers{stop: stop}
}

func (a *attackers) end() {
	a.stop()
	a.busy.Wait()
}

// again has n clients do what they do on a new connection each time, until ctx
// ends, which is that of attack.
func (a *attackers) again(ctx context.Context, n int, addr string, do func(c net.Conn)) {
	for range n {
		a.busy.Go(func() {
			for ctx.Err() == nil {
				c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", addr)
				if err != nil {
					_ = sleep(ctx, 10*time.Millisecond)
					continue
				}
				left := context.AfterFunc(ctx, func() { _ = c.Close() }) // it is of no use any more
				do(c)
				left()
				_ = c.Close()
				a.sent.Add(1)
			}
		})
	}
}

// bodies are the three attacks on memory at once.
func (c attackCmd) bodies(ctx context.Context, s *system) ([]bench.Line, error) {
	w := s.World
	many := []byte("[" + string(bytes.Repeat([]byte("{},"), 349_000)) + "{}]")
	tags := []byte(`{"name":"a","tags":[` + string(bytes.Repeat([]byte("1,"), 520_000)) + "1]}")
	refresh := bench.Request("POST", "/api/users/refresh-access-token", w.Addr, "", many)
	corpus := bench.Request("POST", "/api/corpus", w.Addr, w.Asker, tags)
	// What a server takes of an anonymous client, and of a user.
	login := bench.Request("POST", "/api/login/access-token", w.Addr, "", []byte("username=a%40example.org&password="+strings.Repeat("x", 16_000)))
	login = bytes.Replace(login, []byte("application/json"), []byte("application/x-www-form-urlencoded"), 1)
	large := bench.Request("POST", "/api/corpus", w.Addr, w.Asker, []byte(`{"name":"`+strings.Repeat("x", 1_000_000)+`"}`))
	attacking, a := attack(ctx)
	defer a.end()
	whole := func(req []byte) func(net.Conn) {
		return func(conn net.Conn) {
			_, _ = conn.Write(req) // the server may refuse it halfway
			_, _ = conn.Read(make([]byte, 4096))
		}
	}
	a.again(attacking, 20, w.Addr, whole(refresh))
	a.again(attacking, 50, w.Addr, whole(corpus))
	hold := func(req []byte, rest int) func(net.Conn) {
		return func(conn net.Conn) {
			if _, err := conn.Write(req[:len(req)-rest]); err != nil {
				return
			}
			a.held.Add(1)
			defer a.held.Add(-1)
			_, _ = conn.Read(make([]byte, 1)) // the rest never comes
		}
	}
	a.again(attacking, 200, w.Addr, hold(login, 100))
	a.again(attacking, 200, w.Addr, hold(large, 64<<10))
	return c.others(ctx, s, a)
}

// readers are 500 clients that ask for much and read nothing.
func (c attackCmd) readers(ctx context.Context, s *system) ([]bench.Line, error) {
	attacking, a := attack(ctx)
	defer a.end()
	reqs := bytes.Repeat(bench.Request("GET", "/openapi.json", s.World.Addr, "", nil), 20)
	a.again(attacking, 500, s.World.Addr, func(conn net.Conn) {
		_, _ = conn.Write(reqs)
		<-attacking.Done()
	})
	return c.others(ctx, s, a)
}

// others measures what two other users notice, and the memory.
func (c attackCmd) others(ctx context.Context, s *system, a *attackers) ([]bench.Line, error) {
	if err := sleep(ctx, c.WarmUp); err != nil {
		return nil, err
	}
	var peak int64
	var held []float64
	watched, done := context.WithCancel(ctx)
	var watch sync.WaitGroup
	watch.Go(func() {
		for sleep(watched, 20*time.Millisecond) == nil {
			if now, err := bench.Memory(s.Server.PID()); err == nil {
				peak, held = max(peak, now), append(held, float64(a.held.Load()))
			}
		}
	})
	var slowest atomic.Int64
	path := bench.Request("GET", "/api/project", s.World.Addr, s.World.AdminToken, nil)
	r, err := bench.Load(ctx, 2, c.Duration, func(ctx context.Context) (func() error, func(), error) {
		conn, err := bench.Dial(ctx, s.World.Addr)
		if err != nil {
			return nil, nil, err
		}
		return func() error {
			at := time.Now()
			_, err := conn.Do(path)
			took := int64(time.Since(at))
			for was := slowest.Load(); took > was && !slowest.CompareAndSwap(was, took); was = slowest.Load() {
			}
			return errors.Join(err, sleep(ctx, 20*time.Millisecond))
		}, conn.Close, nil
	})
	done()
	watch.Wait()
	if err != nil {
		return nil, fmt.Errorf("a request of another user: %w", err)
	}
	lines := []bench.Line{
		bench.Figure("Attacks", float64(a.sent.Load()), ""),
		bench.Figure("Bodies held open, median", bench.Median(held), ""),
		bench.Figure("Requests of others", float64(r.Count), ""),
		bench.Figure("their slowest", bench.Millis(time.Duration(slowest.Load())), "ms"),
		bench.Figure("Memory at most", float64(peak)/(1<<20), "MiB"),
	}
	switch {
	case peak > attackMemory:
		err = fmt.Errorf("the server had %d MiB", peak>>20)
	case time.Duration(slowest.Load()) > attackWait:
		err = fmt.Errorf("another user waited for %s", time.Duration(slowest.Load()))
	}
	return lines, err
}

// overload has ten times as many clients ask as the server carries. What they
// ask in their first second is a burst, all of which a server should answer; it
// is no part of the p99 that is bounded.
func (c attackCmd) overload(ctx context.Context, s *system) ([]bench.Line, error) {
	type spell struct {
		bench.Result
		first time.Duration // p99 of the first second
	}
	at := func(clients int, d time.Duration) (spell, int64, error) {
		var next, refused atomic.Int64
		var mu sync.Mutex
		var first, took []time.Duration
		count := 0
		began := time.Now()
		_, err := bench.Load(ctx, clients, d, func(ctx context.Context) (func() error, func(), error) {
			conn, err := bench.Dial(ctx, s.World.Addr)
			if err != nil {
				return nil, nil, err
			}
			return func() error {
				at := time.Now()
				body, err := conn.Do(s.World.QuestionRequest(int(next.Add(1)*37), "response"))
				switch {
				case err == nil:
					mu.Lock()
					count++
					if at.Sub(began) < time.Second {
						first = append(first, time.Since(at))
					} else {
						took = append(took, time.Since(at))
					}
					mu.Unlock()
				case bytes.Contains(body, []byte("too_many")) || bytes.Contains(body, []byte("overloaded")):
					refused.Add(1)
					return sleep(ctx, 100*time.Millisecond)
				default:
					return err
				}
				return nil
			}, conn.Close, nil
		})
		slices.Sort(first)
		slices.Sort(took)
		r := spell{Result: bench.Result{Count: count, Elapsed: time.Since(began), P99: bench.Percentile(took, .99)}, first: bench.Percentile(first, .99)}
		return r, refused.Load(), err
	}
	var results []spell
	var refusals int64
	for n, clients := range []int{c.Connections, c.Connections, attackTimes * c.Connections, c.Connections} {
		d := c.Duration
		if n == 0 {
			d = c.WarmUp
		}
		if n == 3 { // everything is normal a second after
			if err := sleep(ctx, time.Second); err != nil {
				return nil, err
			}
		}
		r, refused, err := at(clients, d)
		if err != nil {
			return nil, err
		}
		refusals += refused
		results = append(results, r)
	}
	capacity, over, after := results[1], results[2], results[3]
	lines := []bench.Line{
		bench.Figure("Runs a second at capacity", capacity.Rate(), ""), bench.Figure("p99 at capacity", bench.Millis(capacity.P99), "ms"),
		bench.Figure("Runs a second overloaded", over.Rate(), ""), bench.Figure("p99 overloaded, of what is accepted", bench.Millis(over.P99), "ms"),
		bench.Figure("in its first second", bench.Millis(over.first), "ms"),
		bench.Figure("Refused", float64(refusals), ""), bench.Figure("p99 a second after", bench.Millis(after.P99), "ms"),
	}
	var err error
	if ratio := float64(over.P99) / float64(capacity.P99); ratio > attackSlower {
		err = fmt.Errorf("p99 is %.1f times that at capacity", ratio)
	}
	return lines, err
}
