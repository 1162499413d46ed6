package coretest

import (
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"parley/modules/corpora/internal/core"
	"parley/platform/kernel/access"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
	"parley/platform/storetest"
)

// grants gives random users and teams roles on corpora, and answers them in
// their order.
func (f fixture) grants(rnd *rand.Rand, corpora []int64) map[int64][]access.CorpusGrant {
	f.t.Helper()
	out := map[int64][]access.CorpusGrant{}
	for _, id := range corpora {
		for range rnd.IntN(3) {
			p := core.Permission{OrganizationID: org, CorpusID: id, Role: access.CorpusViewer + access.CorpusRole(rnd.IntN(3)), Audit: audit.New("jo@example.com", now)}
			if rnd.IntN(2) == 0 {
				p.UserID = 21 + rnd.Int64N(3) // who own nothing
			} else {
				p.TeamID = 1 + rnd.Int64N(6)
			}
			g := access.CorpusGrant{UserID: p.UserID, TeamID: p.TeamID, Role: p.Role}
			same := func(o access.CorpusGrant) bool { return o.UserID == g.UserID && o.TeamID == g.TeamID }
			if !slices.ContainsFunc(out[id], same) {
				storetest.Must[[]core.Permission](f.t)(f.Grant(f.ctx, []core.Permission{p}))
				out[id] = append(out[id], g)
			}
		}
	}
	return out
}

// theirs are the grants of the user of v.
func theirs(grants []access.CorpusGrant, v access.VisibleCorpora) (out []access.CorpusGrant) {
	for _, g := range grants {
		if g.UserID != 0 && g.UserID == v.UserID || g.TeamID != 0 && slices.Contains(v.Teams, g.TeamID) {
			out = append(out, g)
		}
	}
	return out
}

func (f fixture) roles(corpusID int64) []core.Permission {
	f.t.Helper()
	return storetest.Must[page.Of[core.Permission]](f.t)(f.PermissionsPage(f.ctx, corpusID, page.Request{})).Items
}

func corpusChanges(f fixture) {
	c, other := f.corpus("a"), f.corpus("b")
	later := now.Add(time.Hour)
	rename := func(name string) func(*core.Corpus) error {
		return func(c *core.Corpus) error {
			c.Name, c.Tags, c.IsPublic = name, []string{"x"}, true
			c.Touch("al@example.com", later)
			return nil
		}
	}
	c.Name, c.Tags, c.IsPublic, c.ModifiedBy, c.ModifiedOn = "c", []string{"x"}, true, "al@example.com", later
	f.Equal(c, storetest.Must[core.Corpus](f.t)(f.UpdateCorpus(f.ctx, org, c.ID, rename("c"))))
	f.Equal(c, storetest.Must[core.Corpus](f.t)(f.Corpus(f.ctx, reader, c.ID)))
	_, err := f.UpdateCorpus(f.ctx, org, other.ID, rename("C"))
	f.ErrorIs(err, core.ErrNameTaken)
	_, err = f.UpdateCorpus(f.ctx, 2, c.ID, rename("d"))
	f.ErrorIs(err, core.ErrNotFound)
	remove := func(c *core.Corpus) error { c.IsDeleted = true; return nil }
	storetest.Must[core.Corpus](f.t)(f.UpdateCorpus(f.ctx, org, c.ID, remove))
	_, err = f.UpdateCorpus(f.ctx, org, c.ID, rename("d"))
	f.ErrorIs(err, core.ErrNotFound)
	_, err = f.Corpus(f.ctx, reader, c.ID)
	f.ErrorIs(err, core.ErrNotFound)
	f.Equal(0, len(f.searchable(c.ID)))
	storetest.Must[core.Corpus](f.t)(f.UpdateCorpus(f.ctx, org, other.ID, rename("c"))) // the name is free
}

