package blob_test

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"parley/platform/blob"
	port "parley/platform/kernel/blob"
)

func TestAFileComesBackAsItWasPut(t *testing.T) {
	ctx := context.Background()
	d, err := blob.NewDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	key, size, err := d.Put(ctx, strings.NewReader("hello"))
	if err != nil || size != 5 {
		t.Fatalf("size %d, %v", size, err)
	}
	f, size, err := d.Open(ctx, key)
	if err != nil || size != 5 {
		t.Fatalf("size %d, %v", size, err)
	}
	got, err := io.ReadAll(f)
	if err != nil || string(got) != "hello" {
		t.Errorf("read %q, %v", got, err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := d.Delete(ctx, key); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := d.Open(ctx, key); !errors.Is(err, port.ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestABrokenUploadLeavesNothingBehind(t *testing.T) {
	root := t.TempDir()
	d, err := blob.NewDir(root)
	if err != nil {
		t.Fatal(err)
	}
	boom := errors.New("boom")
	if _, _, err := d.Put(context.Background(), iotest.ErrReader(boom)); !errors.Is(err, boom) {
		t.Fatalf("got %v", err)
	}
	files := 0
	if err := filepath.WalkDir(root, func(_ string, e os.DirEntry, err error) error {
		if !e.IsDir() {
			files++
		}
		return err
	}); err != nil || files != 0 {
		t.Errorf("%d files are left, %v", files, err)
	}
}

func TestAKeyIsNoPath(t *testing.T) {
	d, err := blob.NewDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"", "../secret", "/etc/passwd", strings.Repeat("a", 36)} {
		if _, _, err := d.Open(context.Background(), key); !errors.Is(err, port.ErrNotFound) {
			t.Errorf("%q: %v", key, err)
		}
	}
}

func TestWhatAKilledUploadLeftIsSwept(t *testing.T) {
	root := t.TempDir()
	d, err := blob.NewDir(root)
	if err != nil {
		t.Fatal(err)
	}
	key, _, err := d.Put(t.Context(), strings.NewReader("whole"))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	for name, age := range map[string]time.Duration{"old.part": 3 * time.Hour, "new.part": time.Minute} {
		path := filepath.Join(root, key[len(key)-2:], name)
		if err := os.WriteFile(path, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(path, now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := d.Sweep(t.Context(), now.Add(-2*time.Hour)); n != 1 || err != nil {
		t.Errorf("swept %d, %v", n, err)
	}
	if n, err := d.Sweep(t.Context(), now); n != 1 || err != nil {
		t.Errorf("then swept %d, %v", n, err)
	}
	f, _, err := d.Open(t.Context(), key)
	if err != nil {
		t.Fatalf("the whole file is gone: %v", err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
}
