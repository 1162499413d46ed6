// Package bus carries the events of committed units of work to their
// consumers, on SQLite and PostgreSQL alike, and survives any crash.
//
// # How an event travels
//
// Outbox.Append writes events into one append-only table within the unit's
// own transaction. One tail reader per process, the feed, reads that table
// for all consumers, woken after each commit in this process, by NOTIFY from
// other processes, and every two seconds in case both were lost. Up to 500
// events a second it reads at once, above that it lets events gather.
//
// What waits for a consumer is handled as a batch in one unit of work. An
// event that is alone, or was in a batch that failed, goes through a watermill
// router with its PoisonQueue, Retry and Recoverer.
//
// Config.Subscriber gives consumers any watermill Subscriber in the place of
// the feed, and Relay publishes all events to any watermill Publisher.
//
// # What is promised
//
// An effect in the database happens exactly once: the row of bus_inbox that
// says "this consumer has handled this event" commits in the same unit as the
// effect. The events of one key reach one consumer in the order of their
// commits. That order is seq on SQLite, which has one writer; on PostgreSQL,
// where a lower seq may commit later, it is (xid, seq). An event's xid is the
// last transaction that had ended when it was written, or its own if that is
// higher, so that an old transaction holds up nothing until it writes events.
// The feed reads up to those that are being written at the moment.
//
// A handler that fails is tried again in place for about two seconds, then
// its event becomes a row of bus_deliveries that is tried again after
// minutes, then hours. Later events of the same key wait behind it, other
// keys do not. After the last attempt the row is dead: it keeps its error
// until an operator says retry, and holds up nothing.
//
// # Who consumes
//
// One process at a time per consumer. On PostgreSQL a process owns a consumer
// while one dedicated session holds its advisory lock; the same session does
// the reading and moves the cursors, so a process that lost its lock cannot
// read on. Each change of ownership raises the consumer's epoch, and every
// write in its name is conditional on it, so that work still in flight after
// a loss changes nothing. A replay or retry from another process raises the
// epoch too, which makes the owner load its state afresh. On SQLite there is
// only one process. The session needs a direct connection: a pooler that
// shares one between transactions would lose the locks.
//
// A Consumer with PerProcess set runs in every process instead, from the
// moment of Start, without cursor or inbox.
package bus
