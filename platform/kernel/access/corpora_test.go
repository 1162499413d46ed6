package access_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
)

func someCorpus(rng *rand.Rand) access.Corpus {
	c := access.Corpus{ID: 1 + rng.Int64N(9), OrganizationID: 1 + rng.Int64N(2), OwnerID: 1 + rng.Int64N(5), Public: rng.IntN(4) == 0, Deleted: rng.IntN(8) == 0}
	for range rng.IntN(4) {
		g := access.CorpusGrant{Role: access.CorpusRole(1 + rng.IntN(3))}
		if rng.IntN(2) == 0 {
			g.UserID = 1 + rng.Int64N(5)
		} else {
			g.TeamID = 1 + rng.Int64N(12)
		}
		c.Grants = append(c.Grants, g)
	}
	return c
}

// corpusContract is the rule in the words of the API's contract: "viewer (see
// and search), editor (+ edit, upload, delete documents, re-index), admin
// (+ delete corpus, manage permissions), owner (the creator; as admin). Global
// admins manage every corpus."
func corpusContract(who actor.Actor, c access.Corpus) access.Allowed {
	if who.OrganizationID != c.OrganizationID || c.Deleted {
		return access.Allowed{}
	}
	has := func(roles ...string) bool {
		for _, g := range c.Grants {
			for _, role := range roles {
				if g.Role.String() == role && (g.UserID == who.UserID || g.TeamID != 0 && who.Holds(actor.Team, g.TeamID) != actor.NoRole) {
					return true
				}
			}
		}
		return false
	}
	admin := who.IsGlobalAdmin() || c.OwnerID == who.UserID || has("admin")
	editor := admin || has("editor")
	return access.Allowed{View: editor || c.Public || has("viewer"), Edit: editor, Manage: admin, Delete: admin}
}

func TestTheDecisionOnCorporaIsTheContractAndQueriesShowWhatItLetsOneView(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	by := map[access.CorpusRole]int{}
	for range 20_000 {
		who, c := somebody(rng), someCorpus(rng)
		got := access.DecideCorpus(who, c)
		by[got.Role]++
		if want := corpusContract(who, c); got.Allowed != want {
			t.Fatalf("%+v on %+v: %+v, want %+v", who, c, got, want)
		}
		visible := access.CorporaVisibleTo(who)
		if shown := visible.Shows(c); shown != got.Allowed.View {
			t.Fatalf("%+v on %+v: shown %v, decided %+v", who, c, shown, got)
		}
		if (len(got.Because) > 0) != got.Allowed.View || (got.Allowed.View && got.Because[0].Role != got.Role) {
			t.Fatalf("%+v on %+v: %+v is not the reason for %v", who, c, got.Because, got.Role)
		}
		few := c
		few.Grants = nil
		for _, g := range c.Grants {
			if g.UserID == who.UserID || who.Holds(actor.Team, g.TeamID) != actor.NoRole {
				few.Grants = append(few.Grants, g)
			}
		}
		if diff := cmp.Diff(got, access.DecideCorpus(who, few)); diff != "" {
			t.Fatalf("%+v on %+v: grants to others count: %s", who, c, diff)
		}
	}
	for role := access.NoCorpusRole; role <= access.CorpusOwner; role++ {
		if by[role] < 100 {
			t.Errorf("the role %q was met only %d times", role, by[role])
		}
	}
}

