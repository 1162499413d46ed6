package core_test

import (
	"testing"

	"parley/modules/sharepoint/internal/core"
	"parley/platform/kernel/access"
)

func TestOnlyApplicationAdminsOfTheOrganizationUseItems(t *testing.T) {
	s := setup(t)
	i := s.folder("A", nil)
	name := "B"
	ctx := t.Context()
	_, _, err := s.ItemAt(ctx, user, documents+"/A")
	s.is(err, core.ErrNotAdmin)
	_, err = s.ItemByID(ctx, user, i.ID)
	s.is(err, core.ErrNotAdmin)
	_, err = s.CreateItem(ctx, user, core.NewItem{FullPath: documents + "/B", Kind: core.Folder})
	s.is(err, core.ErrNotAdmin)
	_, err = s.UpdateItem(ctx, user, i.ID, core.Change{Name: &name})
	s.is(err, core.ErrNotAdmin)
	_, err = s.DeleteItem(ctx, user, i.ID)
	s.is(err, core.ErrNotAdmin)
	s.is(s.Decider().May(ctx, user, i.ID, access.View), core.ErrNotFound)

	_, _, err = s.ItemAt(ctx, far, documents+"/A")
	s.is(err, core.ErrNotFound)
	_, err = s.ItemByID(ctx, far, i.ID)
	s.is(err, core.ErrNotFound)
	_, err = s.CreateItem(ctx, far, core.NewItem{FullPath: documents + "/B", Kind: core.Folder})
	s.is(err, core.ErrNotConnected)
	_, err = s.UpdateItem(ctx, far, i.ID, core.Change{Name: &name})
	s.is(err, core.ErrNotFound)
	_, err = s.DeleteItem(ctx, far, i.ID)
	s.is(err, core.ErrNotFound)
	s.is(s.Decider().May(ctx, far, i.ID, access.View), core.ErrNotFound)
	s.is(s.Decider().May(ctx, ann, i.ID, access.View), nil)
	s.same("A", s.at("A").Name)
}

func TestAnItemIsLinkedOnlyByWhoMayKeepDocumentsInTheCorpus(t *testing.T) {
	s := setup(t)
	i := s.folder("A", nil)
	_, err := s.UpdateItem(t.Context(), ann, i.ID, core.Change{Link: link(9)})
	s.is(err, errNoSuchCorpus)
	_, err = s.CreateItem(t.Context(), ann, core.NewItem{FullPath: documents + "/B", Kind: core.Folder, Link: link(9)})
	s.is(err, errNoSuchCorpus)
	_, _, err = s.ItemAt(t.Context(), ann, documents+"/B")
	s.is(err, core.ErrNotFound) // nothing was made
}
