package core_test

import (
	"testing"

	"parley/modules/corpora"
	"parley/modules/corpora/internal/core"
	"parley/platform/kernel/access"
	"parley/platform/kernel/event"
)

// jo administers the corpus and not the agent; al the agent and not the corpus.
func TestAnAdminOfTheCorpusAloneEndsItsSharingAndItsConnection(t *testing.T) {
	f := setup(t)
	c := f.shared("Guides")
	yes, no := true, false
	_, err := f.Connect(f.ctx, boss, agent, c.ID, core.Connect{})
	f.check(err)
	for what, n := range map[string]core.Connect{
		"share":                {SharesContent: &yes},
		"disable":              {IsEnabled: &no},
		"disable, and sharing": {IsEnabled: &no, SharesContent: &no},
		"nothing":              {},
	} {
		if _, err := f.Reconnect(f.ctx, jo, agent, c.ID, n); err == nil {
			t.Errorf("%s: it is done", what)
		} else {
			f.is(err, core.ErrNotAgentAdmin)
		}
	}
	_, err = f.Reconnect(f.ctx, eve, agent, c.ID, core.Connect{SharesContent: &no}) // who may only view both
	f.is(err, core.ErrNotAgentAdmin)
	_, err = f.Reconnect(f.ctx, abroad, agent, c.ID, core.Connect{SharesContent: &no})
	f.is(err, errNoAgent)

	before := len(f.db.Published())
	got, err := f.Reconnect(f.ctx, jo, agent, c.ID, core.Connect{SharesContent: &no})
	f.check(err)
	if got.SharesContent || !got.IsEnabled {
		t.Errorf("%+v", got)
	}
	_, err = f.Reconnect(f.ctx, al, agent, c.ID, core.Connect{SharesContent: &yes})
	f.is(err, core.ErrNotSharer)

	_, err = f.Disconnect(f.ctx, eve, agent, c.ID)
	f.is(err, core.ErrNotAgentAdmin)
	f.grant(c, core.Grantees{Users: []int64{eve.UserID}}, access.CorpusAdmin)
	got, err = f.Disconnect(f.ctx, eve, agent, c.ID)
	f.check(err)
	if got.Corpus.Name != c.Name {
		t.Errorf("%+v", got)
	}
	_, err = f.Disconnect(f.ctx, jo, agent, c.ID)
	f.is(err, core.ErrNotConnected)
	var facts []event.Event
	for _, e := range f.facts(before) {
		if _, granted := e.(corpora.PermissionsChanged); !granted {
			facts = append(facts, e)
		}
	}
	if len(facts) != 2 || facts[0] != (corpora.ConnectionChanged{AgentID: agent, CorpusID: c.ID, OrganizationID: 1, IsEnabled: true, ChangedBy: jo.UserID}) ||
		facts[1] != (corpora.CorpusDisconnected{AgentID: agent, CorpusID: c.ID, OrganizationID: 1, ChangedBy: eve.UserID}) {
		t.Errorf("%+v", facts)
	}
}
