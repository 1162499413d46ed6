package dbtest

import (
	"bytes"
	"context"
	"net"
	"net/url"
	"sync"
	"testing"
)

// Proxy stands between a server and PostgreSQL, and breaks connections when it
// is told to.
type Proxy struct {
	// URL leads through it to the schema of the test.
	URL string

	mu       sync.Mutex
	clients  []*net.TCPConn
	breaking func() Break
	broken   int
}

// Break is how a connection that sends COMMIT ends.
type Break int

// The ways in which a connection may end.
const (
	Not     Break = iota
	Lost          // before the message with COMMIT arrives
	Untold        // once PostgreSQL has done it, without its answer
	Halfway       // as soon as PostgreSQL has got it
)

// ProxyTo begins a proxy to where a URL leads, until the test ends.
func ProxyTo(t testing.TB, to string) *Proxy {
	t.Helper()
	address, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{}
	host := address.Host
	address.Host = listener.Addr().String()
	p.URL = address.String()
	var all sync.WaitGroup
	all.Go(func() { p.serve(listener, host, &all) })
	t.Cleanup(func() {
		_ = listener.Close()
		p.Cut()
		all.Wait()
	})
	return p
}

// Breaking sets what is asked how a connection ends, each time one sends COMMIT.
func (p *Proxy) Breaking(how func() Break) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.breaking = how
}

// Broken is how many connections Breaking has ended.
func (p *Proxy) Broken() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.broken
}

// Cut ends all connections without a word.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, client := range p.clients {
		_ = client.CloseWrite()
	}
	p.clients = nil
}

func (p *Proxy) how(message []byte) Break {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.breaking == nil || !bytes.Contains(message, []byte("COMMIT\x00")) {
		return Not
	}
	how := p.breaking()
	if how != Not {
		p.broken++
	}
	return how
}

func (p *Proxy) serve(listener net.Listener, to string, all *sync.WaitGroup) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		behind, err := (&net.Dialer{}).DialContext(context.Background(), "tcp", to)
		if err != nil {
			_ = conn.Close()
			continue
		}
		client, _ := conn.(*net.TCPConn)
		p.mu.Lock()
		p.clients = append(p.clients, client)
		p.mu.Unlock()
		muted := make(chan struct{}) // closed when the client is told nothing more
		all.Go(func() { p.forward(client, behind, muted) })
		all.Go(func() { p.answer(client, behind, muted) })
	}
}

// forward hands on what the client sends.
func (p *Proxy) forward(client *net.TCPConn, behind net.Conn, muted chan struct{}) {
	buffer := make([]byte, 1<<20)
	for {
		n, err := client.Read(buffer)
		how := Not
		if n > 0 {
			how = p.how(buffer[:n])
		}
		if err != nil || how == Lost {
			_, _ = client.Close(), behind.Close()
			return
		}
		if how != Not {
			close(muted)
		}
		if _, err := behind.Write(buffer[:n]); err != nil {
			_ = client.Close()
			return
		}
		if how == Halfway {
			_ = client.Close()
		}
		if how != Not { // answer ends it
			return
		}
	}
}

// answer hands on what PostgreSQL says.
func (p *Proxy) answer(client *net.TCPConn, behind net.Conn, muted chan struct{}) {
	defer func() { _ = behind.Close() }()
	buffer := make([]byte, 1<<20)
	for {
		n, err := behind.Read(buffer)
		if err != nil {
			_ = client.CloseWrite()
			return
		}
		select {
		case <-muted:
			_ = client.Close()
			return
		default:
		}
		if _, err := client.Write(buffer[:n]); err != nil {
			return
		}
	}
}
