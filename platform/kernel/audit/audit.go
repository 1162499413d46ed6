// Package audit has the four fields that every stored entity carries.
package audit

import (
	"reflect"
	"time"
)

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

// Touch sets who changed the entity last, and when; Watch calls it for changes
// that may turn out to be none.
func (a *Audit) Touch(by string, now time.Time) { a.ModifiedBy, a.ModifiedOn = by, now }

// Watch remembers what an entity is. The function that it answers touches the
// entity if that is something else by then, and reports whether it is. What
// the entity's pointers lead to is compared, too, so it is replaced and never
// written over.
func Watch[E any, P interface {
	*E
	Touch(by string, now time.Time)
}](entity P) func(by string, now time.Time) bool {
	was := *entity
	return func(by string, now time.Time) bool {
		if reflect.DeepEqual(was, *entity) {
			return false
		}
		entity.Touch(by, now)
		return true
	}
}
