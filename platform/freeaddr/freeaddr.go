// Package freeaddr finds addresses for programs that tests and benchmarks
// start. Who listens on port 0, closes and gives the port away has an address
// that the kernel may hand to anybody before the program listens, and again
// between its end and its next start: then another server answers for it.
package freeaddr

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// The ports lie below those that systems hand out by themselves: from 32768 on
// Linux, from 49152 elsewhere. .ci/run takes its own from 20000 on.
const (
	first = 10000
	count = 10000
	tries = 200
)

// ErrNone means that every port that was tried is taken.
var ErrNone = errors.New("no port is free")

// Address is a TCP address of 127.0.0.1 that no other call of Reserve answers,
// in this process or another, until it is closed or the process ends.
type Address struct {
	Port int
	lock net.PacketConn // the UDP port of the same number
}

// Reserve finds an address that nobody listens on.
func Reserve(ctx context.Context) (*Address, error) {
	var config net.ListenConfig
	for range tries {
		a := &Address{Port: first + rand.IntN(count)}
		lock, err := config.ListenPacket(ctx, "udp", a.String())
		if err != nil {
			continue // somebody else's
		}
		a.lock = lock
		listener, err := config.Listen(ctx, "tcp", a.String())
		if err == nil {
			err = listener.Close()
		}
		if err == nil {
			return a, nil
		}
		if err := a.Close(); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("reserving an address: %w", errors.Join(ErrNone, ctx.Err()))
}

// String is the address as host:port.
func (a *Address) String() string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(a.Port)) }

// Close gives the address up.
func (a *Address) Close() error {
	if err := a.lock.Close(); err != nil {
		return fmt.Errorf("giving up the address %s: %w", a, err)
	}
	return nil
}

// For is an address, as host:port, that a test has until it ends.
func For(t testing.TB) string {
	t.Helper()
	a, err := Reserve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	})
	return a.String()
}
