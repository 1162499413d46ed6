// Package directory keeps the files of SharePoint items in a directory, for
// development and for places without SharePoint:
// <root>/<organization>/sites/<site>/<drive>/<folders>/<file>.
//
// People may change the files there at will. What is in the directory counts;
// index.json beside sites remembers which id is where, so that a rename keeps
// the id, and when each entry changed, so that changes can be told.
package directory

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/gofrs/flock"

	"parley/modules/sharepoint/internal/core"
)

// Backends gives each organization a directory of its own.
type Backends struct {
	root string
	mu   sync.Mutex
	open map[int64]*Backend
}

// New returns the backends below a directory, which is made when needed.
func New(root string) *Backends { return &Backends{root: root, open: map[int64]*Backend{}} }

// Backend implements core.Backends.
func (b *Backends) Backend(organizationID int64) (core.Backend, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if found, ok := b.open[organizationID]; ok {
		return found, nil
	}
	home := filepath.Join(b.root, strconv.FormatInt(organizationID, 10))
	if err := os.MkdirAll(filepath.Join(home, sites), 0o700); err != nil {
		return nil, fmt.Errorf("making the directory of organization %d: %w", organizationID, err)
	}
	root, err := os.OpenRoot(home)
	if err != nil {
		return nil, fmt.Errorf("opening the directory of organization %d: %w", organizationID, err)
	}
	made := &Backend{root: root, lock: flock.New(filepath.Join(home, "lock"))}
	b.open[organizationID] = made
	return made, nil
}

// Close lets go of all directories.
func (b *Backends) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var all []error
	for id, open := range b.open {
		all = append(all, open.root.Close())
		delete(b.open, id)
	}
	return errors.Join(all...)
}

// sites is the directory in which everything is.
const sites = "sites"

// Backend is one organization's directory. Paths go through an os.Root, so no
// name and no symbolic link leads out of it. One method runs at a time, in all
// processes together.
type Backend struct {
	root *os.Root
	mu   sync.Mutex
	lock *flock.Flock
}

var _ core.Backend = (*Backend)(nil)

// with runs fn on the index as it is in accordance with the directory, and
// keeps what fn changes.
func (b *Backend) with(ctx context.Context, fn func(x *index) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := b.lock.Lock(); err != nil {
		return fmt.Errorf("locking the directory: %w", err)
	}
	defer b.lock.Unlock() //nolint:errcheck // the lock ends with the process at the latest
	x, err := loadIndex(b.root)
	if err != nil {
		return err
	}
	if err := x.scan(b.root); err != nil {
		return err
	}
	err = fn(x)
	if err == nil {
		err = x.scan(b.root)
	}
	if errors.Is(err, syscall.ENAMETOOLONG) { // file systems count bytes, and SharePoint letters
		err = errLongName
	}
	return errors.Join(err, x.save(b.root))
}

var errLongName = core.ErrBadName.WithMessage("The directory that these items are in takes names of at most 255 bytes, which is fewer letters where these are not ASCII; choose a shorter one.").
	WithField("name", "is too long for the directory")

// kindOf is what an entry is, by how deep it is below sites.
func kindOf(n *node) core.Kind {
	switch depth := strings.Count(n.Path, "/"); {
	case depth == 1:
		return core.Site
	case depth == 2 && n.Dir:
		return core.Drive
	case n.Dir:
		return core.Folder
	}
	return core.File
}

// entry shows a node.
func (x *index) entry(n *node) core.Entry {
	e := core.Entry{ID: n.ID, Kind: kindOf(n), Name: path.Base(n.Path), WebURL: "/" + n.Path}
	if e.Kind != core.Site {
		e.ParentID = x.at[path.Dir(n.Path)].ID
		e.DriveID = x.at[strings.Join(strings.SplitN(n.Path, "/", 4)[:3], "/")].ID
	}
	if e.Kind == core.File {
		e.Size, e.ETag = n.Size, strconv.FormatInt(n.Content, 10)
		if e.MimeType, _, _ = strings.Cut(mime.TypeByExtension(strings.ToLower(path.Ext(e.Name))), ";"); e.MimeType == "" {
			e.MimeType = "application/octet-stream"
		}
	}
	return e
}

// child is the node of that name below another path, in any case; the same
// case first.
func (x *index) child(parent, name string) *node {
	if n := x.at[parent+"/"+name]; n != nil {
		return n
	}
	var found *node
	for p, n := range x.at {
		if path.Dir(p) == parent && strings.EqualFold(path.Base(p), name) && (found == nil || p < found.Path) {
			found = n
		}
	}
	return found
}

// Entry implements core.Browser.
func (b *Backend) Entry(ctx context.Context, id string) (e core.Entry, err error) {
	err = b.with(ctx, func(x *index) error {
		n, err := x.node(id)
		if err == nil {
			e = x.entry(n)
		}
		return err
	})
	return e, err
}

// At implements core.Browser.
func (b *Backend) At(ctx context.Context, full string) (e core.Entry, err error) {
	names, err := core.SplitPath(full)
	if err != nil {
		return e, core.ErrNotFound
	}
	err = b.with(ctx, func(x *index) error {
		n := &node{Path: sites}
		for _, name := range names {
			if n = x.child(n.Path, name); n == nil {
				return core.ErrNotFound
			}
		}
		e = x.entry(n)
		return nil
	})
	return e, err
}

// Children implements core.Browser.
func (b *Backend) Children(ctx context.Context, id string) (out []core.Entry, err error) {
	err = b.with(ctx, func(x *index) error {
		n, err := x.node(id)
		if err != nil {
			return err
		}
		out = []core.Entry{}
		for p, c := range x.at {
			if path.Dir(p) == n.Path {
				out = append(out, x.entry(c))
			}
		}
		slices.SortFunc(out, core.ByName)
		return nil
	})
	return out, err
}

// Open implements core.Browser.
func (b *Backend) Open(ctx context.Context, id string) (e core.Entry, r io.ReadCloser, err error) {
	err = b.with(ctx, func(x *index) error {
		n, err := x.node(id)
		if err != nil {
			return err
		}
		if e = x.entry(n); e.Kind != core.File {
			return core.ErrNoContent
		}
		r, err = b.root.Open(n.Path)
		return gone(err)
	})
	return e, r, err
}

// gone makes the error of a file that somebody has just removed.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return core.ErrNotFound
	}
	return err
}

// Readers implements core.Feed: nobody's rights are kept here.
func (b *Backend) Readers(ctx context.Context, id string) ([]string, error) {
	_, err := b.Entry(ctx, id)
	return []string{core.Everyone}, err
}
