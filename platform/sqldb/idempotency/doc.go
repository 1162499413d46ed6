// Package idempotency remembers the requests that carried an Idempotency-Key,
// and their answers, in the database: it implements web.Idempotency.
//
// A key is claimed by inserting its row, so of any number of equal requests
// at once the unique index lets one through. A claim names its process and is
// leased: Run renews the leases of the requests that still run here. The claim
// of a process that died is free again when another process starts, when a
// living one has missed the dead in two looks at presence, or in doubt when the
// lease ends.
//
// The claim and the effect of the request are not one transaction. When a
// process dies after the effect and before the answer is stored, the key is
// free again after the lease and the effect may happen twice. An operation
// that can't bear that keeps the key with its own row.
package idempotency
