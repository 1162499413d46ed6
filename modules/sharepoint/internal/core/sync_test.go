package core_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/modules/sharepoint/internal/core"
	"parley/platform/webtest/graphstub"
)

func link(corpus int64) *core.Link { return &core.Link{CorpusID: corpus} }

func TestFilesBelowALinkedFolderAreKept(t *testing.T) {
	s := setup(t)
	before := s.file("Leave/old.txt", "old")
	s.folder("Leave/In", nil)
	s.file("Leave/In/deep.txt", "deep")
	s.file("Other/out.txt", "out")
	s.work()
	s.same([]string{}, s.shelf.shows())
	leave := s.at("Leave")
	_, err := s.UpdateItem(t.Context(), ann, leave.ID, core.Change{Link: link(1)})
	s.must(err)
	s.same(core.Pending, s.at("Leave/old.txt").State)
	s.work()
	s.same([]string{"1 deep.txt=deep", "1 old.txt=old"}, s.shelf.shows())
	kept := s.at("Leave/old.txt")
	s.same([]any{core.Synced, int64(1), before.ID, "sum of old", int64(3)}, []any{kept.State, *kept.InCorpusID, kept.ID, kept.SHA256, kept.Size})
	s.same(core.Synced, s.at("Leave").State)
}

func TestWhatOthersDoFollows(t *testing.T) {
	s := setup(t)
	s.folder("Leave", link(1))
	s.folder("Out", nil)
	s.work()
	leave, out := s.entry("Leave"), s.entry("Out")
	f := s.upload(leave, "f.txt", "first")
	s.upload(out, "g.txt", "g")
	s.work()
	s.same([]string{"1 f.txt=first"}, s.shelf.shows())
	_, err := s.people.Upload(t.Context(), core.Upload{FileID: f.ID, Size: 6, Content: bytes.NewReader([]byte("second"))})
	s.must(err)
	s.work()
	s.same([]string{"1 f.txt=second"}, s.shelf.shows())
	_, err = s.people.Move(t.Context(), f.ID, leave.ID, "renamed.txt")
	s.must(err)
	s.work()
	s.same([]string{"1 renamed.txt=second"}, s.shelf.shows())
	_, err = s.people.Move(t.Context(), out.ID, leave.ID, "In") // with what is in it
	s.must(err)
	s.work()
	s.same([]string{"1 g.txt=g", "1 renamed.txt=second"}, s.shelf.shows())
	_, err = s.people.Move(t.Context(), f.ID, s.drive, "renamed.txt")
	s.must(err)
	s.work()
	s.same([]string{"1 g.txt=g"}, s.shelf.shows())
	s.must(s.people.Delete(t.Context(), out.ID))
	s.work()
	s.same([]string{}, s.shelf.shows())
	s.same(0, len(s.shelf.files))
}

func TestTheNearestLinkCounts(t *testing.T) {
	s := setup(t)
	s.folder("A", link(1))
	s.folder("A/B", link(2))
	s.file("A/B/f.txt", "f")
	s.file("A/g.txt", "g")
	s.work()
	s.same([]string{"1 g.txt=g", "2 f.txt=f"}, s.shelf.shows())
	_, err := s.UpdateItem(t.Context(), ann, s.at("A/B").ID, core.Change{Unlink: true})
	s.must(err)
	s.work()
	s.same([]string{"1 f.txt=f", "1 g.txt=g"}, s.shelf.shows())
	_, err = s.UpdateItem(t.Context(), ann, s.at("A").ID, core.Change{Unlink: true})
	s.must(err)
	s.work()
	s.same([]string{}, s.shelf.shows())
	drives, err := s.Store.DrivesAfter(t.Context(), 0, 10)
	s.must(err)
	s.same(0, len(drives)) // nothing is followed any more
}

func TestAnUnchangedFileIsReadOnce(t *testing.T) {
	s := setup(t)
	s.folder("A", link(1))
	s.file("A/f.txt", "f")
	s.work()
	for range 3 {
		s.clock.Advance(25 * time.Hour) // everything is listed again
		s.work()
	}
	reads := 0
	for _, r := range s.graph.Requests() {
		if strings.HasPrefix(r, "GET /download/") {
			reads++
		}
	}
	s.same(1, reads)
}