func permissions(f fixture) {
	c, other := f.corpus("a"), f.corpus("b")
	owner := f.roles(c.ID)
	if len(owner) != 1 || owner[0].UserID != jo || owner[0].TeamID != 0 || owner[0].Role != access.CorpusOwner {
		f.t.Fatalf("%+v", owner)
	}
	role := func(user, team int64, r access.CorpusRole, by string, at time.Time) core.Permission {
		return core.Permission{OrganizationID: org, CorpusID: c.ID, UserID: user, TeamID: team, Role: r, Audit: audit.New(by, at)}
	}
	first := storetest.Must[[]core.Permission](f.t)(f.Grant(f.ctx, []core.Permission{role(al, 0, access.CorpusViewer, "jo", now), role(0, 3, access.CorpusEditor, "jo", now)}))
	want := []core.Permission{role(al, 0, access.CorpusViewer, "jo", now), role(0, 3, access.CorpusEditor, "jo", now)}
	want[0].ID, want[1].ID = first[0].ID, first[1].ID
	f.Equal(want, first)
	later := now.Add(time.Hour)
	second := storetest.Must[[]core.Permission](f.t)(f.Grant(f.ctx, []core.Permission{
		role(al, 0, access.CorpusAdmin, "boss", later), role(0, 3, access.CorpusEditor, "boss", later), role(jo, 0, access.CorpusViewer, "boss", later),
	}))
	want[0].Role = access.CorpusAdmin
	want[0].Touch("boss", later)
	f.Equal(append([]core.Permission{owner[0]}, want...), second) // the owner's stays, and what is the same is left alone
	f.Equal(append([]core.Permission{owner[0]}, want...), f.roles(c.ID))
	f.Equal(0, len(storetest.Must[[]core.Permission](f.t)(f.Grant(f.ctx, nil))))

	of := access.VisibleCorpora{OrganizationID: org, UserID: al, Teams: []int64{3, 4}}
	f.Equal([]access.CorpusGrant{{UserID: al, Role: access.CorpusAdmin}, {TeamID: 3, Role: access.CorpusEditor}}, storetest.Must[core.Corpus](f.t)(f.Corpus(f.ctx, of, c.ID)).Grants)
	_, err := f.Corpus(f.ctx, of, other.ID)
	f.ErrorIs(err, core.ErrNotFound)

	f.Equal(0, len(storetest.Must[[]core.Permission](f.t)(f.Revoke(f.ctx, other.ID, []int64{al}, []int64{3}))))
	f.Equal(0, len(storetest.Must[[]core.Permission](f.t)(f.Revoke(f.ctx, c.ID, nil, nil))))
	f.Equal(0, len(storetest.Must[[]core.Permission](f.t)(f.Revoke(f.ctx, c.ID, []int64{0}, []int64{0}))))
	f.Equal(want, storetest.Must[[]core.Permission](f.t)(f.Revoke(f.ctx, c.ID, []int64{jo, al, 99}, []int64{3, 99})))
	f.Equal(owner, f.roles(c.ID))
	walk := storetest.Must[page.Of[core.Permission]](f.t)(f.PermissionsPage(f.ctx, c.ID, page.Request{Size: 1, ByCursor: true}))
	f.Equal(owner, walk.Items)
}

func ownership(f fixture) {
	c := f.corpus("a")
	storetest.Must[[]core.Permission](f.t)(f.Grant(f.ctx, []core.Permission{
		{OrganizationID: org, CorpusID: c.ID, UserID: al, Role: access.CorpusViewer, Audit: audit.New("jo", now)},
		{OrganizationID: org, CorpusID: c.ID, UserID: 13, Role: access.CorpusViewer, Audit: audit.New("jo", now)},
	}))
	f.NoError(f.PassCorpora(f.ctx, org, jo, al))
	f.NoError(f.PassCorpora(f.ctx, org, jo, al))
	f.NoError(f.PassCorpora(f.ctx, org, al, al))
	var got []string
	for _, p := range f.roles(c.ID) {
		got = append(got, strings.Join([]string{map[int64]string{jo: "jo", al: "al", 13: "third"}[p.UserID], p.Role.String()}, " is "))
	}
	f.Equal([]string{"al is owner", "third is viewer"}, got)
}

func dropping(f fixture) {
	a, b := f.corpus("a"), f.corpus("b", func(c *core.Corpus) { c.OwnerID = al })
	for _, c := range []core.Corpus{a, b} {
		storetest.Must[[]core.Permission](f.t)(f.Grant(f.ctx, []core.Permission{
			{OrganizationID: org, CorpusID: c.ID, UserID: 13, Role: access.CorpusViewer, Audit: audit.New("jo", now)},
			{OrganizationID: org, CorpusID: c.ID, TeamID: 13, Role: access.CorpusViewer, Audit: audit.New("jo", now)},
		}))
	}
	f.NoError(f.DropUser(f.ctx, 2, 13))
	f.NoError(f.DropTeam(f.ctx, 2, 13))
	f.NoError(f.DropUser(f.ctx, org, 0))
	f.NoError(f.DropTeam(f.ctx, org, 0))
	f.Equal(3, len(f.roles(a.ID)))
	f.NoError(f.DropUser(f.ctx, org, 13))
	f.Equal(2, len(f.roles(a.ID)))
	f.NoError(f.DropTeam(f.ctx, org, 13))
	f.NoError(f.DropUser(f.ctx, org, al)) // the owner of b stays it
	f.Equal(1, len(f.roles(a.ID)))
	f.Equal(1, len(f.roles(b.ID)))
}
