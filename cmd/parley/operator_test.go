package main_test

import (
	"net"
	"strings"
	"testing"
)

func TestAPasswordIsShownOnceTheServerAnswers(t *testing.T) {
	s := newServer(t, "sqlite", "PARLEY_ADMIN_PASSWORD=")
	taken, err := net.Listen("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.command("serve").CombinedOutput()
	if err == nil || strings.Contains(string(out), "password:") {
		t.Errorf("the port is taken, and it says %v %s", err, out)
	}
	if err := taken.Close(); err != nil {
		t.Fatal(err)
	}
	s.start()
	s.stop()
	if !strings.Contains(s.log.String(), "password: ") {
		t.Errorf("no password is shown:\n%s", s.log)
	}
}

func TestAnOperatorListsResetsAndDemotesUsers(t *testing.T) {
	s := newServer(t, "sqlite")
	s.start()
	s.run("user", "create", "--email", "second@example.org", "--password", "long enough", "--global-admin", "--first-name", "Ada", "--last-name", "Lovelace")
	if list := s.run("user", "list"); !strings.Contains(list, "second@example.org") || !strings.Contains(list, "Ada Lovelace") || !strings.Contains(list, adminEmail) {
		t.Errorf("the list is\n%s", list)
	}
	old := s.client("second@example.org", "long enough")
	told := s.run("user", "reset-password", "Second@example.org")
	_, fresh, ok := strings.Cut(told, "The password is ")
	if !ok {
		t.Fatalf("it says %s", told)
	}
	eventually(t, func() string {
		if old.Do("GET", "/api/user/me", nil).Status == 401 {
			return ""
		}
		return "the old session goes on"
	})
	now := s.client("second@example.org", strings.TrimSpace(fresh))
	now.Do("GET", "/api/organization", nil).Want(200)
	if told := s.run("user", "demote", "second@example.org"); !strings.Contains(told, "was global_admin and is now user") {
		t.Errorf("it says %s", told)
	}
	if out, err := s.command("user", "demote", adminEmail).CombinedOutput(); err == nil || !strings.Contains(string(out), "needs a global admin") {
		t.Errorf("the last global admin: %v %s", err, out)
	}
}
