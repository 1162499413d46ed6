package coretest

import (
	"context"

	"parley/modules/corpora/internal/core"
	"parley/platform/kernel/uow"
	"parley/platform/storetest"
)

// removal takes a document out, indexed or not, and leaves the others.
func removal(f fixture) {
	c := f.corpus("Handbook")
	f.document(c, "leave.txt")
	leave := f.complete("Leave", "Thirty days of leave.", "Leave begins on Monday.")
	f.document(c, "travel.txt")
	f.complete("Travel", "Travel and leave by train.")
	waiting := f.document(c, "waiting.txt")
	before := f.searchable(c.ID)
	remove := func(organization, id int64) (d core.Document, err error) {
		err = f.unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
			d, err = f.RemoveDocument(ctx, organization, id)
			return err
		})
		return d, err
	}
	_, err := remove(org+1, leave.ID)
	f.ErrorIs(err, core.ErrDocumentNotFound)
	gone, err := remove(org, leave.ID)
	f.NoError(err)
	f.Equal(leave.BlobKey, gone.BlobKey)
	_, err = remove(org, waiting.ID)
	f.NoError(err)
	_, err = remove(org, leave.ID)
	f.ErrorIs(err, core.ErrDocumentNotFound)
	f.Equal([]string{"Travel and leave by train."}, f.found("leave", c))
	f.Equal(map[int64]int64{c.ID: 1}, storetest.Must[map[int64]int64](f.t)(f.CountDocuments(f.ctx, []int64{c.ID})))
	after := f.searchable(c.ID)
	if after[0].Version == before[0].Version || after[0].Passages != 1 || before[0].Passages != 3 {
		f.t.Errorf("before %+v, after %+v", before, after)
	}
}
