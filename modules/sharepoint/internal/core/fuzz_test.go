package core_test

import (
	"strings"
	"testing"

	"parley/modules/sharepoint/internal/core"
)

func FuzzPath(f *testing.F) {
	for _, s := range []string{"/sites/hr/Documents/a.txt", "/SITES/hr", "/sites/", "/sites/a/../b", "/sites/a//b", "/sites/a/b/", "/sites/a\x00", "/sites/\u202e", "sites/a", "/sites/%2e%2e", `/sites/a\b`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, full string) {
		names, err := core.SplitPath(full)
		if err != nil {
			return
		}
		for _, n := range names {
			if core.CheckName(n) != nil || n == "." || n == ".." || strings.Contains(n, "/") {
				t.Errorf("%q has the segment %q", full, n)
			}
		}
		again, err := core.SplitPath(core.JoinPath(names))
		if err != nil || strings.Join(again, "/") != strings.Join(names, "/") {
			t.Errorf("%q is %q, and that is %q: %v", full, names, again, err)
		}
	})
}
