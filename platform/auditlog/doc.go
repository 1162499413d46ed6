// Package auditlog takes the audit entry of a request along in the request's
// unit of work: what changed and who changed it are one commit, at the cost of
// one more insert.
//
// The HTTP edge begins an entry for each write, and for the reads whose route
// says so; those are in the log only when a unit of work took them along. Unit wraps the units of work
// of the modules, so that none of them has to think of it. What no unit took
// along, the edge appends itself.
package auditlog
