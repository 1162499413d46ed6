package audit_test

import (
	"testing"
	"time"

	"parley/platform/kernel/audit"
)

type entity struct {
	Name string
	In   *int
	audit.Audit
}

func TestOnlyWhatBecomesSomethingElseIsTouched(t *testing.T) {
	made := time.Unix(1, 0)
	one, same, other := 1, 1, 2
	for what, c := range map[string]struct {
		change func(*entity)
		want   bool
	}{
		"nothing":           {func(*entity) {}, false},
		"the same value":    {func(e *entity) { e.Name = "a" }, false},
		"another value":     {func(e *entity) { e.Name = "b" }, true},
		"the same pointee":  {func(e *entity) { e.In = &same }, false},
		"another pointee":   {func(e *entity) { e.In = &other }, true},
		"no pointee at all": {func(e *entity) { e.In = nil }, true},
		"there and back":    {func(e *entity) { e.Name = "b"; e.Name = "a" }, false},
	} {
		e := entity{Name: "a", In: &one, Audit: audit.New("ann", made)}
		touch := audit.Watch(&e)
		c.change(&e)
		got := touch("bob", made.Add(time.Second))
		touched := e.ModifiedBy == "bob" && e.ModifiedOn.Equal(made.Add(time.Second))
		untouched := e.ModifiedBy == "" && e.ModifiedOn.Equal(made)
		if got != c.want || touched != c.want || untouched == c.want {
			t.Errorf("%s: %v, %+v", what, got, e.Audit)
		}
	}
}
