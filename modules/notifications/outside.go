package notifications

import (
	"reflect"
	"slices"
	"strings"

	"parley/platform/kernel/event"
)

// TestKind is the kind of the message that tests a webhook. It is no event that
// modules publish.
const TestKind = "notifications.webhook_test.v1"

// personal are the fields of events that may name a person.
var personal = []string{"email", "old_email", "first_name", "last_name", "full_name"}

// Personal reports whether a field of events may name a person. It is left out
// of what webhooks get.
func Personal(field string) bool { return slices.Contains(personal, field) }

// Leaves reports whether webhooks get events of this kind: they do when it says
// of which organization an event is.
func Leaves(e event.Event) bool { return slices.Contains(Fields(e), "organization_id") }

// Fields are the names of an event's fields in JSON.
func Fields(e event.Event) []string { return fieldsOf(reflect.TypeOf(e)) }

func fieldsOf(t reflect.Type) []string {
	var out []string
	for f := range t.Fields() {
		if f.Anonymous {
			out = append(out, fieldsOf(f.Type)...)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		out = append(out, name)
	}
	return out
}
