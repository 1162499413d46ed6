package main_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestAQuestionFromTheShellIsAnsweredWithItsSources(t *testing.T) {
	s := newServer(t, "sqlite")
	s.start()
	c := s.admin()
	w := build(c)
	indexed(t, c, upload(c, w.corpus, "log.md", "# Lamp\n\nThe lamp of Westerhever burns from dusk to dawn."))
	var made struct{ Key string }
	c.Do("POST", "/api/api-key", map[string]any{"name": "shell", "scope": "all"}).Want(201).Data(&made)
	me := s.at("PARLEY_URL=http://"+s.addr, "PARLEY_API_KEY="+made.Key)
	said := me.run("ask", "--agent", fmt.Sprint(w.agent), "When does the lamp of Westerhever burn?")
	for _, part := range []string{"from dusk to dawn", "[1] ", "/api/document/1/content", "--thread 1"} {
		if !strings.Contains(said, part) {
			t.Errorf("%q is not in\n%s", part, said)
		}
	}
	command := me.command("ask", "--agent", fmt.Sprint(w.agent), "--thread", "1")
	command.Stdin = strings.NewReader("And where does it stand?\n")
	if out, err := command.CombinedOutput(); err != nil || !strings.Contains(string(out), "--thread 1") {
		t.Errorf("a question from standard input: %v %s", err, out)
	}
	if out, err := me.command("ask", "--agent", "99", "Anybody?").CombinedOutput(); err == nil || !strings.Contains(string(out), "agents.not_found") {
		t.Errorf("an agent that is not there: %v %s", err, out)
	}
}
