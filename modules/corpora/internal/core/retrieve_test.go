package core_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/modules/corpora"
	"parley/modules/corpora/internal/core"
	"parley/platform/kernel/actor"
)

func yes(b bool) *bool { return &b }

func TestWhoMayConnect(t *testing.T) {
	f := setup(t)
	open := f.corpus(jo, "Open", public)
	hidden := f.corpus(jo, "Hidden")
	own := f.corpus(al, "Own", public)
	for _, tc := range []struct {
		what   string
		who    actor.Actor
		agent  int64
		c      core.Corpus
		how    core.Connect
		shares bool
		want   error
	}{
		{"one who is no admin of the agent", jo, agent, open, core.Connect{}, false, core.ErrNotAgentAdmin},
		{"the same, of a corpus that is not there", jo, agent, own, core.Connect{}, false, core.ErrNotAgentAdmin},
		{"no such agent", al, 99, own, core.Connect{}, false, errNoAgent},
		{"an agent of another organization", abroad, agent, own, core.Connect{}, false, errNoAgent},
		{"a corpus that one may not read", al, agent, hidden, core.Connect{}, false, core.ErrNotFound},
		{"sharing what is not one's own", al, agent, open, core.Connect{SharesContent: yes(true)}, false, core.ErrNotSharer},
		{"a corpus that one may read", al, agent, open, core.Connect{}, false, nil},
		{"the same again", al, agent, open, core.Connect{}, false, core.ErrConnected},
		{"one's own corpus is shared", al, agent, own, core.Connect{}, true, nil},
		{"a global admin shares", boss, agent, hidden, core.Connect{IsDefault: yes(true)}, true, nil},
	} {
		got, err := f.Connect(f.ctx, tc.who, tc.agent, tc.c.ID, tc.how)
		if !errors.Is(err, tc.want) || err == nil && (got.SharesContent != tc.shares || !got.IsEnabled || got.ConnectedBy != tc.who.Email || got.Corpus.ID != tc.c.ID) {
			t.Errorf("%s: %+v, %v", tc.what, got, err)
		}
	}
	shown := func(who actor.Actor) (ids []int64) {
		all, err := f.Connections(f.ctx, who, agent)
		f.check(err)
		for _, c := range all {
			ids = append(ids, c.CorpusID)
		}
		return ids
	}
	if got := shown(al); !slices.Equal(got, []int64{open.ID, own.ID, hidden.ID}) {
		t.Errorf("the agent's admin sees %v", got)
	}
	stranger := actor.Actor{UserID: 77, OrganizationID: 1, Email: "x@example.com"}
	if got := shown(stranger); !slices.Equal(got, []int64{open.ID, own.ID}) {
		t.Errorf("others see %v", got)
	}
	if _, err := f.Connections(f.ctx, abroad, agent); !errors.Is(err, errNoAgent) {
		t.Errorf("%v", err)
	}
}

// rights is an agent with every kind of corpus.
type rights struct {
	fixture
	shared, unshared, open, disabled, apart core.Corpus
	documents                               map[int64]core.Document // by corpus
}

func withRights(t *testing.T) rights {
	f := rights{fixture: setup(t), documents: map[int64]core.Document{}}
	f.shared, f.unshared, f.open = f.corpus(jo, "shared"), f.corpus(jo, "unshared"), f.corpus(jo, "open", public)
	f.disabled, f.apart = f.corpus(jo, "disabled", public), f.corpus(jo, "apart", public)
	for _, c := range []core.Corpus{f.shared, f.unshared, f.open, f.disabled, f.apart} {
		f.documents[c.ID] = f.upload(jo, c, c.Name+".md", "A lantern that is "+c.Name+".")
	}
	for _, c := range []struct {
		core.Corpus
		how core.Connect
	}{{f.shared, core.Connect{}}, {f.unshared, core.Connect{SharesContent: yes(false)}}, {f.open, core.Connect{SharesContent: yes(false)}}, {f.disabled, core.Connect{IsEnabled: yes(false)}}} {
		_, err := f.Connect(f.ctx, boss, agent, c.ID, c.how)
		f.check(err)
	}
	f.work()
	return f
}

func (f rights) from(who actor.Actor, s corpora.Scope) ([]string, error) {
	s.AgentID = agent
	found, err := f.Retrieve(f.ctx, who, s, "lantern", 10)
	var names []string
	for _, p := range found.Passages {
		if !slices.Contains(found.CorpusIDs, p.CorpusID) {
			f.t.Errorf("from corpus %d, searched were %v", p.CorpusID, found.CorpusIDs)
		}
		names = append(names, strings.TrimSuffix(strings.TrimPrefix(p.Text, "A lantern that is "), "."))
	}
	slices.Sort(names)
	return names, err
}

