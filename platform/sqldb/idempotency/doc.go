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
// The first unit of work that commits for the request takes a mark of the claim
// along (idempotency.Group). When the process dies, or the request fails, after
// the effect and before the answer is stored, the mark stays, and a repeat is
// told so instead of having its effect twice.
package idempotency
