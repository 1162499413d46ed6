package sqldb

import (
	"net"
	"testing"

	"github.com/uptrace/bun/driver/pgdriver"
	"golang.org/x/sys/unix"
)

func TestAConnectionEndsWhenPostgreSQLHasGoneWithoutAWord(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	connector, err := connectorOf(pgdriver.WithDSN("postgres://jo@"+listener.Addr().String()+"/db?sslmode=disable"), watchful)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := connector.Config().Dialer(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	raw, err := conn.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	for what, option := range map[string]struct{ level, name, want int }{
		"milliseconds that what was sent may be unheard of": {unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, 15_000},
		"whether it is asked after a silence":               {unix.SOL_SOCKET, unix.SO_KEEPALIVE, 1},
		"seconds of silence before it is asked":             {unix.IPPROTO_TCP, unix.TCP_KEEPIDLE, 10},
		"seconds between asking":                            {unix.IPPROTO_TCP, unix.TCP_KEEPINTVL, 5},
		"how often it is asked":                             {unix.IPPROTO_TCP, unix.TCP_KEEPCNT, 3},
	} {
		var got int
		var failed error
		if err := raw.Control(func(fd uintptr) { got, failed = unix.GetsockoptInt(int(fd), option.level, option.name) }); err != nil || failed != nil || got != option.want {
			t.Errorf("%s: %d, want %d (%v, %v)", what, got, option.want, err, failed)
		}
	}
}
