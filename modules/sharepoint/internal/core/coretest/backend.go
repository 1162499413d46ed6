// Package coretest has the suites that every backend and every store of the
// module must pass.
package coretest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	"parley/modules/sharepoint/internal/core"
	"parley/platform/storetest"
)

// drivePath is a drive that is there when a test begins, empty.
const drivePath = "/sites/hr/Documents"

type backend struct {
	storetest.Assert
	core.Backend
	t     *testing.T
	ctx   context.Context
	drive core.Entry
}

// TestBackend runs the suite; open answers a backend with the empty drive
// Documents in the site hr.
func TestBackend(t *testing.T, open func(t *testing.T) core.Backend) {
	cases := map[string]func(b backend){
		"an entry is found by path in any case, and by id": finding,
		"names with signs of URLs stay as they are":        signs,
		"children come in the order of their names":        children,
		"a file is read back as it is kept":                content,
		"a large file is kept whole":                       large,
		"a taken name is refused":                          taken,
		"content is replaced, but not another's":           replacing,
		"a rename and a move keep the id":                  moving,
		"a deletion takes all below with it":               deleting,
		"what never was is not there":                      missing,
		"changes lead from one state to the next":          following,
		"a token that nobody gave starts over":             resync,
		"readers are known":                                readers,
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			b := backend{Assert: storetest.New(t), Backend: open(t), t: t, ctx: t.Context()}
			b.drive = b.at(drivePath)
			test(b)
		})
	}
}

func (b backend) at(path string) core.Entry {
	b.t.Helper()
	e, err := b.At(b.ctx, path)
	b.NoError(err)
	return e
}

func (b backend) folder(parent core.Entry, name string) core.Entry {
	b.t.Helper()
	e, err := b.Make(b.ctx, parent.ID, name, core.Folder)
	b.NoError(err)
	return e
}

func (b backend) file(parent core.Entry, name, text string) core.Entry {
	b.t.Helper()
	e, err := b.Upload(b.ctx, core.Upload{ParentID: parent.ID, Name: name, Size: int64(len(text)), Content: strings.NewReader(text)})
	b.NoError(err)
	return e
}

func (b backend) text(id string) string {
	b.t.Helper()
	_, r, err := b.Open(b.ctx, id)
	b.NoError(err)
	defer r.Close()
	raw, err := io.ReadAll(r)
	b.NoError(err)
	return string(raw)
}

func finding(b backend) {
	site := b.at("/sites/hr")
	b.Equal([]any{core.Site, "hr", ""}, []any{site.Kind, site.Name, site.ParentID})
	b.Equal([]any{core.Drive, "Documents", site.ID, b.drive.ID}, []any{b.drive.Kind, b.drive.Name, b.drive.ParentID, b.drive.DriveID})
	leave := b.folder(b.drive, "Leave")
	rules := b.file(leave, "Rules.txt", "Thirty days.")
	for path, want := range map[string]core.Entry{
		"/SITES/hr/Documents": {}, "/sites/HR/documents/LEAVE": leave, "/sites/hr/Documents/Leave/rules.TXT": rules, "/sites/hr/Documents/Leave/Rules.txt": rules,
	} {
		got, err := b.At(b.ctx, path)
		if want.ID == "" {
			continue // whether the first segment folds is nobody's business
		}
		b.NoError(err)
		b.Equal(want, got)
	}
	for _, want := range []core.Entry{site, b.drive, leave, rules} {
		got, err := b.Entry(b.ctx, want.ID)
		b.NoError(err)
		b.Equal(want, got)
	}
	b.Equal([]any{core.File, leave.ID, b.drive.ID, int64(12)}, []any{rules.Kind, rules.ParentID, rules.DriveID, rules.Size})
}

func signs(b backend) {
	parent := b.drive
	path := drivePath
	for _, name := range []string{"50% of #1", "it's", "a+b & c", "ü @ü", "%41"} {
		path += "/" + name
		parent = b.folder(parent, name)
		b.Equal(parent, b.at(path))
	}
	f := b.file(parent, "100%25 #'.txt", "signs")
	b.Equal(f, b.at(path+"/100%25 #'.txt"))
	b.Equal("signs", b.text(f.ID))
}

func children(b backend) {
	for _, name := range []string{"b.txt", "C.txt", "a.txt"} {
		b.file(b.drive, name, name)
	}
	b.folder(b.drive, "B folder")
	found, err := b.Children(b.ctx, b.drive.ID)
	b.NoError(err)
	names := make([]string, len(found))
	for i, e := range found {
		names[i] = e.Name
		b.Equal(b.drive.ID, e.ParentID)
	}
	b.Equal([]string{"a.txt", "B folder", "b.txt", "C.txt"}, names)
	drives, err := b.Children(b.ctx, b.drive.ParentID)
	b.NoError(err)
	b.Equal([]core.Entry{b.drive}, drives)
}