func TestRetrievalKeepsToWhatTheAskerMayUse(t *testing.T) {
	f := withRights(t)
	outsider := actor.Actor{UserID: 77, OrganizationID: 1, Email: "x@example.com"}
	for _, tc := range []struct {
		what  string
		who   actor.Actor
		scope corpora.Scope
		want  []string
	}{
		{"what is shared, and what the asker may read", outsider, corpora.Scope{}, []string{"open", "shared"}},
		{"the owner has an own right", jo, corpora.Scope{}, []string{"open", "shared", "unshared"}},
		{"a global admin too", boss, corpora.Scope{}, []string{"open", "shared", "unshared"}},
		{"narrowed", outsider, corpora.Scope{Only: []int64{f.open.ID}}, []string{"open"}},
		{"narrowed to nothing", outsider, corpora.Scope{Only: []int64{}}, nil},
		{"an attachment", outsider, corpora.Scope{Attached: []int64{f.apart.ID, f.open.ID}}, []string{"apart", "open", "shared"}},
		{"narrowed to the attachment", outsider, corpora.Scope{Attached: []int64{f.apart.ID}, Only: []int64{f.apart.ID}}, []string{"apart"}},
		{"another organization", abroad, corpora.Scope{}, nil},
	} {
		got, err := f.from(tc.who, tc.scope)
		if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", tc.what, err, diff)
		}
	}
	_, err := f.from(outsider, corpora.Scope{Only: []int64{f.open.ID, f.unshared.ID, f.apart.ID, f.disabled.ID, 99}})
	var refused corpora.OutsideScope
	if !errors.As(err, &refused) || !errors.Is(err, corpora.ErrOutsideScope) {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int64{f.unshared.ID, f.apart.ID, f.disabled.ID, 99}, refused.CorpusIDs); diff != "" {
		t.Error(diff)
	}
	got, err := f.from(outsider, corpora.Scope{Attached: []int64{f.unshared.ID, 99}}) // it was readable when it was attached
	if diff := cmp.Diff([]string{"open", "shared"}, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	_, err = f.Search(f.ctx, outsider, f.shared.ID, "lantern", 10) // shared through the agent alone
	f.is(err, core.ErrNotFound)
}

func TestReadableIsWhatOneMayReadOrUseNow(t *testing.T) {
	f := withRights(t)
	var all []int64
	for _, d := range f.documents {
		all = append(all, d.ID)
	}
	of := func(corpora ...core.Corpus) (ids []int64) {
		for _, c := range corpora {
			ids = append(ids, f.documents[c.ID].ID)
		}
		slices.Sort(ids)
		return ids
	}
	for _, tc := range []struct {
		what  string
		who   actor.Actor
		agent int64
		want  []int64
	}{
		{"through the agent and by oneself", al, agent, of(f.shared, f.open, f.disabled, f.apart)},
		{"without the agent", al, 99, of(f.open, f.disabled, f.apart)},
		{"the owner", jo, agent, of(f.shared, f.unshared, f.open, f.disabled, f.apart)},
		{"another organization", abroad, agent, nil},
	} {
		got, err := f.Readable(f.ctx, tc.who, tc.agent, append([]int64{1000}, all...))
		if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", tc.what, err, diff)
		}
	}
}

func TestTheRecordOfARetrievalSaysWhatWasConsidered(t *testing.T) {
	f := setup(t)
	c := f.corpus(jo, "Guides")
	f.upload(jo, c, "a.txt", long("lantern"))
	f.work()
	found, err := f.Search(f.ctx, jo, c.ID, "lantern of days", 3)
	f.check(err)
	if len(found.Passages) != 3 || found.Considered != 100 || len(found.Candidates) != 20 || !slices.Equal(found.CorpusIDs, []int64{c.ID}) {
		t.Errorf("%d passages of %d, %d candidates, corpora %v", len(found.Passages), found.Considered, len(found.Candidates), found.CorpusIDs)
	}
	for i, candidate := range found.Candidates {
		if candidate.Kept != (i < 3) || candidate.Why == "" || i < 3 && candidate.ChunkID != found.Passages[i].ChunkID {
			t.Errorf("%d: %+v", i, candidate)
		}
	}
}

func TestCorporaPassToTheAdminWhoDeletedTheirOwner(t *testing.T) {
	f := setup(t)
	c := f.corpus(jo, "Guides")
	f.check(f.PassOn(f.ctx, 1, jo.UserID, al.UserID))
	if _, err := f.Corpus(f.ctx, jo, c.ID); !errors.Is(err, core.ErrNotFound) {
		t.Error(err)
	}
	got, err := f.Corpus(f.ctx, al, c.ID)
	if err != nil || got.OwnerID != al.UserID {
		t.Errorf("%+v, %v", got, err)
	}
}
