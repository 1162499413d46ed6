package directory_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/modules/sharepoint/internal/adapters/directory"
	"parley/modules/sharepoint/internal/core"
	"parley/modules/sharepoint/internal/core/coretest"
)

// open answers the backend of organization 1 with an empty drive, and its
// directory.
func open(t *testing.T) (core.Backend, string) {
	t.Helper()
	root := t.TempDir()
	all := directory.New(root)
	t.Cleanup(func() {
		if err := all.Close(); err != nil {
			t.Error(err)
		}
	})
	b, err := all.Backend(1)
	if err != nil {
		t.Fatal(err)
	}
	site, err := b.Make(t.Context(), "", "hr", core.Site)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.Make(t.Context(), site.ID, "Documents", core.Drive); err != nil {
		t.Fatal(err)
	}
	return b, filepath.Join(root, "1", "sites", "hr", "Documents")
}

func TestBackend(t *testing.T) {
	coretest.TestBackend(t, func(t *testing.T) core.Backend { b, _ := open(t); return b })
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func entry(t *testing.T, b core.Backend, path string) core.Entry {
	t.Helper()
	e, err := b.At(t.Context(), "/sites/hr/Documents/"+path)
	must(t, err)
	return e
}

func TestWhatPeopleDoInTheDirectoryIsSeen(t *testing.T) {
	b, dir := open(t)
	must(t, os.MkdirAll(filepath.Join(dir, "A", "B"), 0o700))
	must(t, os.WriteFile(filepath.Join(dir, "A", "B", "f.txt"), []byte("f"), 0o600))
	folder, file := entry(t, b, "A"), entry(t, b, "A/B/f.txt")

	must(t, os.Rename(filepath.Join(dir, "A"), filepath.Join(dir, "Z")))
	if got := entry(t, b, "Z"); got.ID != folder.ID {
		t.Error("a renamed folder is another one")
	}
	if got := entry(t, b, "Z/B/f.txt"); got.ID != file.ID || got.ETag != file.ETag {
		t.Errorf("what is in it is another one: %+v, was %+v", got, file)
	}
	// Editors write aside and rename.
	must(t, os.WriteFile(filepath.Join(dir, "new"), []byte("other"), 0o600))
	must(t, os.Rename(filepath.Join(dir, "new"), filepath.Join(dir, "Z", "B", "f.txt")))
	if got := entry(t, b, "Z/B/f.txt"); got.ID != file.ID || got.ETag == file.ETag {
		t.Errorf("a file that was saved is %+v, was %+v", got, file)
	}
}

func TestNothingLeadsOutOfTheDirectory(t *testing.T) {
	b, dir := open(t)
	outside := t.TempDir()
	must(t, os.WriteFile(filepath.Join(outside, "secret.txt"), []byte("secret"), 0o600))
	must(t, os.Symlink(outside, filepath.Join(dir, "link")))
	must(t, os.Symlink(filepath.Join(outside, "secret.txt"), filepath.Join(dir, "secret.txt")))
	drive, err := b.At(t.Context(), "/sites/hr/Documents")
	must(t, err)
	found, err := b.Children(t.Context(), drive.ID)
	must(t, err)
	if len(found) != 0 {
		t.Errorf("shows %+v", found)
	}
	for _, path := range []string{"link/secret.txt", "secret.txt", "../../../../secret.txt", `..\x`} {
		if e, err := b.At(t.Context(), "/sites/hr/Documents/"+path); !errors.Is(err, core.ErrNotFound) {
			t.Errorf("%s: %+v, %v", path, e, err)
		}
	}
	// A link that appears after the look at the directory is not followed, either.
	folder, err := b.Make(t.Context(), drive.ID, "folder", core.Folder)
	must(t, err)
	must(t, os.Remove(filepath.Join(dir, "folder")))
	must(t, os.Symlink(outside, filepath.Join(dir, "folder")))
	if _, err := b.Upload(t.Context(), core.Upload{ParentID: folder.ID, Name: "planted.txt", Size: 1, Content: strings.NewReader("x")}); err == nil {
		t.Error("wrote through a link")
	}
	if _, err := os.Stat(filepath.Join(outside, "planted.txt")); err == nil {
		t.Error("a file was written outside")
	}
	// Names are refused before, by the core; here they must not get out.
	if _, err := b.Make(t.Context(), drive.ID, "../../../../../out", core.Folder); err == nil {
		t.Error("made a folder outside")
	}
}

func TestOrganizationsHaveDirectoriesOfTheirOwn(t *testing.T) {
	all := directory.New(t.TempDir())
	defer all.Close() //nolint:errcheck // a test's
	one, err := all.Backend(1)
	must(t, err)
	two, err := all.Backend(2)
	must(t, err)
	site, err := one.Make(t.Context(), "", "hr", core.Site)
	must(t, err)
	if _, err := two.Entry(t.Context(), site.ID); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("the other organization finds it: %v", err)
	}
	if _, err := two.At(t.Context(), "/sites/hr"); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("the other organization finds its path: %v", err)
	}
}

func TestANameThatIsTooLongForTheFileSystemIsABadName(t *testing.T) {
	b, _ := open(t)
	long := strings.Repeat("ü", 200) // within SharePoint's limit, which counts letters
	drive, err := b.At(t.Context(), "/sites/hr/Documents")
	must(t, err)
	folder, err := b.Make(t.Context(), drive.ID, "A", core.Folder)
	must(t, err)
	_, making := b.Make(t.Context(), drive.ID, long, core.Folder)
	_, moving := b.Move(t.Context(), folder.ID, drive.ID, long)
	_, uploading := b.Upload(t.Context(), core.Upload{ParentID: drive.ID, Name: long, Content: strings.NewReader("x")})
	for what, err := range map[string]error{"making": making, "moving": moving, "uploading": uploading} {
		if !errors.Is(err, core.ErrBadName) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if in, err := b.Children(t.Context(), drive.ID); err != nil || len(in) != 1 {
		t.Errorf("%+v, %v", in, err)
	}
}