func TestAFileWhoseRightsCanNotBeReadIsNotIndexed(t *testing.T) {
	s := setup(t)
	s.graph.Set(graphstub.Behaviour{HidesRights: true})
	s.folder("A", link(1))
	s.file("A/f.txt", "f")
	s.work()
	s.same([]string{}, s.shelf.shows())
	f := s.at("A/f.txt")
	if f.State != core.Failed || !strings.Contains(f.LastError, "Sites.FullControl.All") {
		t.Errorf("%s: %s", f.State, f.LastError)
	}
	_, err := s.UpdateItem(t.Context(), ann, s.at("A").ID, core.Change{Link: &core.Link{CorpusID: 1, Rights: core.CorpusRights}})
	s.must(err)
	s.work()
	s.same([]string{"1 f.txt=f"}, s.shelf.shows())
	s.same("", s.at("A/f.txt").LastError)
}

func TestAFileThatFewerPeopleMaySeeIsNotIndexed(t *testing.T) {
	s := setup(t)
	s.folder("A", link(1))
	s.file("A/secret.txt", "secret")
	s.file("A/open.txt", "open")
	s.work()
	s.same([]string{"1 open.txt=open", "1 secret.txt=secret"}, s.shelf.shows())
	s.graph.SetReaders(s.drive, "A/secret.txt", "3")
	s.clock.Advance(25 * time.Hour)
	s.work()
	s.same([]string{"1 open.txt=open"}, s.shelf.shows())
	s.same(core.Failed, s.at("A/secret.txt").State)
	s.graph.SetReaders(s.drive, "A/secret.txt")
	s.clock.Advance(25 * time.Hour)
	s.work()
	s.same([]string{"1 open.txt=open", "1 secret.txt=secret"}, s.shelf.shows())
}

func TestNotebooksAreLeftOut(t *testing.T) {
	s := setup(t)
	s.folder("A", link(1))
	s.graph.AddNotebook(s.drive, "A", "Notebook")
	s.file("A/f.txt", "f")
	s.work()
	s.same([]string{"1 f.txt=f"}, s.shelf.shows())
}

func TestAFileThatIsTooLargeSaysSo(t *testing.T) {
	s := setup(t, func(d *core.Deps) { d.MaxBytes = 3 })
	s.folder("A", link(1))
	s.file("A/large.txt", "large")
	s.file("A/f.txt", "f")
	s.work()
	s.same([]string{"1 f.txt=f"}, s.shelf.shows())
	s.same(core.Failed, s.at("A/large.txt").State)
}

func TestAnOfficeFileIsKeptAsItIsReadBack(t *testing.T) {
	s := setup(t)
	s.graph.Set(graphstub.Behaviour{RewritesOffice: true})
	s.folder("A", link(1))
	f := s.file("A/f.docx", "sent")
	s.work()
	stored := s.graph.Files(s.drive)["A/f.docx"]
	s.same([]string{"1 f.docx=" + stored}, s.shelf.shows())
	kept := s.at("A/f.docx")
	s.same([]any{int64(len(stored)), "sum of " + stored, f.ID}, []any{kept.Size, kept.SHA256, kept.ID})
}

func TestABackendThatIsAwayIsTriedAgain(t *testing.T) {
	s := setup(t)
	a := s.folder("A", link(1))
	s.file("A/f.txt", "f")
	s.graph.Fail(1000, graphstub.Fault{Status: 503}, func(r *http.Request) bool { return strings.Contains(r.URL.Path, "/delta") })
	_, err := s.runner.Drain(t.Context())
	s.must(err)
	i, err := s.Store.Item(t.Context(), 1, a.ID)
	s.must(err)
	s.same([]any{core.Failed, core.ErrUnavailable.Message}, []any{i.State, i.LastError})
	for range 1000 { // until the faults are used up
		s.clock.Advance(time.Hour)
		if _, err := s.runner.Drain(t.Context()); err != nil {
			t.Fatal(err)
		}
		if len(s.shelf.shows()) > 0 {
			break
		}
	}
	s.same([]string{"1 f.txt=f"}, s.shelf.shows())
	s.same(core.Synced, s.at("A").State)
}

func TestAnOldTokenLeadsToAListOfEverything(t *testing.T) {
	for _, broken := range []int{0, 1000} { // the place that the server names may not answer
		s := setup(t)
		s.folder("A", link(1))
		s.file("A/f.txt", "f")
		s.file("A/g.txt", "g")
		s.work()
		s.must(s.people.Delete(t.Context(), s.entry("A/g.txt").ID))
		s.upload(s.entry("A"), "h.txt", "h")
		s.graph.Set(graphstub.Behaviour{BrokenResync: broken})
		s.graph.Expire(s.drive)
		s.work()
		s.same([]string{"1 f.txt=f", "1 h.txt=h"}, s.shelf.shows())
	}
}

