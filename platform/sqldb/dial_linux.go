package sqldb

import (
	"errors"
	"fmt"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// limitUnheard ends a TCP connection when what was sent is not acknowledged
// within unheardFor (TCP_USER_TIMEOUT, RFC 5482).
func limitUnheard(network, _ string, c syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	var set error
	err := c.Control(func(fd uintptr) {
		set = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(unheardFor.Milliseconds()))
	})
	if err = errors.Join(err, set); err != nil {
		return fmt.Errorf("limiting how long PostgreSQL may be unheard of: %w", err)
	}
	return nil
}
