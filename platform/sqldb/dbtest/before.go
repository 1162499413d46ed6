package dbtest

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"parley/platform/migrate"
)

// Before is a module's migrations without those from a number on, such as "3":
// what a database of an older version has. Numbers are in the order of texts,
// as they are applied.
func Before(t *testing.T, all migrate.Set, number string) migrate.Set {
	t.Helper()
	paths, err := fs.Glob(all.Files, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	older, found := fstest.MapFS{}, false
	for _, path := range paths {
		n, _, _ := strings.Cut(strings.TrimPrefix(path, "migrations/"), "_")
		if n >= number {
			found = found || n == number
			continue
		}
		text, err := fs.ReadFile(all.Files, path)
		if err != nil {
			t.Fatal(err)
		}
		older[path] = &fstest.MapFile{Data: text}
	}
	if !found {
		t.Fatalf("module %s has no migration %s", all.Module, number)
	}
	return migrate.Set{Module: all.Module, Files: older}
}