func TestACorpusThatIsGoneFailsTheFile(t *testing.T) {
	s := setup(t)
	s.folder("A", link(1))
	s.shelf.gone[1] = true
	s.file("A/f.txt", "f")
	s.work()
	if f := s.at("A/f.txt"); f.State != core.Failed || !strings.Contains(f.LastError, "corpus") {
		t.Errorf("%s: %s", f.State, f.LastError)
	}
}

func TestADocumentThatCanNotBeReadFailsItsItem(t *testing.T) {
	s := setup(t)
	s.folder("A", link(1))
	s.file("A/f.txt", "f")
	s.work()
	id := s.at("A/f.txt").DocumentID
	s.must(s.DocumentIndexed(t.Context(), 1, id, false))
	s.same(core.Synced, s.at("A/f.txt").State)
	s.must(s.DocumentIndexed(t.Context(), 1, id, true))
	s.same(core.Failed, s.at("A/f.txt").State)
}

func TestADocumentThatIsDeletedInTheCorpusComesBackWhileItsFileIsLinked(t *testing.T) {
	s := setup(t)
	s.folder("A", link(1))
	s.file("A/f.txt", "f")
	s.work()
	deleted := func() {
		t.Helper()
		id := s.at("A/f.txt").DocumentID
		s.shelf.remove(id)
		s.must(s.DocumentsDeleted(t.Context(), 1, []int64{id}))
		s.must(s.DocumentsDeleted(t.Context(), 1, []int64{id}))
	}
	deleted()
	if f := s.at("A/f.txt"); f.State != core.Pending || f.DocumentID != 0 {
		t.Errorf("meanwhile the item is %s with document %d", f.State, f.DocumentID)
	}
	_, err := s.runner.Drain(t.Context()) // at once
	s.must(err)
	s.same([]string{"1 f.txt=f"}, s.shelf.shows())
	if f := s.at("A/f.txt"); f.State != core.Synced || f.DocumentID == 0 {
		t.Errorf("then the item is %s with document %d", f.State, f.DocumentID)
	}
	_, err = s.UpdateItem(t.Context(), ann, s.at("A").Item.ID, core.Change{Unlink: true})
	s.must(err)
	deleted()
	s.work()
	s.same([]string{}, s.shelf.shows())
}

func TestJobsThatGotLostComeBack(t *testing.T) {
	s := setup(t)
	s.folder("A", link(1))
	s.file("A/f.txt", "f")
	drives, err := s.Store.DrivesAfter(t.Context(), 0, 10)
	s.must(err)
	s.same(1, len(drives))
	s.must(s.Queue.Cancel(t.Context(), "sharepoint.sync", "1", "1/now"))
	s.work()
	s.same([]string{}, s.shelf.shows())
	s.must(s.Adopt(t.Context()))
	s.work()
	s.same([]string{"1 f.txt=f"}, s.shelf.shows())
}

// filling is a store that can't write drives for a while.
type filling struct {
	core.Store
	fails bool
}

// UpdateDrive implements core.Drives.
func (f *filling) UpdateDrive(ctx context.Context, id int64, change func(*core.FollowedDrive) error) (core.FollowedDrive, error) {
	if f.fails {
		return core.FollowedDrive{}, errors.New("no space left on device")
	}
	return f.Store.UpdateDrive(ctx, id, change)
}

func TestADriveWhoseJobDiedOfTroubleIsFollowedWhenThatIsOver(t *testing.T) {
	store := &filling{}
	s := setup(t, func(d *core.Deps) { store.Store, d.Store = d.Store, store })
	s.folder("guides", &core.Link{CorpusID: 1})
	s.work()
	s.upload(s.entry("guides"), "a.md", "one")
	store.fails = true
	for range 25 {
		_, err := s.runner.Drain(s.t.Context())
		s.must(err)
		s.clock.Advance(2 * time.Hour)
	}
	store.fails = false
	s.work()
	s.same([]string{}, s.shelf.shows()) // it is dead
	s.must(s.runner.Revive(s.t.Context()))
	s.work()
	s.same([]string{"1 a.md=one"}, s.shelf.shows())
	s.upload(s.entry("guides"), "b.md", "two")
	s.work() // and comes back as before
	s.same([]string{"1 a.md=one", "1 b.md=two"}, s.shelf.shows())
}
