// Package coretest is the suite that every store of corpora must pass.
package coretest

import (
	"context"
	"testing"

	"parley/modules/corpora/internal/core"
	"parley/platform/kernel/access"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/uow"
	"parley/platform/storetest"
)

var now = storetest.Now()

// The organization and the users of the fixtures.
const org, jo, al = 1, 11, 12

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
		"a corpus comes back as it was stored":                     corpusRoundTrip,
		"a name is used once by one owner, whatever its case":      nameIsUnique,
		"names beyond ASCII are listed for composing":              oddNames,
		"the list shows exactly what get answers":                  readableAlike,
		"corpora pass to an heir, whatever their names":            passing,
		"a corpus is changed until it is deleted":                  corpusChanges,
		"roles are given, changed and taken away":                  permissions,
		"the owner's role follows the owner":                       ownership,
		"roles end with their user or team":                        dropping,
		"a document comes back as it was stored":                   documentRoundTrip,
		"documents are counted by corpus":                          counting,
		"twins are found by name and by content":                   twins,
		"one document claims a name or a content":                  claims,
		"a document is changed with what finds it":                 documentChanges,
		"a removed document is gone at once":                       removing,
		"a new text takes the place of the old one at once":        replacing,
		"connections are changed and end":                          connectionChanges,
		"a deleted corpus takes no documents":                      locking,
		"documents are filtered and paged":                         filters,
		"names that many documents have are filtered alike":        manyNamed,
		"connections come with their corpora":                      connections,
		"work on a document begins once more after a failure":      beginning,
		"a worker that lost a document writes nothing":             fencing,
		"passages are found from Finish on, and not before":        staging,
		"clearing leaves nothing behind":                           clearing,
		"a document that failed is not found":                      failing,
		"questions are ranked as in memory":                        ranked,
		"questions find what they always found":                    unchanged,
		"only the corpora asked for are looked at":                 otherCorpora,
		"the vocabulary is the commonest words with the beginning": vocabulary,
		"what may be searched is what the rule says":               searchable,
		"a corpus has a new version with every change":             versions,
		"a failed unit leaves nothing behind":                      rollback,
		"documents of an older version are found":                  stale,
		"the same words keep their vectors":                        sameWords,
		"vectors are kept by model and passage":                    vectors,
		"what is close in meaning is found while it is there":      meaning,
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			store, unit := open(t)
			test(fixture{Assert: storetest.New(t), Store: store, t: t, ctx: context.Background(), unit: unit})
		})
	}
}

// reader is one who may read everything of the organization.
var reader = access.VisibleCorpora{OrganizationID: org, UserID: al, All: true}

func (f fixture) corpus(name string, change ...func(*core.Corpus)) core.Corpus {
	f.t.Helper()
	c := core.Corpus{OrganizationID: org, OwnerID: jo, Name: name, IndexingModeID: core.DefaultMode, Tags: []string{}, Audit: audit.New("jo@example.com", now)}
	for _, ch := range change {
		ch(&c)
	}
	return storetest.Must[core.Corpus](f.t)(f.AddCorpus(f.ctx, c))
}

func (f fixture) document(c core.Corpus, name string, change ...func(*core.Document)) core.Document {
	f.t.Helper()
	d := core.Document{
		OrganizationID: c.OrganizationID, CorpusID: c.ID, UserID: jo, Name: name, Source: name, ContentType: "file", MimeType: "text/plain",
		Size: 5, SHA256: "sum of " + name, Tags: []string{}, Step: core.Pending, BlobKey: "key", Audit: audit.New("jo@example.com", now),
	}
	for _, ch := range change {
		ch(&d)
	}
	return storetest.Must[core.Document](f.t)(f.AddDocument(f.ctx, d))
}

func (f fixture) connection(agent int64, c core.Corpus) (core.Connection, error) {
	return f.AddConnection(f.ctx, core.Connection{
		OrganizationID: org, AgentID: agent, CorpusID: c.ID, IsEnabled: true, SharesContent: true, ConnectedBy: "jo@example.com", Audit: audit.New("jo@example.com", now),
	})
}
