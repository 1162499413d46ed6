// Package blob keeps files in a directory on disk.
package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"parley/platform/kernel/blob"
	"parley/platform/kernel/id"
)

// Dir is a blob.Store in a directory.
type Dir struct{ root string }

// NewDir keeps files below root and creates root when it is missing.
func NewDir(root string) (*Dir, error) {
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, fmt.Errorf("making the directory for files: %w", err)
	}
	return &Dir{root: root}, nil
}

// Put implements blob.Store. The file is on disk, under its final name, before the
// key is answered.
func (d *Dir) Put(ctx context.Context, r io.Reader) (string, int64, error) {
	key := id.New()
	path, err := d.path(key)
	if err != nil {
		return "", 0, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", 0, fmt.Errorf("making a directory for files: %w", err)
	}
	f, err := os.OpenFile(path+".part", os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", 0, fmt.Errorf("making a file: %w", err)
	}
	size, err := io.Copy(f, withContext{ctx, r})
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(path+".part", path)
	}
	if err != nil {
		return "", 0, errors.Join(fmt.Errorf("writing a file: %w", err), os.Remove(path+".part"))
	}
	return key, size, nil
}

// Open implements blob.Store.
func (d *Dir) Open(_ context.Context, key string) (blob.Reader, int64, error) {
	path, err := d.path(key)
	if err != nil {
		return nil, 0, err
	}
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, blob.ErrNotFound
	}
	if err != nil {
		return nil, 0, fmt.Errorf("opening a file: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, errors.Join(fmt.Errorf("opening a file: %w", err), f.Close())
	}
	return f, info.Size(), nil
}

// Delete implements blob.Store.
func (d *Dir) Delete(_ context.Context, key string) error {
	path, err := d.path(key)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("deleting a file: %w", err)
	}
	return nil
}

// ownerFile has the id of the installation that the files belong to.
const ownerFile = ".installation"

// Owner answers whose files these are, "" when nobody has said.
func (d *Dir) Owner(context.Context) (string, error) {
	raw, err := os.ReadFile(filepath.Join(d.root, ownerFile))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("reading whose files these are: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}

// SetOwner says whose files these are.
func (d *Dir) SetOwner(_ context.Context, id string) error {
	// Written aside and renamed, so that a crash never leaves half an id.
	path := filepath.Join(d.root, ownerFile)
	if err := os.WriteFile(path+".new", []byte(id+"\n"), 0o600); err != nil {
		return fmt.Errorf("saying whose files these are: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("saying whose files these are: %w", err)
	}
	return nil
}

// Sweep removes what uploads left unfinished that began before a time: their
// process was killed. It answers how many files went.
func (d *Dir) Sweep(ctx context.Context, before time.Time) (int, error) {
	swept := 0
	err := filepath.WalkDir(d.root, func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // gone meanwhile
		}
		if err != nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		if e.IsDir() || filepath.Ext(path) != ".part" {
			return nil
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) || err == nil && !info.ModTime().Before(before) {
			return nil
		}
		if err == nil {
			err = os.Remove(path)
		}
		if err == nil {
			swept++
		}
		return err
	})
	if err != nil {
		return swept, fmt.Errorf("removing unfinished uploads: %w", err)
	}
	return swept, nil
}

var wellFormed = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// path spreads files over directories by the random end of their keys.
func (d *Dir) path(key string) (string, error) {
	if !wellFormed.MatchString(key) {
		return "", blob.ErrNotFound
	}
	return filepath.Join(d.root, key[len(key)-2:], key), nil
}

// withContext reads until its context ends: io.Copy has no argument for one.
type withContext struct {
	ctx context.Context //nolint:containedctx // io.Reader takes none
	io.Reader
}

// Read stops between two pieces when the context ends.
func (r withContext) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(b)
}
