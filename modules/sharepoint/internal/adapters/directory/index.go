package directory

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"parley/modules/sharepoint/internal/core"
)

// maxEntries bounds a directory; an index of that many is about 20 MB.
const maxEntries = 100_000

// maxGone bounds the deletions that are remembered. A token from before the
// oldest of them starts over.
const maxGone = 10_000

// node is a file or directory as it was seen last.
type node struct {
	ID      string
	Path    string // such as sites/hr/Documents/Leave
	Dir     bool   `json:",omitempty"`
	Size    int64  `json:",omitempty"`
	Time    int64  // of the last modification, in nanoseconds
	File    uint64 // the number that the file system gives it; 0 when unknown
	Content int64  // the change that its content came with
	Changed int64  // the last change of any kind
}

// tombstone is an entry that is gone.
type tombstone struct {
	ID, Drive string
	Changed   int64
}

// index is what is known of a directory. Changes are numbered.
type index struct {
	Epoch   string // of this numbering; another one starts over
	Number  int64  // of the last change, and of the last id
	Nodes   []*node
	Gone    []tombstone
	Dropped int64 // the last change of the tombstones that were dropped

	at   map[string]*node // by path
	byID map[string]*node
	raw  string // as it is kept
}

const indexFile = "index.json"

func loadIndex(root *os.Root) (*index, error) {
	x := &index{}
	raw, err := root.ReadFile(indexFile)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		x.Epoch = newEpoch()
	case err != nil:
		return nil, fmt.Errorf("reading the index of a directory: %w", err)
	default:
		if err := json.Unmarshal(raw, x); err != nil {
			return nil, fmt.Errorf("reading the index of a directory; remove %s to have it made again: %w", indexFile, err)
		}
	}
	x.raw = string(raw)
	x.at, x.byID = make(map[string]*node, len(x.Nodes)), make(map[string]*node, len(x.Nodes))
	for _, n := range x.Nodes {
		x.at[n.Path], x.byID[n.ID] = n, n
	}
	return x, nil
}

// save keeps the index when it changed, whole or as it was.
func (x *index) save(root *os.Root) error {
	x.Nodes = x.Nodes[:0]
	for _, n := range x.at {
		x.Nodes = append(x.Nodes, n)
	}
	slices.SortFunc(x.Nodes, func(a, b *node) int { return strings.Compare(a.Path, b.Path) })
	raw, err := json.Marshal(x)
	if err != nil {
		return fmt.Errorf("packing the index of a directory: %w", err)
	}
	if string(raw) == x.raw {
		return nil
	}
	if err := root.WriteFile(indexFile+".new", raw, 0o600); err != nil {
		return fmt.Errorf("writing the index of a directory: %w", err)
	}
	if err := root.Rename(indexFile+".new", indexFile); err != nil {
		return fmt.Errorf("writing the index of a directory: %w", err)
	}
	return nil
}

func (x *index) node(id string) (*node, error) {
	if n := x.byID[id]; n != nil {
		return n, nil
	}
	return nil, core.ErrNotFound
}

func (x *index) next() int64 {
	x.Number++
	return x.Number
}

// written says that the content at a path is being replaced, even by an equal
// one.
func (x *index) written(at string) {
	if n := x.at[at]; n != nil {
		n.Time = -1
	}
}

// moved says where a node is now, with all below it.
func (x *index) moved(n *node, to string) {
	from := n.Path
	var below []*node
	for p, c := range x.at {
		if p == from || strings.HasPrefix(p, from+"/") {
			below = append(below, c)
		}
	}
	for _, c := range below {
		delete(x.at, c.Path)
	}
	for _, c := range below {
		c.Path = to + strings.TrimPrefix(c.Path, from)
		x.at[c.Path] = c
	}
	n.Changed = x.next()
}

// scan brings the index in accordance with the directory. What has the same
// path is the same entry. What is new at its path, and has the file number of
// an entry that is gone from its own, was moved here, unless its content gives
// the lie to that: file numbers are used again.
func (x *index) scan(root *os.Root) error {
	found, err := walk(root)
	if err != nil {
		return err
	}
	lost := map[uint64]*node{}
	for p, n := range x.at {
		if f, there := found[p]; (!there || f.Dir != n.Dir) && n.File != 0 {
			lost[n.File] = n
		}
	}
	paths := make([]string, 0, len(found))
	for p := range found {
		paths = append(paths, p)
	}
	slices.Sort(paths) // parents first
	for _, p := range paths {
		f := found[p]
		n := x.at[p]
		if n != nil && n.Dir != f.Dir {
			x.remove(n)
			n = nil
		}
		if was := lost[f.File]; n == nil && was != nil && x.at[was.Path] == was && was.became(f) {
			x.moved(was, p)
			n = was
		}
		if n == nil {
			n = f
			n.Changed = x.next()
			n.ID = fmt.Sprintf("%s-%d", x.Epoch, n.Changed)
			n.Content = n.Changed
			x.at[p], x.byID[n.ID] = n, n
			continue
		}
		if !n.Dir && (n.Size != f.Size || n.Time != f.Time) {
			n.Changed = x.next()
			n.Content = n.Changed
		}
		n.Size, n.Time, n.File = f.Size, f.Time, f.File
	}
	var gone []*node
	for p, n := range x.at {
		if found[p] == nil {
			gone = append(gone, n)
		}
	}
	slices.SortFunc(gone, func(a, b *node) int { return strings.Compare(a.Path, b.Path) })
	for _, n := range gone {
		x.remove(n)
	}
	return nil
}

// became reports whether a node that is gone may be the one that is new: of the
// same kind, in the same drive, and with the same content.
func (n *node) became(f *node) bool {
	return n.Dir == f.Dir && kindOf(n) == kindOf(f) && driveOf(n.Path) == driveOf(f.Path) && (f.Dir || n.Size == f.Size && n.Time == f.Time)
}

// remove forgets a node and remembers that it was there.
func (x *index) remove(n *node) {
	drive := ""
	if d := x.at[driveOf(n.Path)]; d != nil {
		drive = d.ID
	}
	delete(x.at, n.Path)
	delete(x.byID, n.ID)
	x.Gone = append(x.Gone, tombstone{ID: n.ID, Drive: drive, Changed: x.next()})
	if more := len(x.Gone) - maxGone; more > 0 {
		x.Dropped = x.Gone[more-1].Changed
		x.Gone = slices.Clone(x.Gone[more:])
	}
}

// driveOf is the path of the drive that a path is or is in.
func driveOf(p string) string {
	names := strings.SplitN(p, "/", 4)
	return strings.Join(names[:min(3, len(names))], "/")
}

// walk reads the directory. Symbolic links, names that SharePoint does not
// take, and files where only sites or drives can be are left out.
func walk(root *os.Root) (map[string]*node, error) {
	out := map[string]*node{}
	err := fs.WalkDir(root.FS(), sites, func(p string, d fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // somebody has just removed it
		case err != nil:
			return err
		case p == sites:
			return nil
		case core.CheckName(path.Base(p)) != nil || (!d.IsDir() && (!d.Type().IsRegular() || strings.Count(p, "/") < 3)):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case len(out) == maxEntries:
			return fmt.Errorf("the directory has more than %d entries", maxEntries)
		}
		info, err := d.Info()
		if err != nil {
			return nil //nolint:nilerr // somebody has just removed it
		}
		n := &node{Path: p, Dir: d.IsDir(), Time: info.ModTime().UnixNano(), File: fileNumber(info)}
		if n.Dir {
			n.Time = 0
		} else {
			n.Size = info.Size()
		}
		out[p] = n
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the directory: %w", err)
	}
	return out, nil
}