func TestReasonsForACorpusNameTheHighestRoleFirst(t *testing.T) {
	reason := func(rule access.Rule, r actor.Resource, id int64, role access.CorpusRole) access.CorpusReason {
		return access.CorpusReason{Rule: rule, Resource: r, ResourceID: id, Role: role}
	}
	c := access.Corpus{ID: 9, OrganizationID: 1, OwnerID: 2, Public: true, Grants: []access.CorpusGrant{
		{TeamID: 3, Role: access.CorpusEditor}, {UserID: 4, Role: access.CorpusViewer}, {UserID: 5, Role: access.CorpusAdmin},
	}}
	public := reason(access.PublicLevel, actor.Organization, 1, access.CorpusViewer)
	team := reason(access.TeamRole, actor.Team, 3, access.CorpusEditor)
	inTeam := []actor.Grant{{Resource: actor.Team, ID: 3, Role: actor.Member}}
	for name, tc := range map[string]struct {
		who  actor.Actor
		want []access.CorpusReason
	}{
		"the owner":            {actor.Actor{UserID: 2}, []access.CorpusReason{reason(access.Owner, actor.Corpus, 9, access.CorpusOwner), public}},
		"a team's role":        {actor.Actor{UserID: 4, Grants: inTeam}, []access.CorpusReason{team, reason(access.CorpusRoleGiven, actor.Corpus, 9, access.CorpusViewer), public}},
		"a role of one's own":  {actor.Actor{UserID: 5, Grants: inTeam}, []access.CorpusReason{reason(access.CorpusRoleGiven, actor.Corpus, 9, access.CorpusAdmin), team, public}},
		"a global admin":       {actor.Actor{UserID: 6, Level: actor.GlobalAdmin}, []access.CorpusReason{reason(access.GlobalAdmin, actor.Organization, 1, access.CorpusAdmin), public}},
		"an application admin": {actor.Actor{UserID: 6, Level: actor.ApplicationAdmin}, []access.CorpusReason{public}},
	} {
		tc.who.OrganizationID = 1
		if diff := cmp.Diff(tc.want, access.DecideCorpus(tc.who, c).Because); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if d := access.DecideCorpus(actor.Actor{}, access.Corpus{Public: true}); d.Role != access.NoCorpusRole || access.CorporaVisibleTo(actor.Actor{}).Shows(access.Corpus{Public: true}) {
		t.Errorf("nobody: %+v", d)
	}
	if d := access.DecideCorpus(actor.System(1), access.Corpus{OrganizationID: 1}); d.Role != access.CorpusAdmin {
		t.Errorf("the server: %+v", d)
	}
}

func TestACorpusCheckTellsTheUnknownFromTheForbidden(t *testing.T) {
	missing, refused := errors.New("missing"), errors.New("refused")
	viewer := access.DecideCorpus(actor.Actor{UserID: 1, OrganizationID: 1}, access.Corpus{OrganizationID: 1, OwnerID: 2, Public: true})
	for _, c := range []struct {
		d    access.CorpusDecision
		do   access.Action
		want error
	}{{access.CorpusDecision{}, access.View, missing}, {viewer, access.View, nil}, {viewer, access.Edit, refused}, {viewer, access.Manage, refused}, {viewer, access.Run, refused}} {
		if got := c.d.Check(c.do, missing, refused); !errors.Is(got, c.want) {
			t.Errorf("%s: %v, want %v", c.do, got, c.want)
		}
	}
}

func TestStoredRolesOnCorporaAreReadByName(t *testing.T) {
	for role := range access.CorpusOwner + 1 {
		if got := access.CorpusRoleNamed(role.String()); got != role {
			t.Errorf("%q: %v, want %v", role.String(), got, role)
		}
	}
	for _, name := range []string{"", "member", "Owner"} {
		if got := access.CorpusRoleNamed(name); got != access.NoCorpusRole {
			t.Errorf("%q: %v", name, got)
		}
	}
}

func TestRolesOnCorporaAreReadByName(t *testing.T) {
	for name, want := range map[string]access.CorpusRole{"viewer": access.CorpusViewer, "editor": access.CorpusEditor, "admin": access.CorpusAdmin} {
		if got, ok := access.ParseCorpusRole(name); !ok || got != want || got.String() != name {
			t.Errorf("%q: %v, %v", name, got, ok)
		}
	}
	for _, name := range []string{"owner", "", "member", "Viewer"} {
		if got, ok := access.ParseCorpusRole(name); ok {
			t.Errorf("%q: %v", name, got)
		}
	}
}
