// Package audit has the four fields that every stored entity carries.
package audit

import "time"

// System is the author of what nobody asked for in person.
const System = "System"

// Audit says who made and last changed an entity, by e-mail address, and when.
type Audit struct {
	CreatedBy  string
	CreatedOn  time.Time
	ModifiedBy string // empty when never modified
	ModifiedOn time.Time
}

// New is the audit of an entity made now.
func New(by string, now time.Time) Audit {
	return Audit{CreatedBy: by, CreatedOn: now, ModifiedOn: now}
}

// Touch records a change.
func (a *Audit) Touch(by string, now time.Time) { a.ModifiedBy, a.ModifiedOn = by, now }
