package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"
)

type healthcheckCmd struct{}

// Run asks the server that has these settings whether it is ready, at its
// metrics address when it has one: there a worker answers, too. It is for
// containers, which need no other program for it.
func (healthcheckCmd) Run(ctx context.Context) error {
	c, err := settings()
	if err != nil {
		return err
	}
	address, err := reachable(cmp.Or(c.MetricsAddr, c.Addr))
	if err != nil {
		return err
	}
	return readiness(ctx, address)
}

// readiness asks the server at an address whether it is ready.
func readiness(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/readyz", nil)
	if err != nil {
		return fmt.Errorf("asking %s: %w", address, err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("asking whether the server is ready: %w", err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode == http.StatusOK {
		return nil
	}
	said, err := io.ReadAll(io.LimitReader(answer.Body, 4096))
	if err != nil {
		return fmt.Errorf("reading the answer of %s: %w", address, err)
	}
	return fmt.Errorf("the server is not ready: %s", said)
}

// reachable is where a process that listens on the address is reached from its
// own machine.
func reachable(listening string) (string, error) {
	host, port, err := net.SplitHostPort(listening)
	if err != nil {
		return "", fmt.Errorf("reading the address %q: %w", listening, err)
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if err == nil && ip.Is6() {
			host = "::1"
		}
	}
	return net.JoinHostPort(host, port), nil
}
