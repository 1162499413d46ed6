package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/cmd/internal/bench"
	"parley/platform/config"
	"parley/platform/freeaddr"
	"parley/platform/sqldb/dbtest"
)

// A benchmark's server reads documents in a process of this program.
func init() {
	if child(os.Args[1:]) {
		os.Exit(0)
	}
}

// BenchmarkRun asks plain questions of a server in this process by 16 clients
// at once, and counts what each allocates and its CPU time, consumers included.
// The clients and the model are here as well, and allocate nothing to speak of.
//
//	go test ./cmd/parley -run '^$' -bench '^BenchmarkRun$' -benchtime 10000x
func BenchmarkRun(b *testing.B) {
	for _, kind := range []string{"sqlite", "postgres"} {
		b.Run(kind, func(b *testing.B) { measureRuns(b, kind) })
	}
}

func measureRuns(b *testing.B, kind string) {
	const clients, passages, warm = 16, 300, 2000
	addr := freeaddr.For(b)
	env := []string{
		"PARLEY_DATA_DIR=" + b.TempDir(), "PARLEY_ADDR=" + addr, "PARLEY_METRICS_ADDR=", "PARLEY_LOG_LEVEL=error", "PARLEY_LLM_URL=" + recordedModel(b), "PARLEY_LLM_MODEL=stub",
		"PARLEY_ADMIN_EMAIL=" + bench.AdminEmail, "PARLEY_ADMIN_PASSWORD=" + bench.AdminPassword,
	}
	if kind == "postgres" {
		env = append(env, "PARLEY_DATABASE_URL="+dbtest.PostgresURL(b))
	}
	c, err := config.Load(env)
	if err != nil {
		b.Fatal(err)
	}
	ctx, stop := context.WithCancel(b.Context())
	base, err := open(ctx, c, true)
	if err != nil {
		b.Fatal(err)
	}
	if err := base.runner().Up(ctx); err != nil {
		b.Fatal(err)
	}
	collectLess()
	served, ready := make(chan error, 1), make(chan struct{})
	go func() {
		served <- base.serve(ctx, profileAll, func(context.Context, credentials) error { close(ready); return nil })
	}()
	defer func() {
		stop()
		if err := <-served; err != nil {
			b.Error(err)
		}
		if err := base.close(); err != nil {
			b.Error(err)
		}
	}()
	select {
	case <-ready:
	case err := <-served:
		b.Fatal(err)
	}
	world, err := bench.MakeWorld(ctx, addr, passages)
	if err != nil {
		b.Fatal(err)
	}
	asked, err := world.Cites(ctx)
	if err != nil {
		b.Fatal(err)
	}
	askMany(b, world, clients, warm)
	asked += warm
	drained(b, world, asked)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	spent := cpu(b)
	b.ResetTimer()
	askMany(b, world, clients, b.N)
	drained(b, world, asked+b.N)
	b.StopTimer()
	spent = cpu(b) - spent
	runtime.ReadMemStats(&after)
	n := float64(b.N)
	b.ReportMetric(float64(after.Mallocs-before.Mallocs)/n, "objects/run")
	b.ReportMetric(float64(after.TotalAlloc-before.TotalAlloc)/n, "bytes/run")
	b.ReportMetric(float64(spent.Microseconds())/n, "cpu-µs/run")
}

// askMany has so many clients ask n questions.
func askMany(b *testing.B, w *bench.World, clients, n int) {
	var next atomic.Int64
	var busy sync.WaitGroup
	for range clients {
		busy.Go(func() {
			c, err := bench.Dial(b.Context(), w.Addr)
			if err != nil {
				b.Error(err)
				return
			}
			defer c.Close()
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				if _, err := c.Do(w.QuestionRequest(int(i*37), "response")); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	busy.Wait()
}

// drained waits until analytics knows of so many runs.
func drained(b *testing.B, w *bench.World, runs int) {
	err := bench.Poll(b.Context(), "waiting for analytics", func(ctx context.Context) (bool, error) {
		known, err := w.Queries(ctx)
		return known == runs, err
	})
	if err != nil {
		b.Fatal(err)
	}
}

func cpu(b *testing.B) time.Duration {
	spent, err := bench.CPU(os.Getpid())
	if err != nil {
		b.Fatal(err)
	}
	return spent
}

// recordedModel serves what the model stub of the benchmarks answers, as it was
// sent once, so that the model costs this process next to nothing.
func recordedModel(b *testing.B) (url string) {
	stub, err := bench.StartStub(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	at := stub.URL[len("http://") : len(stub.URL)-len("/v1")]
	conn, err := net.Dial("tcp", at)
	if err != nil {
		b.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "POST /v1/chat/completions HTTP/1.1\r\nHost: %s\r\nContent-Length: 2\r\n\r\n{}", at); err != nil {
		b.Fatal(err)
	}
	const end = "0\r\n\r\n"
	var said []byte
	for r := bufio.NewReader(conn); !bytes.HasSuffix(said, []byte(end)); {
		one, err := r.ReadByte()
		if err != nil {
			b.Fatal(err)
		}
		said = append(said, one)
	}
	conn.Close()
	if err := stub.Close(); err != nil {
		b.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go saying(conn, said)
		}
	}()
	return "http://" + l.Addr().String() + "/v1"
}

// saying answers each request of a connection with the same.
func saying(conn net.Conn, said []byte) {
	defer conn.Close()
	r := bufio.NewReaderSize(conn, 16<<10)
	for {
		length := 0
		for {
			line, err := r.ReadSlice('\n')
			if err != nil {
				return
			}
			if line = bytes.TrimSpace(line); len(line) == 0 {
				break
			}
			name, value, _ := bytes.Cut(line, []byte(": "))
			if bytes.EqualFold(name, []byte("Content-Length")) {
				length, _ = strconv.Atoi(string(value))
			}
		}
		if _, err := io.CopyN(io.Discard, r, int64(length)); err != nil {
			return
		}
		if _, err := conn.Write(said); err != nil {
			return
		}
	}
}
