package freeaddr

import (
	"net"
	"testing"
)

func TestAnAddressIsOneProgramsUntilItIsGivenUp(t *testing.T) {
	seen := map[int]bool{}
	for range 500 {
		a, err := Reserve(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = a.Close() })
		if seen[a.Port] {
			t.Fatalf("%s was answered twice", a)
		}
		seen[a.Port] = true
	}
}

func TestAServerCanListenOnItAndListenAgain(t *testing.T) {
	at := For(t)
	for range 2 {
		l, err := net.Listen("tcp", at)
		if err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAPortThatIsListenedOnIsLeftAlone(t *testing.T) {
	taken := map[int]bool{}
	for range 200 { // one in fifty of all
		a, err := Reserve(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp", a.String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = l.Close() })
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		taken[a.Port] = true
	}
	for range 500 {
		a, err := Reserve(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if taken[a.Port] {
			t.Fatalf("%s is listened on", a)
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnAddressIsGivenUpOnce(t *testing.T) {
	a, err := Reserve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := a.Close(); err == nil {
		t.Error("an address was given up twice")
	}
}
