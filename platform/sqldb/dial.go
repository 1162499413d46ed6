package sqldb

import (
	"net"
	"time"

	"github.com/uptrace/bun/driver/pgdriver"
)

// How soon a connection ends whose other side has gone without a word, as a
// machine does that loses its power. It is sooner than a lease, so that who holds
// one still has it when the next connection is made.
const (
	unheardFor = 15 * time.Second // of what was sent
	idleProbe  = 10 * time.Second // after so much silence PostgreSQL's machine is asked
	probes     = 3
	probeEvery = 5 * time.Second
)

// watchful has connections dialled that end when the other side has gone.
// pgdriver's own are asked after five minutes of silence, and wait for an answer
// for as long as for the slowest statement.
func watchful(conf *pgdriver.Config) {
	dialer := &net.Dialer{
		Timeout:         conf.DialTimeout,
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: idleProbe, Interval: probeEvery, Count: probes},
		Control:         limitUnheard,
	}
	conf.Dialer = dialer.DialContext
}
