package core_test

import (
	"testing"

	"parley/modules/corpora/internal/core"
	"parley/platform/kernel/access"
)

func TestANameFromAnotherSystemIsTheSameName(t *testing.T) {
	f := setup(t)
	f.corpus(jo, "Bu\u0308cher")
	_, err := f.CreateCorpus(f.ctx, jo, core.NewCorpus{Name: "B\u00fccher"})
	f.is(err, core.ErrNameTaken)
	other, renamed := f.corpus(jo, "Other"), "bu\u0308cher"
	_, err = f.UpdateCorpus(f.ctx, jo, other.ID, core.CorpusChange{Name: &renamed})
	f.is(err, core.ErrNameTaken)
}

func TestNamesOfCorporaOfAnOlderVersionAreComposedUnlessTheyAreTwins(t *testing.T) {
	f := setup(t)
	f.corpus(jo, "Bücher")
	stored := map[int64]string{}
	for given, want := range map[string]string{"Bu\u0308cher": "Bu\u0308cher", "U\u0308bung": "\u00dcbung"} {
		c, err := f.Store.AddCorpus(f.ctx, core.Corpus{OrganizationID: jo.OrganizationID, OwnerID: jo.UserID, Name: given, IndexingModeID: core.DefaultMode})
		f.check(err)
		stored[c.ID] = want
	}
	f.check(f.Adopt(f.ctx))
	for id, want := range stored {
		c, err := f.Store.Corpus(f.ctx, access.VisibleCorpora{OrganizationID: jo.OrganizationID, All: true}, id)
		f.check(err)
		if c.Name != want {
			t.Errorf("corpus %d is called %+q, want %+q", id, c.Name, want)
		}
	}
}
