package coretest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"parley/modules/sharepoint/internal/core"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/uow"
	"parley/platform/storetest"
)

var now = storetest.Now()

type fixture struct {
	storetest.Assert
	core.Store
	t    *testing.T
	ctx  context.Context
	unit uow.Unit
}

// TestStore runs the suite; open answers a fresh, empty store and its unit.
func TestStore(t *testing.T, open func(t *testing.T) (core.Store, uow.Unit)) {
	cases := map[string]func(f fixture){
		"an item comes back as it was stored":                itemRoundTrip,
		"an item is saved once under its external id":        savingAtOnce,
		"what is deleted is not there":                       itemsDeleted,
		"a chain leads from an item to the top":              chains,
		"a circle ends":                                      circles,
		"touching reaches all files below":                   touching,
		"pending files come in order and once":               pending,
		"a sweep takes what the last list did not have":      sweeping,
		"folders go when nothing in them is left":            folders,
		"links are marked, counted and passed on":            links,
		"the items of deleted documents are looked at again": forgetting,
		"a document's item fails":                            failing,
		"a drive is followed once":                           drives,
		"a failed unit leaves nothing behind":                rollback,
		"organizations are apart, even with the same ids":    apart,
		"an answer is a copy of what is stored":              copies,
		"a hundred changes of an item at once count fully":   changingAtOnce,
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			store, unit := open(t)
			test(fixture{Assert: storetest.New(t), Store: store, t: t, ctx: context.Background(), unit: unit})
		})
	}
}

// item stores one in drive d of organization 1.
func (f fixture) item(external, parent string, kind core.Kind, change ...func(*core.Item)) core.Item {
	f.t.Helper()
	return storetest.Must[core.Item](f.t)(f.SaveItem(f.ctx, 1, external, func(i *core.Item) error {
		i.ParentExternalID, i.DriveExternalID, i.Kind, i.Name, i.State, i.Audit = parent, "d", kind, external, core.Unlinked, audit.New("jo@example.com", now)
		i.Revision = 1
		for _, c := range change {
			c(i)
		}
		return nil
	}))
}

func (f fixture) get(id int64) core.Item {
	f.t.Helper()
	return storetest.Must[core.Item](f.t)(f.UpdateItem(f.ctx, 1, id, func(*core.Item) error { return nil }))
}

func itemRoundTrip(f fixture) {
	corpus, later := int64(7), now.Add(time.Hour)
	i := f.item("f", "a", core.File, func(i *core.Item) {
		i.Etag, i.Size, i.SHA256, i.MimeType, i.WebURL, i.CorpusID, i.Rights, i.LinkedBy = `"1"`, 12, "sum", "text/plain", "https://x", &corpus, core.CorpusRights, 3
		i.KeptCorpusID, i.DocumentID, i.KeptEtag, i.KeptName, i.State, i.LastError, i.LastSyncedOn = 7, 9, `"0"`, "g", core.Failed, "it’s broken", &later
		i.Handled, i.Generation = 1, 4
	})
	f.Equal(i, storetest.Must[core.Item](f.t)(f.Item(f.ctx, 1, i.ID)))
	f.Equal([]core.Item{i}, storetest.Must[[]core.Item](f.t)(f.ItemsByExternalID(f.ctx, 1, []string{"f", "g"})))
	f.Equal([]core.Item{}, storetest.Must[[]core.Item](f.t)(f.ItemsByExternalID(f.ctx, 1, nil)))
	_, err := f.Item(f.ctx, 1, 99)
	f.ErrorIs(err, core.ErrNotFound)
	_, err = f.UpdateItem(f.ctx, 1, 99, func(*core.Item) error { return nil })
	f.ErrorIs(err, core.ErrNotFound)
}

func savingAtOnce(f fixture) {
	var busy sync.WaitGroup
	for n := range 20 {
		busy.Go(func() {
			_, err := f.SaveItem(f.ctx, 1, "f", func(i *core.Item) error {
				i.Kind, i.Name, i.Revision = core.File, fmt.Sprint(n), i.Revision+1
				return nil
			})
			if err != nil {
				f.t.Error(err)
			}
		})
	}
	busy.Wait()
	found := storetest.Must[[]core.Item](f.t)(f.ItemsByExternalID(f.ctx, 1, []string{"f"}))
	if len(found) != 1 || found[0].Revision != 20 {
		f.t.Errorf("got %+v", found)
	}
}

