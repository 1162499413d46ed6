package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAnAddressToListenOnIsReachedFromItsOwnMachine(t *testing.T) {
	for listening, want := range map[string]string{
		"127.0.0.1:8080": "127.0.0.1:8080", "0.0.0.0:9090": "127.0.0.1:9090", ":8080": "127.0.0.1:8080", "[::]:8080": "[::1]:8080", "host.example:80": "host.example:80",
	} {
		if got, err := reachable(listening); got != want || err != nil {
			t.Errorf("%s is reached at %s, %v", listening, got, err)
		}
	}
}

func TestTheHealthOfAWorkerIsAskedAtItsMetrics(t *testing.T) {
	code := http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/readyz" {
			t.Errorf("asked for %s", r.URL.Path)
		}
		w.WriteHeader(code)
		_, _ = w.Write([]byte(`{"database":"failing"}`))
	}))
	defer server.Close()
	t.Setenv("PARLEY_METRICS_ADDR", server.Listener.Addr().String())
	t.Setenv("PARLEY_ADDR", "127.0.0.1:1")
	if err := (healthcheckCmd{}).Run(context.Background()); err != nil {
		t.Error(err)
	}
	code = http.StatusServiceUnavailable
	if err := (healthcheckCmd{}).Run(context.Background()); err == nil || !strings.Contains(err.Error(), `{"database":"failing"}`) {
		t.Errorf("a server that is not ready: %v", err)
	}
}