func content(b backend) {
	for _, text := range []string{"", "Thirty days."} {
		f := b.file(b.drive, "f"+text+"txt", text)
		b.Equal(text, b.text(f.ID))
		b.Equal(int64(len(text)), f.Size)
		opened, r, err := b.Open(b.ctx, f.ID)
		b.NoError(err)
		r.Close()
		b.Equal(f, opened)
	}
}

func large(b backend) {
	text := bytes.Repeat([]byte("0123456789abcdef"), 11<<16) // 11 MiB
	f, err := b.Upload(b.ctx, core.Upload{ParentID: b.drive.ID, Name: "large.bin", Size: int64(len(text)), Content: bytes.NewReader(text)})
	b.NoError(err)
	b.Equal(int64(len(text)), f.Size)
	if got := b.text(f.ID); got != string(text) {
		b.t.Errorf("read %d other bytes", len(got))
	}
}

func taken(b backend) {
	b.folder(b.drive, "Leave")
	f := b.file(b.drive, "f.txt", "f")
	g := b.file(b.drive, "g.txt", "g")
	_, err := b.Make(b.ctx, b.drive.ID, "LEAVE", core.Folder)
	b.ErrorIs(err, core.ErrNameTaken)
	_, err = b.Upload(b.ctx, core.Upload{ParentID: b.drive.ID, Name: "F.txt", Size: 1, Content: strings.NewReader("x")})
	b.ErrorIs(err, core.ErrNameTaken)
	_, err = b.Move(b.ctx, g.ID, b.drive.ID, "F.TXT")
	b.ErrorIs(err, core.ErrNameTaken)
	b.Equal("f", b.text(f.ID))
	renamed, err := b.Move(b.ctx, f.ID, b.drive.ID, "F.txt") // its own name in another case
	b.NoError(err)
	b.Equal([]string{f.ID, "F.txt"}, []string{renamed.ID, renamed.Name})
}

func replacing(b backend) {
	f := b.file(b.drive, "f.txt", "first")
	replace := func(text, ifMatch string) (core.Entry, error) {
		return b.Upload(b.ctx, core.Upload{FileID: f.ID, IfMatch: ifMatch, Size: int64(len(text)), Content: strings.NewReader(text)})
	}
	second, err := replace("second", f.ETag)
	b.NoError(err)
	b.Equal([]any{f.ID, f.Name, f.ParentID, int64(6)}, []any{second.ID, second.Name, second.ParentID, second.Size})
	if second.ETag == f.ETag {
		b.t.Error("the ETag is as before")
	}
	_, err = replace("third", f.ETag)
	b.ErrorIs(err, core.ErrChanged)
	b.Equal("second", b.text(f.ID))
	_, err = replace("fourth", "")
	b.NoError(err)
	b.Equal("fourth", b.text(f.ID))
}

func moving(b backend) {
	from, to := b.folder(b.drive, "From"), b.folder(b.drive, "To")
	in := b.folder(from, "In")
	f := b.file(in, "f.txt", "f")
	renamed, err := b.Move(b.ctx, from.ID, b.drive.ID, "Renamed")
	b.NoError(err)
	b.Equal([]string{from.ID, "Renamed"}, []string{renamed.ID, renamed.Name})
	still := func(path string) {
		b.t.Helper()
		got := b.at(path)
		b.Equal([]string{f.ID, f.ParentID, f.ETag}, []string{got.ID, got.ParentID, got.ETag})
	}
	still(drivePath + "/Renamed/In/f.txt")
	moved, err := b.Move(b.ctx, in.ID, to.ID, "Out")
	b.NoError(err)
	b.Equal([]string{in.ID, to.ID, "Out"}, []string{moved.ID, moved.ParentID, moved.Name})
	still(drivePath + "/To/Out/f.txt")
	_, err = b.At(b.ctx, drivePath+"/From/In/f.txt")
	b.ErrorIs(err, core.ErrNotFound)
	b.Equal("f", b.text(f.ID))
	if _, err = b.Move(b.ctx, to.ID, in.ID, "To"); err == nil {
		b.t.Error("a folder went into itself")
	}
}

func deleting(b backend) {
	top := b.folder(b.drive, "Top")
	f := b.file(b.folder(top, "In"), "f.txt", "f")
	b.NoError(b.Delete(b.ctx, top.ID))
	for _, id := range []string{top.ID, f.ID} {
		_, err := b.Entry(b.ctx, id)
		b.ErrorIs(err, core.ErrNotFound)
	}
	b.ErrorIs(b.Delete(b.ctx, top.ID), core.ErrNotFound)
	again := b.file(b.drive, "Top", "another")
	if again.ID == top.ID || again.ID == f.ID {
		b.t.Error("an id is used again")
	}
}