func itemsDeleted(f fixture) {
	i := f.item("f", "a", core.File, func(i *core.Item) { i.IsDeleted = true })
	_, err := f.Item(f.ctx, 1, i.ID)
	f.ErrorIs(err, core.ErrNotFound)
	f.Equal(1, len(storetest.Must[[]core.Item](f.t)(f.ItemsByExternalID(f.ctx, 1, []string{"f"}))))
	f.NoError(f.RemoveItem(f.ctx, 2, i.ID))
	f.Equal(i.ID, f.get(i.ID).ID)
	f.NoError(f.RemoveItem(f.ctx, 1, i.ID))
	f.NoError(f.RemoveItem(f.ctx, 1, i.ID))
	f.Equal(0, len(storetest.Must[[]core.Item](f.t)(f.ItemsByExternalID(f.ctx, 1, []string{"f"}))))
}

func (f fixture) names(items []core.Item) (out []string) {
	for _, i := range items {
		out = append(out, i.Name)
	}
	return out
}

func chains(f fixture) {
	f.item("s", "", core.Site)
	f.item("d", "s", core.Drive)
	f.item("a", "d", core.Folder)
	f.item("f", "a", core.File)
	f.item("lost", "unknown", core.File)
	f.Equal([]string{"f", "a", "d", "s"}, f.names(storetest.Must[[]core.Item](f.t)(f.Chain(f.ctx, 1, "f"))))
	f.Equal([]string{"lost"}, f.names(storetest.Must[[]core.Item](f.t)(f.Chain(f.ctx, 1, "lost"))))
	f.Equal([]core.Item{}, storetest.Must[[]core.Item](f.t)(f.Chain(f.ctx, 1, "nobody")))
	f.Equal([]core.Item{}, storetest.Must[[]core.Item](f.t)(f.Chain(f.ctx, 2, "f")))
}

func circles(f fixture) {
	f.item("a", "b", core.Folder)
	f.item("b", "a", core.Folder)
	if n := len(storetest.Must[[]core.Item](f.t)(f.Chain(f.ctx, 1, "a"))); n == 0 || n > 300 {
		f.t.Errorf("%d items", n)
	}
	f.NoError(f.TouchTree(f.ctx, 1, "a"))
}

func touching(f fixture) {
	f.item("a", "d", core.Folder)
	f.item("b", "a", core.Folder)
	in := []core.Item{f.item("f", "a", core.File), f.item("g", "b", core.File)}
	out := f.item("h", "d", core.File)
	f.NoError(f.TouchTree(f.ctx, 1, "a"))
	for _, i := range in {
		f.Equal(int64(2), f.get(i.ID).Revision)
	}
	f.Equal(int64(1), f.get(out.ID).Revision)
	f.NoError(f.TouchTree(f.ctx, 1, "h"))
	f.Equal(int64(2), f.get(out.ID).Revision)
}

func pending(f fixture) {
	for n := range 5 {
		f.item(fmt.Sprint("f", n), "d", core.File)
	}
	f.item("done", "d", core.File, func(i *core.Item) { i.Handled = 1 })
	f.item("folder", "d", core.Folder)
	f.item("elsewhere", "e", core.File, func(i *core.Item) { i.DriveExternalID = "e" })
	first := storetest.Must[[]core.Item](f.t)(f.PendingItems(f.ctx, 1, "d", 0, 3))
	f.Equal([]string{"f0", "f1", "f2"}, f.names(first))
	f.Equal([]string{"f3", "f4"}, f.names(storetest.Must[[]core.Item](f.t)(f.PendingItems(f.ctx, 1, "d", first[2].ID, 3))))
}

func sweeping(f fixture) {
	old := f.item("old", "d", core.File, func(i *core.Item) { i.Generation = 1 })
	fresh := f.item("fresh", "d", core.File, func(i *core.Item) { i.Generation = 2 })
	folder := f.item("folder", "d", core.Folder)
	drive := f.item("d", "s", core.Drive)
	other := f.item("other", "e", core.File, func(i *core.Item) { i.DriveExternalID = "e" })
	f.NoError(f.SweepItems(f.ctx, 1, "d", 2))
	for id, gone := range map[int64]bool{old.ID: true, folder.ID: true, fresh.ID: false, drive.ID: false, other.ID: false} {
		f.Equal(gone, f.get(id).IsDeleted)
	}
	f.Equal(int64(2), f.get(old.ID).Revision)
	failed := f.item("failed", "d", core.File, func(i *core.Item) { i.State = core.Failed })
	kept := f.item("kept", "d", core.File, func(i *core.Item) { i.DocumentID = 4 })
	f.NoError(f.TouchFailed(f.ctx, 1, "d"))
	f.Equal([]int64{2, 2, 1}, []int64{f.get(failed.ID).Revision, f.get(kept.ID).Revision, f.get(fresh.ID).Revision})
}

