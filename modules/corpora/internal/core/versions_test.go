package core_test

import (
	"context"
	"fmt"
	"testing"

	"parley/modules/agents"
	"parley/modules/corpora"
	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/coretest"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/event"
)

// connected are the connections of each version of the agent, in words.
func (f fixture) versions() (out []string) {
	for _, v := range f.made.Of(agent) {
		out = append(out, fmt.Sprint(v.Version, " ", v.Connections, " ", v.CreatedBy))
	}
	return out
}

func (f fixture) same(want, got any) {
	f.t.Helper()
	if fmt.Sprint(want) != fmt.Sprint(got) {
		f.t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestEachChangeOfAConnectionIsAVersionOfItsAgent(t *testing.T) {
	f := setup(t)
	a, b := f.corpus(jo, "A", public), f.corpus(al, "B", public)
	change := func(_ any, err error) {
		t.Helper()
		f.check(err)
	}
	change(f.Connect(f.ctx, al, agent, b.ID, core.Connect{}))
	change(f.Connect(f.ctx, boss, agent, a.ID, core.Connect{IsDefault: yes(true)}))
	change(f.Reconnect(f.ctx, al, agent, a.ID, core.Connect{IsEnabled: yes(false)}))
	change(f.Reconnect(f.ctx, al, agent, a.ID, core.Connect{IsEnabled: yes(false)})) // nothing is different
	change(f.Disconnect(f.ctx, al, agent, b.ID))
	_, err := f.Disconnect(f.ctx, al, agent, b.ID)
	f.is(err, core.ErrNotConnected)
	_, err = f.Connect(f.ctx, al, agent, a.ID, core.Connect{})
	f.is(err, core.ErrConnected)
	change(f.DeleteCorpus(f.ctx, jo, a.ID))
	f.same([]string{
		"1 [] ", "2 [{2 true false true}] al@example.com", "3 [{1 true true true} {2 true false true}] boss@example.com",
		"4 [{1 false true true} {2 true false true}] al@example.com", "5 [{1 false true true}] al@example.com", "6 [] jo@example.com",
	}, f.versions())
}

func TestAnAgentThatIsGoneIsConnectedToNothing(t *testing.T) {
	f := setup(t, func(d *core.Deps) { d.Versions = coretest.NewVersions() }) // while the catalog still has it
	c := f.corpus(al, "A")
	_, err := f.Connect(f.ctx, al, agent, c.ID, core.Connect{})
	f.is(err, agents.ErrNotFound)
	_, err = f.RestoreVersion(f.ctx, al, agent, 1)
	f.is(err, coretest.ErrNoVersion)
	_, err = f.parts.Store.AddConnection(f.ctx, core.Connection{OrganizationID: 1, AgentID: agent, CorpusID: c.ID}) // of an agent whose end is not told yet
	f.check(err)
	_, err = f.DeleteCorpus(f.ctx, al, c.ID)
	f.check(err)
}

// restored are the connections and the notes after restoring a version.
func (f fixture) restored(who actor.Actor, version int64) (string, error) {
	f.t.Helper()
	v, err := f.RestoreVersion(f.ctx, who, agent, version)
	if err != nil {
		return "", err
	}
	out := fmt.Sprint(v.Version, " ", v.Connections)
	for _, c := range v.Changes {
		out += fmt.Sprintf("; %d %s→%s %s", c.CorpusID, c.Old, c.New, c.Note)
	}
	return out, nil
}

func TestRestoringAVersionRestoresTheConnectionsThatTheCallerCouldMake(t *testing.T) {
	f := setup(t)
	open, own, hidden, gone := f.corpus(jo, "Open", public), f.corpus(al, "Own"), f.corpus(jo, "Hidden"), f.corpus(jo, "Gone", public)
	for _, c := range []core.Corpus{open, own, hidden, gone} {
		_, err := f.Connect(f.ctx, boss, agent, c.ID, core.Connect{})
		f.check(err)
	}
	all := int64(5) // the version with all four, each shared
	_, err := f.DeleteCorpus(f.ctx, jo, gone.ID)
	f.check(err)
	for _, c := range []core.Corpus{open, own, hidden} {
		_, err := f.Disconnect(f.ctx, al, agent, c.ID)
		f.check(err)
	}
	f.same("9 []", fmt.Sprint(len(f.made.Of(agent)), " ", f.made.Of(agent)[8].Connections))

	before := len(f.db.Published())
	got, err := f.restored(al, all)
	f.check(err)
	f.same(`10 [{1 true false false} {2 true false true}]`+
		`; 1 null→{"corpus":1,"is_enabled":true,"is_default":false,"shares_content":false} Only an admin of the corpus can share its content; it is not shared.`+
		`; 3 null→null The corpus is gone, or you may not view it.`+
		`; 4 null→null The corpus is gone, or you may not view it.`, got)
	f.same([]event.Event{
		corpora.ConnectionChanged{AgentID: agent, CorpusID: open.ID, OrganizationID: 1, IsEnabled: true, ChangedBy: al.UserID},
		corpora.ConnectionChanged{AgentID: agent, CorpusID: own.ID, OrganizationID: 1, IsEnabled: true, SharesContent: true, ChangedBy: al.UserID},
	}, f.db.Published()[before:])

	// Once more only what al may not do is different: nothing happens, and al is told.
	before = len(f.db.Published())
	_, err = f.restored(al, all)
	f.is(err, core.ErrNotRestored)
	f.same(10, len(f.made.Of(agent)))
	f.same(0, len(f.db.Published()[before:]))

	// The global admin may do all that can be done.
	got, err = f.restored(boss, all)
	f.check(err)
	f.same(`11 [{1 true false true} {2 true false true} {3 true false true}]; 4 null→null The corpus is gone, or you may not view it.`, got)
	got, err = f.restored(al, 2) // al loses a corpus that al does not see, as by hand
	f.check(err)
	f.same(`12 [{1 true false true}]`, got)
	got, err = f.restored(al, 12) // as it is
	f.check(err)
	f.same(`12 [{1 true false true}]`, got)
	got, err = f.restored(al, 1)
	f.check(err)
	f.same(`13 []`, got)
	_, err = f.restored(al, 99)
	f.is(err, coretest.ErrNoVersion)
	for _, c := range []core.Corpus{open, own, hidden} {
		if ids, err := f.parts.Store.AgentsOf(f.ctx, 1, c.ID); err != nil || len(ids) != 0 {
			t.Errorf("corpus %d is connected to %v, %v", c.ID, ids, err)
		}
	}
}

func TestRestoringChangesAConnectionThatIsThere(t *testing.T) {
	f := setup(t)
	c := f.corpus(jo, "Open", public)
	change := func(_ any, err error) { t.Helper(); f.check(err) }
	change(f.Connect(f.ctx, boss, agent, c.ID, core.Connect{}))                                                   // 2: shared
	change(f.Reconnect(f.ctx, al, agent, c.ID, core.Connect{IsDefault: yes(true)}))                               // 3: shared, default
	change(f.Reconnect(f.ctx, boss, agent, c.ID, core.Connect{SharesContent: yes(false), IsEnabled: yes(false)})) // 4: neither shared nor enabled
	got, err := f.restored(al, 2)
	f.check(err)
	f.same(`5 [{1 true false false}]; 1 {"corpus":1,"is_enabled":false,"is_default":true,"shares_content":false}→{"corpus":1,"is_enabled":true,"is_default":false,"shares_content":false} `+
		`Only an admin of the corpus can share its content; it is not shared.`, got)
	_, err = f.restored(al, 2)
	f.is(err, core.ErrNotRestored)
	// Of a corpus that al can't read any more a connection stays as it is.
	change(f.Reconnect(f.ctx, boss, agent, c.ID, core.Connect{SharesContent: yes(true)})) // 6
	change(f.UpdateCorpus(f.ctx, jo, c.ID, core.CorpusChange{IsPublic: yes(false)}))
	_, err = f.restored(al, 3)
	f.is(err, core.ErrNotRestored)
	got, err = f.restored(boss, 3)
	f.check(err)
	f.same(`7 [{1 true true true}]`, got)
}

func TestAtTheStartVersionsLearnWhatTheirAgentsAreConnectedTo(t *testing.T) {
	f := setup(t)
	c := f.corpus(al, "A")
	_, err := f.parts.Store.AddConnection(f.ctx, core.Connection{OrganizationID: 1, AgentID: agent, CorpusID: c.ID, IsEnabled: true})
	f.check(err)
	for range 2 {
		f.check(f.Adopt(f.ctx))
		f.same([]string{"1 [{1 true false false}] "}, f.versions())
	}
}

// racing is a store in which, some times, an agent is connected to the corpus
// right after somebody asked which agents are.
type racing struct {
	core.Store
	calls, times int
}

// AgentsOf implements core.Connections.
func (r *racing) AgentsOf(ctx context.Context, org, corpusID int64) ([]int64, error) {
	found, err := r.Store.AgentsOf(ctx, org, corpusID)
	if r.calls++; err == nil && r.calls%2 == 1 && r.times > 0 {
		r.times--
		_, err = r.AddConnection(ctx, core.Connection{OrganizationID: org, AgentID: 77, CorpusID: corpusID})
	}
	return found, err
}

func TestAnAgentThatIsConnectedWhileTheCorpusIsDeletedIsNotOverlooked(t *testing.T) {
	for times, want := range map[int]error{0: nil, 2: nil, 3: core.ErrConnectedMeanwhile} {
		store := &racing{times: times}
		f := setup(t, func(d *core.Deps) { store.Store, d.Store = d.Store, store })
		c := f.corpus(al, "A")
		_, err := f.DeleteCorpus(f.ctx, al, c.ID)
		f.is(err, want)
		if _, err := f.Corpus(f.ctx, al, c.ID); (err == nil) != (want != nil) {
			t.Errorf("%d times: %v", times, err)
		}
	}
}
