// Package safehttptest has a name server for tests of what is called by name.
package safehttptest

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
)

// Resolve answers every question for an IPv4 address with the next of the
// addresses, the last one again and again, until the test ends. No other test
// may look up names meanwhile.
func Resolve(t testing.TB, addresses ...string) {
	t.Helper()
	n := &names{}
	for _, a := range addresses {
		n.addresses = append(n.addresses, netip.MustParseAddr(a))
	}
	before := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = before })
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: n.dial}
}

type names struct {
	mu        sync.Mutex
	addresses []netip.Addr
}

func (n *names) next() []byte {
	n.mu.Lock()
	defer n.mu.Unlock()
	a := n.addresses[0].As4()
	if len(n.addresses) > 1 {
		n.addresses = n.addresses[1:]
	}
	return a[:]
}

// dial is a connection to the name server, as over TCP.
func (n *names) dial(context.Context, string, string) (net.Conn, error) {
	client, server := net.Pipe()
	go func() {
		defer server.Close()
		var size [2]byte
		if _, err := io.ReadFull(server, size[:]); err != nil {
			return
		}
		question := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(server, question); err != nil {
			return
		}
		end := 12 // of the header; then come labels, a zero, type and class
		for question[end] != 0 {
			end += int(question[end]) + 1
		}
		end += 5
		answer := append([]byte{}, question[:end]...)
		answer[2], answer[3] = 0x81, 0x80
		copy(answer[6:12], make([]byte, 6))
		if question[end-3] == 1 { // an IPv4 address
			answer[7] = 1
			answer = append(append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 0, 0, 4), n.next()...)
		}
		binary.BigEndian.PutUint16(size[:], uint16(len(answer))) //nolint:gosec // a short answer
		_, _ = server.Write(append(size[:], answer...))          // who hung up has read enough
	}()
	return client, nil
}
