package core_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/modules/corpora"
	"parley/modules/corpora/internal/core"
	"parley/modules/users"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
)

func (f fixture) grant(c core.Corpus, to core.Grantees, role access.CorpusRole) {
	f.t.Helper()
	_, err := f.Grant(f.ctx, boss, c.ID, to, role)
	f.check(err)
}

func TestARoleOpensACorpusForTheVeryNextQuestion(t *testing.T) {
	f := setup(t)
	c := f.corpus(jo, "Guides")
	f.upload(jo, c, "Backups.md", "# Backups\n\nThe server keeps backups for thirty days.\n")
	f.work()
	for name, to := range map[string]core.Grantees{"to a user": {Users: []int64{eve.UserID}}, "to a team": {Teams: []int64{3}}} {
		_, err := f.Search(f.ctx, eve, c.ID, "backups", 5)
		f.is(err, core.ErrNotFound)
		f.grant(c, to, access.CorpusViewer)
		if len(f.finds(eve, c, "backups")) != 1 {
			t.Errorf("%s: nothing is found", name)
		}
		_, err = f.Search(f.ctx, al, c.ID, "backups", 5)
		f.is(err, core.ErrNotFound)
		_, err = f.MayUpload(f.ctx, eve, c.ID)
		f.is(err, core.ErrNotEditor)
		f.grant(c, to, access.CorpusEditor)
		_, err = f.MayUpload(f.ctx, eve, c.ID)
		f.is(err, nil)
		_, err = f.Revoke(f.ctx, jo, c.ID, to)
		f.check(err)
	}
	_, err := f.Search(f.ctx, eve, c.ID, "backups", 5)
	f.is(err, core.ErrNotFound)
}

func TestWhoMayGiveRolesAndToWhom(t *testing.T) {
	f := setup(t)
	c := f.corpus(jo, "Guides", public)
	toAl := core.Grantees{Users: []int64{al.UserID}}
	for _, tc := range []struct {
		what string
		who  actor.Actor
		to   core.Grantees
		want error
	}{
		{"a viewer", al, toAl, core.ErrNotAdmin},
		{"another organization's admin", abroad, toAl, core.ErrNotFound},
		{"to somebody of another organization", jo, core.Grantees{Users: []int64{al.UserID, abroad.UserID}}, users.ErrNotFound},
		{"to a team that the owner can't see", jo, core.Grantees{Users: []int64{al.UserID}, Teams: []int64{3}}, errNoTeam},
		{"to the owner", boss, core.Grantees{Users: []int64{jo.UserID}}, core.ErrOwnerFixed},
		{"the owner, to somebody twice", jo, core.Grantees{Users: []int64{al.UserID, al.UserID}}, nil},
		{"a global admin, to a team", boss, core.Grantees{Teams: []int64{3}}, nil},
		{"an editor", al, core.Grantees{Users: []int64{boss.UserID}}, core.ErrNotAdmin},
	} {
		_, err := f.Grant(f.ctx, tc.who, c.ID, tc.to, access.CorpusEditor)
		if f.is(err, tc.want); t.Failed() {
			t.Fatal(tc.what)
		}
	}
	_, err := f.Permissions(f.ctx, al, c.ID, page.Request{})
	f.is(err, core.ErrNotAdmin)
	all, err := f.Permissions(f.ctx, jo, c.ID, page.Request{})
	f.check(err)
	var got []string
	for _, p := range all.Items {
		got = append(got, p.Role.String())
	}
	if !slices.Equal(got, []string{"owner", "editor", "editor"}) {
		t.Errorf("%v", got)
	}
	_, err = f.Revoke(f.ctx, al, c.ID, toAl)
	f.is(err, core.ErrNotAdmin)
	_, err = f.Revoke(f.ctx, boss, c.ID, core.Grantees{Users: []int64{jo.UserID, al.UserID}})
	f.is(err, core.ErrOwnerFixed)
	_, err = f.Revoke(f.ctx, jo, c.ID, core.Grantees{Users: []int64{99}})
	f.is(err, nil)
	_, err = f.Revoke(f.ctx, jo, c.ID, core.Grantees{Users: []int64{al.UserID, 99}, Teams: []int64{3}})
	f.is(err, nil)
	facts := f.db.Published()
	changed := func(users, teams []int64, role string, by int64) corpora.PermissionsChanged {
		return corpora.PermissionsChanged{CorpusID: c.ID, OrganizationID: 1, UserIDs: users, TeamIDs: teams, Role: role, ChangedBy: by}
	}
	want := []any{changed([]int64{12}, nil, "editor", 11), changed(nil, []int64{3}, "editor", 13), changed([]int64{12}, []int64{3}, "", 11)}
	for i, e := range facts[1:] {
		if diff := cmp.Diff(want[i], any(e)); diff != "" {
			t.Error(diff)
		}
	}
}