func folders(f fixture) {
	gone := func(i *core.Item) { i.IsDeleted = true }
	f.item("a", "d", core.Folder, gone)
	f.item("b", "a", core.Folder)
	f.item("c", "d", core.Folder, gone)
	f.item("f", "c", core.File)
	f.item("stays", "d", core.Folder)
	f.NoError(f.RemoveFolders(f.ctx, 1, "d"))
	f.Equal([]string{"c", "f", "stays"}, f.names(storetest.Must[[]core.Item](f.t)(f.ItemsByExternalID(f.ctx, 1, []string{"a", "b", "c", "f", "stays"}))))
}

func links(f fixture) {
	corpus := int64(7)
	link := func(i *core.Item) { i.CorpusID, i.LinkedBy = &corpus, 3 }
	a := f.item("a", "d", core.Folder, link)
	file := f.item("f", "d", core.File, link)
	f.item("gone", "d", core.Folder, link, func(i *core.Item) { i.IsDeleted = true })
	f.item("kept", "a", core.File, func(i *core.Item) { i.DocumentID = 4 })
	f.Equal(int64(3), storetest.Must[int64](f.t)(f.CountLinks(f.ctx, 1, "d")))
	f.NoError(f.MarkLinks(f.ctx, 1, "d", core.Failed, "why", now))
	got := f.get(a.ID)
	f.Equal([]any{core.Failed, "why", true}, []any{got.State, got.LastError, got.LastSyncedOn == nil})
	f.NoError(f.MarkLinks(f.ctx, 1, "d", core.Synced, "", now))
	got = f.get(a.ID)
	f.Equal([]any{core.Synced, "", now}, []any{got.State, got.LastError, *got.LastSyncedOn})
	f.Equal(core.Unlinked, f.get(file.ID).State)
	f.NoError(f.PassLinks(f.ctx, 2, 3, 5))
	f.NoError(f.PassLinks(f.ctx, 1, 3, 4))
	f.Equal(int64(4), f.get(a.ID).LinkedBy)
}

func failing(f fixture) {
	kept := f.item("kept", "a", core.File, func(i *core.Item) { i.DocumentID, i.State = 4, core.Synced })
	other := f.item("other", "a", core.File)
	f.NoError(f.FailDocument(f.ctx, 1, 4, "why"))
	f.NoError(f.FailDocument(f.ctx, 1, 99, "why"))
	f.NoError(f.FailDocument(f.ctx, 1, 0, "why"))
	f.Equal([]any{core.Failed, "why", core.Unlinked}, []any{f.get(kept.ID).State, f.get(kept.ID).LastError, f.get(other.ID).State})
}

func forgetting(f fixture) {
	kept := func(external, drive string, document int64) core.Item {
		return f.item(external, "a", core.File, func(i *core.Item) {
			i.DriveExternalID, i.DocumentID, i.KeptCorpusID, i.KeptEtag, i.KeptName, i.State, i.Handled = drive, document, 7, `"0"`, external, core.Synced, 1
		})
	}
	one, two, three := kept("one", "e", 4), kept("two", "d", 5), kept("three", "d", 6)
	none := f.item("none", "a", core.File)
	f.Equal([]string{"d", "e"}, storetest.Must[[]string](f.t)(f.DrivesOfDocuments(f.ctx, 1, []int64{0, 4, 5, 6, 99})))
	f.Equal(0, len(storetest.Must[[]string](f.t)(f.DrivesOfDocuments(f.ctx, 2, []int64{4, 5}))))
	f.Equal(0, len(storetest.Must[[]string](f.t)(f.DrivesOfDocuments(f.ctx, 1, nil))))
	f.NoError(f.ForgetDocuments(f.ctx, 2, []int64{4, 5}))
	f.NoError(f.ForgetDocuments(f.ctx, 1, nil))
	f.NoError(f.ForgetDocuments(f.ctx, 1, []int64{0, 4, 5, 99}))
	for _, i := range []*core.Item{&one, &two} {
		i.DocumentID, i.KeptCorpusID, i.KeptEtag, i.KeptName = 0, 0, "", ""
		i.Revision++
	}
	for _, i := range []core.Item{one, two, three, none} {
		f.Equal(i, f.get(i.ID))
	}
}

