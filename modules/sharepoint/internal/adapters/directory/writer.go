package directory

import (
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"parley/modules/sharepoint/internal/core"
)

// Make implements core.Writer.
func (b *Backend) Make(ctx context.Context, parentID, name string, kind core.Kind) (core.Entry, error) {
	return b.change(ctx, func(x *index) (string, error) {
		parent := &node{Path: sites, Dir: true}
		if parentID != "" {
			var err error
			if parent, err = x.node(parentID); err != nil {
				return "", err
			}
			if !kindOf(parent).Holds(kind) {
				return "", core.ErrBadPlace
			}
		}
		if x.child(parent.Path, name) != nil {
			return "", core.ErrNameTaken
		}
		at := parent.Path + "/" + name
		return at, b.root.Mkdir(at, 0o700)
	})
}

// change runs fn, which answers the path of what it changed, and answers that.
func (b *Backend) change(ctx context.Context, fn func(x *index) (string, error)) (e core.Entry, err error) {
	at := ""
	err = b.with(ctx, func(x *index) error {
		var err error
		at, err = fn(x)
		if err == nil {
			err = x.scan(b.root)
		}
		if err == nil && x.at[at] != nil {
			e = x.entry(x.at[at])
		}
		return err
	})
	if err == nil && e.ID == "" {
		err = core.ErrNotFound // somebody was quicker
	}
	return e, err
}

// Upload implements core.Writer. The content is written aside and takes its
// place at once.
func (b *Backend) Upload(ctx context.Context, u core.Upload) (core.Entry, error) {
	return b.change(ctx, func(x *index) (string, error) {
		at, err := x.target(u)
		if err != nil {
			return "", err
		}
		const aside = "upload.part"
		f, err := b.root.OpenFile(aside, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
		if err != nil {
			return "", fmt.Errorf("writing a file: %w", err)
		}
		if _, err = u.Content.Seek(0, io.SeekStart); err == nil {
			_, err = io.Copy(f, u.Content)
		}
		if err == nil {
			err = f.Sync()
		}
		if closing := f.Close(); err == nil {
			err = closing
		}
		if err != nil {
			return "", fmt.Errorf("writing a file: %w", err)
		}
		x.written(at)
		return at, b.root.Rename(aside, at)
	})
}

// target is the path that an upload goes to.
func (x *index) target(u core.Upload) (string, error) {
	if u.FileID != "" {
		n, err := x.node(u.FileID)
		if err != nil {
			return "", err
		}
		switch e := x.entry(n); {
		case e.Kind != core.File:
			return "", core.ErrNoContent
		case u.IfMatch != "" && u.IfMatch != e.ETag:
			return "", core.ErrChanged
		}
		return n.Path, nil
	}
	parent, err := x.node(u.ParentID)
	if err != nil {
		return "", err
	}
	if !kindOf(parent).Holds(core.File) {
		return "", core.ErrBadPlace
	}
	if x.child(parent.Path, u.Name) != nil {
		return "", core.ErrNameTaken
	}
	return parent.Path + "/" + u.Name, nil
}

// Move implements core.Writer.
func (b *Backend) Move(ctx context.Context, id, parentID, name string) (core.Entry, error) {
	return b.change(ctx, func(x *index) (string, error) {
		n, err := x.node(id)
		if err != nil {
			return "", err
		}
		parent, err := x.node(parentID)
		if err != nil {
			return "", err
		}
		to := parent.Path + "/" + name
		switch taken := x.child(parent.Path, name); {
		case !kindOf(parent).Holds(kindOf(n)) || x.entry(parent).DriveID != x.entry(n).DriveID || strings.HasPrefix(parent.Path+"/", n.Path+"/"):
			return "", core.ErrBadPlace
		case taken != nil && taken != n:
			return "", core.ErrNameTaken
		case to == n.Path:
			return to, nil
		}
		if err := b.root.Rename(n.Path, to); err != nil {
			return "", gone(err)
		}
		x.moved(n, to)
		return to, nil
	})
}

// Delete implements core.Writer.
func (b *Backend) Delete(ctx context.Context, id string) error {
	return b.with(ctx, func(x *index) error {
		n, err := x.node(id)
		if err != nil {
			return err
		}
		if strings.Count(path.Clean(n.Path), "/") == 0 {
			return core.ErrBadPlace
		}
		return b.root.RemoveAll(n.Path)
	})
}