func TestADecisionNamesEveryRule(t *testing.T) {
	f := setup(t)
	c := f.corpus(jo, "Guides", public)
	f.grant(c, core.Grantees{Teams: []int64{3}}, access.CorpusEditor)
	f.grant(c, core.Grantees{Users: []int64{eve.UserID}}, access.CorpusViewer)
	for _, tc := range []struct {
		who   actor.Actor
		about int64
		role  string
		rules []access.Rule
		want  error
	}{
		{jo, jo.UserID, "owner", []access.Rule{access.Owner, access.PublicLevel}, nil},
		{jo, eve.UserID, "editor", []access.Rule{access.TeamRole, access.CorpusRoleGiven, access.PublicLevel}, nil},
		{eve, eve.UserID, "editor", []access.Rule{access.TeamRole, access.CorpusRoleGiven, access.PublicLevel}, nil},
		{jo, boss.UserID, "admin", []access.Rule{access.GlobalAdmin, access.PublicLevel}, nil},
		{boss, al.UserID, "viewer", []access.Rule{access.PublicLevel}, nil},
		{jo, 15, "", []access.Rule{access.Suspended}, nil},
		{eve, al.UserID, "", nil, core.ErrNotAdmin},
		{jo, abroad.UserID, "", nil, users.ErrNotFound},
		{abroad, abroad.UserID, "", nil, core.ErrNotFound},
	} {
		d, err := f.DecisionOf(f.ctx, tc.who, c.ID, tc.about)
		var rules []access.Rule
		for _, r := range d.Because {
			rules = append(rules, r.Rule)
		}
		f.is(err, tc.want)
		if d.Role.String() != tc.role || !slices.Equal(rules, tc.rules) {
			t.Errorf("%s about %d: %+v", tc.who.Email, tc.about, d)
		}
	}
	closed := false
	_, err := f.UpdateCorpus(f.ctx, jo, c.ID, core.CorpusChange{IsPublic: &closed})
	f.check(err)
	d, err := f.DecisionOf(f.ctx, jo, c.ID, al.UserID)
	if err != nil || d.Role != access.NoCorpusRole || len(d.Because) != 0 || d.Allowed.View {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestEditorsChangeACorpusAndAdminsOpenIt(t *testing.T) {
	f := setup(t)
	c := f.corpus(jo, "Guides")
	f.corpus(jo, "Notes")
	f.grant(c, core.Grantees{Users: []int64{al.UserID}}, access.CorpusEditor)
	f.grant(c, core.Grantees{Users: []int64{eve.UserID}}, access.CorpusViewer)
	before := len(f.db.Published())
	name, blank, taken, open, mode, tags := " Manuals ", " ", "notes", true, 3, []string{"x", "x", ""}
	for _, tc := range []struct {
		what string
		who  actor.Actor
		n    core.CorpusChange
		want error
	}{
		{"a viewer", eve, core.CorpusChange{Name: &name}, core.ErrNotEditor},
		{"a blank name", al, core.CorpusChange{Name: &blank}, core.ErrBlankName},
		{"a name that the owner has given", al, core.CorpusChange{Name: &taken}, core.ErrNameTaken},
		{"an editor who opens it", al, core.CorpusChange{IsPublic: &open}, core.ErrNotAdmin},
		{"an editor", al, core.CorpusChange{Name: &name, CorpusSettings: core.CorpusSettings{IndexingModeID: &mode, Tags: &tags}}, nil},
		{"an admin who opens it", jo, core.CorpusChange{IsPublic: &open}, nil},
		{"the same again", jo, core.CorpusChange{IsPublic: &open}, nil},
	} {
		_, err := f.UpdateCorpus(f.ctx, tc.who, c.ID, tc.n)
		if f.is(err, tc.want); t.Failed() {
			t.Fatal(tc.what)
		}
	}
	got, err := f.Corpus(f.ctx, al, c.ID)
	f.check(err)
	if got.Name != "Manuals" || got.IndexingModeID != 3 || !slices.Equal(got.Tags, []string{"x"}) || !got.IsPublic || got.ModifiedBy != jo.Email {
		t.Errorf("%+v", got)
	}
	if n := len(f.db.Published()) - before; n != 2 {
		t.Errorf("%d events", n)
	}
}