func missing(b backend) {
	f := b.file(b.drive, "f.txt", "f")
	b.NoError(b.Delete(b.ctx, f.ID))
	_, err := b.Children(b.ctx, f.ID)
	b.ErrorIs(err, core.ErrNotFound)
	_, _, err = b.Open(b.ctx, f.ID)
	b.ErrorIs(err, core.ErrNotFound)
	_, err = b.Move(b.ctx, f.ID, b.drive.ID, "g.txt")
	b.ErrorIs(err, core.ErrNotFound)
	_, err = b.Make(b.ctx, f.ID, "g", core.Folder)
	b.ErrorIs(err, core.ErrNotFound)
	_, err = b.Upload(b.ctx, core.Upload{ParentID: f.ID, Name: "g", Size: 1, Content: strings.NewReader("g")})
	b.ErrorIs(err, core.ErrNotFound)
	_, err = b.Upload(b.ctx, core.Upload{FileID: f.ID, Size: 1, Content: strings.NewReader("g")})
	b.ErrorIs(err, core.ErrNotFound)
	for _, path := range []string{"/sites/hr/Documents/no", "/sites/hr/No", "/sites/no", "/sites/no/Documents"} {
		_, err = b.At(b.ctx, path)
		b.ErrorIs(err, core.ErrNotFound)
	}
}

// mirror is a drive as one knows it who only reads the changes.
type mirror map[string]core.Entry

// follow applies what changed since a token and answers the next.
func (m mirror) follow(b backend, token string) string {
	b.t.Helper()
	for {
		got, err := b.Changes(b.ctx, b.drive.ID, token)
		b.NoError(err)
		for _, c := range got.Items {
			if c.Deleted {
				delete(m, c.ID)
			} else {
				m[c.ID] = c.Entry
			}
		}
		if token = got.Token; !got.More {
			break
		}
	}
	for changed := true; changed; { // what hangs on nothing is gone as well
		changed = false
		for id, e := range m {
			if _, there := m[e.ParentID]; !there && e.ParentID != b.drive.ID {
				delete(m, id)
				changed = true
			}
		}
	}
	return token
}

// walk reads the drive the slow way.
func (b backend) walk(in core.Entry, into mirror) mirror {
	b.t.Helper()
	found, err := b.Children(b.ctx, in.ID)
	b.NoError(err)
	for _, e := range found {
		if into[e.ID] = e; e.Kind != core.File {
			b.walk(e, into)
		}
	}
	return into
}

// bare leaves out what a list of changes need not tell.
func (m mirror) bare() map[string][]any {
	out := map[string][]any{}
	for id, e := range m {
		out[id] = []any{e.ParentID, e.DriveID, e.Kind, e.Name, e.ETag, e.Size}
		if e.Kind != core.File {
			out[id] = out[id][:4]
		}
	}
	return out
}

func following(b backend) {
	m := mirror{}
	agree := func() {
		b.t.Helper()
		b.Equal(b.walk(b.drive, mirror{}).bare(), m.bare())
	}
	a, c := b.folder(b.drive, "A"), b.folder(b.drive, "C")
	in := b.folder(a, "In")
	f, g := b.file(in, "f.txt", "f"), b.file(b.drive, "g.txt", "g")
	token := m.follow(b, "")
	agree()
	b.Equal([]string{a.ID, c.ID, in.ID, f.ID, g.ID}, slices.SortedFunc(maps.Keys(m), func(x, y string) int {
		order := []string{a.ID, c.ID, in.ID, f.ID, g.ID}
		return slices.Index(order, x) - slices.Index(order, y)
	}))
	step := func(change func() error) {
		b.t.Helper()
		b.NoError(change())
		token = m.follow(b, token)
		agree()
	}
	step(func() error { return nil })
	step(func() error { _, err := b.Move(b.ctx, a.ID, b.drive.ID, "Renamed"); return err })
	step(func() error { _, err := b.Move(b.ctx, in.ID, c.ID, "In"); return err })
	step(func() error { b.file(c, "new.txt", "new"); return nil })
	step(func() error {
		_, err := b.Upload(b.ctx, core.Upload{FileID: g.ID, Size: 5, Content: strings.NewReader("other")})
		return err
	})
	step(func() error { return b.Delete(b.ctx, f.ID) })
	step(func() error { return b.Delete(b.ctx, c.ID) })
	old := token
	for range 3 {
		step(func() error { b.folder(b.drive, string(rune('0'+len(m)))); return nil })
	}
	token = m.follow(b, old) // the same again changes nothing
	agree()
	fresh := mirror{}
	fresh.follow(b, "")
	b.Equal(m.bare(), fresh.bare())
}

func resync(b backend) {
	_, err := b.Changes(b.ctx, b.drive.ID, "never given")
	var start *core.Resync
	if !errors.As(err, &start) {
		b.t.Fatalf("got %v", err)
	}
	b.file(b.drive, "f.txt", "f")
	m := mirror{}
	m.follow(b, start.From)
	b.Equal(b.walk(b.drive, mirror{}).bare(), m.bare())
	_, err = b.Changes(b.ctx, "no such drive", "")
	b.ErrorIs(err, core.ErrNotFound)
}

func readers(b backend) {
	f := b.file(b.drive, "f.txt", "f")
	who, err := b.Readers(b.ctx, f.ID)
	b.NoError(err)
	if len(who) == 0 {
		b.t.Error("nobody reads it")
	}
}
