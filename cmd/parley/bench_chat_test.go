package main_test

import (
	"strings"
	"testing"
)

func TestQuestionsAreMeasured(t *testing.T) {
	s := newServer(t, "sqlite")
	out := s.run("bench", "chat", "--passages", "200", "--connections", "2", "--duration", "1500ms", "--warm-up", "100ms")
	for _, figure := range []string{"added latency p50", "2 clients: runs", "statements a run", "commits a run", "CPU of the server a run", "added time an event p50", "first token p99"} {
		if !strings.Contains(out, figure) {
			t.Errorf("no figure of %s:\n%s", figure, out)
		}
	}
}