func drives(f fixture) {
	d := storetest.Must[core.FollowedDrive](f.t)(f.FollowDrive(f.ctx, 1, "d"))
	f.Equal(d, storetest.Must[core.FollowedDrive](f.t)(f.FollowDrive(f.ctx, 1, "d")))
	other := storetest.Must[core.FollowedDrive](f.t)(f.FollowDrive(f.ctx, 2, "d"))
	changed := storetest.Must[core.FollowedDrive](f.t)(f.UpdateDrive(f.ctx, d.ID, func(d *core.FollowedDrive) error {
		at := now
		d.Token, d.Start, d.IsFull, d.Generation, d.CompletedOn, d.Failures, d.LastError = "t", "s", true, 3, &at, 2, "why"
		return nil
	}))
	f.Equal(changed, storetest.Must[core.FollowedDrive](f.t)(f.Drive(f.ctx, d.ID)))
	f.Equal([]core.FollowedDrive{changed, other}, storetest.Must[[]core.FollowedDrive](f.t)(f.DrivesAfter(f.ctx, 0, 10)))
	f.Equal([]core.FollowedDrive{other}, storetest.Must[[]core.FollowedDrive](f.t)(f.DrivesAfter(f.ctx, d.ID, 10)))
	got, followed, err := f.DriveOf(f.ctx, 1, "d")
	f.NoError(err)
	f.Equal([]any{changed, true}, []any{got, followed})
	f.NoError(f.DeleteDrive(f.ctx, d.ID))
	_, followed, err = f.DriveOf(f.ctx, 1, "d")
	f.NoError(err)
	f.Equal(false, followed)
	_, err = f.Drive(f.ctx, d.ID)
	f.ErrorIs(err, core.ErrNotFound)
	_, err = f.UpdateDrive(f.ctx, d.ID, func(*core.FollowedDrive) error { return nil })
	f.ErrorIs(err, core.ErrNotFound)
}

func rollback(f fixture) {
	boom := errors.New("boom")
	i := f.item("f", "a", core.File)
	f.ErrorIs(f.unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		_, err := f.SaveItem(ctx, 1, "g", func(*core.Item) error { return nil })
		f.NoError(err)
		f.NoError(f.TouchTree(ctx, 1, "f"))
		_, err = f.FollowDrive(ctx, 1, "d")
		f.NoError(err)
		return boom
	}), boom)
	f.Equal(i, f.get(i.ID))
	f.Equal(0, len(storetest.Must[[]core.Item](f.t)(f.ItemsByExternalID(f.ctx, 1, []string{"g"}))))
	f.Equal(0, len(storetest.Must[[]core.FollowedDrive](f.t)(f.DrivesAfter(f.ctx, 0, 10))))
	_, err := f.UpdateItem(f.ctx, 1, i.ID, func(i *core.Item) error { i.Name = "other"; return boom })
	f.ErrorIs(err, boom)
	f.Equal(i, f.get(i.ID))
}

func apart(f fixture) {
	i := f.item("f", "a", core.File)
	theirs := storetest.Must[core.Item](f.t)(f.SaveItem(f.ctx, 2, "f", func(i *core.Item) error { i.Kind, i.DriveExternalID, i.Name = core.File, "d", "theirs"; return nil }))
	_, err := f.Item(f.ctx, 2, i.ID)
	f.ErrorIs(err, core.ErrNotFound)
	_, err = f.UpdateItem(f.ctx, 2, i.ID, func(*core.Item) error { return nil })
	f.ErrorIs(err, core.ErrNotFound)
	f.NoError(f.TouchTree(f.ctx, 2, "f"))
	f.NoError(f.SweepItems(f.ctx, 2, "d", 9))
	f.Equal(i, f.get(i.ID))
	f.Equal("theirs", theirs.Name)
}

func copies(f fixture) {
	corpus := int64(7)
	i := f.item("f", "a", core.File, func(i *core.Item) { i.CorpusID = &corpus })
	*i.CorpusID = 8
	corpus = 9
	f.Equal(int64(7), *f.get(i.ID).CorpusID)
}

func changingAtOnce(f fixture) {
	i := f.item("f", "a", core.File)
	var busy sync.WaitGroup
	for range 100 {
		busy.Go(func() {
			if _, err := f.UpdateItem(f.ctx, 1, i.ID, func(i *core.Item) error { i.Revision++; return nil }); err != nil {
				f.t.Error(err)
			}
		})
	}
	busy.Wait()
	f.Equal(int64(101), f.get(i.ID).Revision)
}
