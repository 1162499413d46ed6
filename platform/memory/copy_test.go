package memory

import (
	"encoding/json"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type within struct{ Inner []string }

type leaf struct{ Name *string }

type tree struct {
	ID       int64
	Text     string
	On       time.Time
	Until    *time.Time
	Raw      json.RawMessage
	Leaves   []leaf
	ByName   map[string][]int
	Pair     [2]*int
	Any      any
	Next     *tree // of its own kind
	Embedded struct{ Tags []string }
	From     netip.Addr // whose pointer is part of its value
	within
	None  []string
	Empty []string
}

func newTree() tree {
	name, number, until := "oak", 7, time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	t := tree{
		ID: 1, Text: "t", On: until, Until: &until, Raw: json.RawMessage(`{}`), Leaves: []leaf{{Name: &name}}, ByName: map[string][]int{"a": {1}},
		Pair: [2]*int{&number, nil}, Any: []string{"x"}, Next: &tree{ID: 2, Leaves: []leaf{{Name: &name}}}, From: netip.MustParseAddr("fe80::1%eth0"), within: within{Inner: []string{"i"}}, Empty: []string{},
	}
	t.Embedded.Tags = []string{"tag"}
	return t
}

func TestACopySharesNothingWithItsOriginal(t *testing.T) {
	same := cmp.Options{cmp.AllowUnexported(tree{}), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })}
	original, want := newTree(), newTree()
	c := copier[tree]()(original)
	if diff := cmp.Diff(want, c, same); diff != "" {
		t.Fatal(diff)
	}
	*c.Until = time.Time{}
	c.Raw[0] = '['
	*c.Leaves[0].Name = "elm"
	c.ByName["a"][0], c.ByName["b"] = 2, nil
	*c.Pair[0] = 8
	c.Any.([]string)[0] = "y"
	*c.Next.Leaves[0].Name = "ash"
	c.Embedded.Tags[0], c.Inner[0] = "", ""
	if diff := cmp.Diff(want, original, same); diff != "" {
		t.Error(diff)
	}
	if c.None != nil || c.Empty == nil {
		t.Errorf("nil and empty are no more told apart: %v %v", c.None, c.Empty)
	}
}

func TestATypeThatSharesNothingIsCopiedPlainly(t *testing.T) {
	type plain struct {
		ID int64
		On time.Time
		At [3]struct{ X, Y int }
	}
	c, v := copier[plain](), plain{ID: 1}
	if allocated := testing.AllocsPerRun(100, func() { v = c(v) }); allocated != 0 {
		t.Errorf("%v allocations", allocated)
	}
}

// A copy by hand of the same value is what the copier is measured against.
func BenchmarkCopy(b *testing.B) {
	type job struct {
		ID    int64
		Tags  []string
		Until *time.Time
	}
	until := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	v := job{ID: 1, Tags: []string{"a", "b"}, Until: &until}
	b.Run("reflected", func(b *testing.B) {
		c := copier[job]()
		for b.Loop() {
			c(v)
		}
	})
	b.Run("by hand", func(b *testing.B) {
		for b.Loop() {
			o, u := v, *v.Until
			o.Tags, o.Until = append([]string(nil), v.Tags...), &u
			_ = o
		}
	})
}
