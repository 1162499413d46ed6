package core_test

import (
	"context"
	"io"
	"testing"
	"time"

	"parley/modules/sharepoint/internal/core"
)

// interrupted calls back in the middle of what the server does, once.
type interrupted struct {
	core.Backend
	opening, following func()
}

// Open implements core.Browser.
func (i *interrupted) Open(ctx context.Context, id string) (core.Entry, io.ReadCloser, error) {
	e, r, err := i.Backend.Open(ctx, id)
	if fn := i.opening; fn != nil {
		i.opening = nil
		fn()
	}
	return e, r, err
}

// Changes implements core.Feed.
func (i *interrupted) Changes(ctx context.Context, drive, token string) (core.Changes, error) {
	got, err := i.Backend.Changes(ctx, drive, token)
	if fn := i.following; fn != nil {
		i.following = nil
		fn()
	}
	return got, err
}

func TestAFileThatChangesWhileItIsReadIsReadAgain(t *testing.T) {
	hooks := &interrupted{}
	s := setup(t, func(d *core.Deps) {
		hooks.Backend, _ = d.Backends.Backend(1)
		d.Backends = backends{hooks}
	})
	s.folder("A", link(1))
	f := s.file("A/f.txt", "first")
	hooks.opening = func() {
		_, err := s.UpdateItem(t.Context(), ann, f.ID, core.Change{Content: content("other")})
		s.must(err)
	}
	s.work()
	s.same([]string{"1 f.txt=other"}, s.shelf.shows())
	s.same(1, len(s.shelf.files))
}

func TestAPartThatAnotherProcessReadFirstIsLeftToIt(t *testing.T) {
	hooks := &interrupted{}
	s := setup(t, func(d *core.Deps) {
		hooks.Backend, _ = d.Backends.Backend(1)
		d.Backends = backends{hooks}
	})
	s.folder("A", link(1))
	s.work()
	f := s.upload(s.entry("A"), "f.txt", "f")
	s.clock.Advance(time.Hour)
	hooks.following = func() { // what was just read is old by the time it is stored
		s.must(s.people.Delete(t.Context(), f.ID))
		drives, err := s.Store.DrivesAfter(t.Context(), 0, 1)
		s.must(err)
		later, err := hooks.Backend.Changes(t.Context(), s.drive, drives[0].Token)
		s.must(err)
		_, err = s.Store.UpdateDrive(t.Context(), drives[0].ID, func(d *core.FollowedDrive) error { d.Token = later.Token; return nil })
		s.must(err)
	}
	s.work()
	s.same([]string{}, s.shelf.shows())
	found, err := s.Store.ItemsByExternalID(t.Context(), 1, []string{f.ID})
	s.must(err)
	s.same(0, len(found))
}

func TestWhatChangesWhileADriveIsReadIsLookedAtAtOnce(t *testing.T) {
	for what, change := range map[string]func(s *scene, before, read core.Shown){
		"a file that was looked at before": func(s *scene, before, _ core.Shown) {
			_, err := s.DeleteItem(t.Context(), ann, before.ID)
			s.must(err)
		},
		"the file that is being read": func(s *scene, before, read core.Shown) {
			for _, i := range []core.Shown{before, read} {
				_, err := s.UpdateItem(t.Context(), ann, i.ID, core.Change{Content: content("other")})
				s.must(err)
			}
		},
		"the link": func(s *scene, _, _ core.Shown) {
			_, err := s.UpdateItem(t.Context(), ann, s.at("A").ID, core.Change{Unlink: true})
			s.must(err)
		},
	} {
		t.Run(what, func(t *testing.T) {
			hooks := &interrupted{}
			s := setup(t, func(d *core.Deps) {
				hooks.Backend, _ = d.Backends.Backend(1)
				d.Backends = backends{hooks}
			})
			s.folder("A", link(1))
			before := s.file("A/before.txt", "before")
			_, err := s.runner.Drain(t.Context())
			s.must(err)
			s.same([]string{"1 before.txt=before"}, s.shelf.shows())
			read := s.file("A/read.txt", "read")
			hooks.opening = func() { change(s, before, read) }
			_, err = s.runner.Drain(t.Context()) // no time passes
			s.must(err)
			want := map[string][]string{
				"a file that was looked at before": {"1 read.txt=read"},
				"the file that is being read":      {"1 before.txt=other", "1 read.txt=other"},
				"the link":                         {},
			}[what]
			s.same(want, s.shelf.shows())
		})
	}
}
