package core_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"parley/modules/corpora/internal/core"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/page"
)

func TestACorpusNeedsANameThatItsOwnerDoesNotHave(t *testing.T) {
	f := setup(t)
	f.corpus(jo, " Guides ", func(n *core.NewCorpus) { n.Tags = &[]string{"a", " a ", "", "b"} })
	c, err := f.Corpus(f.ctx, jo, 1)
	f.check(err)
	if c.Name != "Guides" || strings.Join(c.Tags, ",") != "a,b" || c.IndexingModeID != core.DefaultMode || c.IsPublic {
		t.Errorf("%+v", c)
	}
	_, err = f.CreateCorpus(f.ctx, jo, core.NewCorpus{Name: "\t"})
	f.is(err, core.ErrBlankName)
	_, err = f.CreateCorpus(f.ctx, jo, core.NewCorpus{Name: "GUIDES"})
	f.is(err, core.ErrNameTaken)
	f.corpus(al, "Guides")
	if n := len(f.db.Published()); n != 2 {
		t.Errorf("%d events", n)
	}
}

func TestWhoMayUpload(t *testing.T) {
	f := setup(t)
	c := f.corpus(jo, "Guides", public)
	hidden := f.corpus(jo, "Private")
	for _, tc := range []struct {
		what string
		who  actor.Actor
		c    core.Corpus
		want error
	}{
		{"the owner", jo, c, nil},
		{"a global admin", boss, hidden, nil},
		{"a reader", al, c, core.ErrNotEditor},
		{"one who may not read it", al, hidden, core.ErrNotFound},
		{"a global admin of another organization", abroad, c, core.ErrNotFound},
	} {
		if err := f.Deciders().Ask(f.ctx, actor.Corpus, tc.who, tc.c.ID, access.Edit); !errors.Is(err, tc.want) {
			t.Errorf("%s: the decider says %v, want %v", tc.what, err, tc.want)
		}
		if err := f.Deciders().Ask(f.ctx, actor.Corpus, tc.who, tc.c.ID, access.View); errors.Is(tc.want, core.ErrNotEditor) != (err == nil && tc.want != nil) {
			t.Errorf("%s: to view it: %v", tc.what, err)
		}
		if _, err := f.MayUpload(f.ctx, tc.who, tc.c.ID); !errors.Is(err, tc.want) {
			t.Errorf("%s: %v", tc.what, err)
		}
	}
}

func TestTheSameDocumentIsRefusedByNameOrContent(t *testing.T) {
	f := setup(t)
	c := f.corpus(jo, "Guides")
	d := f.upload(jo, c, "one.md", "first")
	add := func(n core.NewDocument, content string) error {
		t.Helper()
		stored, err := f.Keep(f.ctx, strings.NewReader(content))
		f.check(err)
		n.Stored = stored
		_, err = f.AddDocument(f.ctx, jo, c, n)
		return err
	}
	for _, err := range []error{add(core.NewDocument{FileName: "one.md"}, "second"), add(core.NewDocument{FileName: "two.md"}, "first"), add(core.NewDocument{Kind: "text"}, "first")} {
		var e *apperr.Error
		if !errors.As(err, &e) || !errors.Is(err, core.ErrDuplicate) || e.Location != "/api/document/1" || !strings.Contains(e.Message, "Document 1 ") {
			t.Errorf("%v", err)
		}
	}
	f.check(add(core.NewDocument{FileName: "one.md", AllowDuplicate: true}, "first"))
	f.check(add(core.NewDocument{Kind: "text", Title: "one.md"}, "third")) // a title is no name
	f.check(add(core.NewDocument{FileName: "three.md"}, ""))
	f.work()
	f.check(add(core.NewDocument{FileName: "three.md"}, "")) // the other one failed
	if got, err := f.Documents(f.ctx, jo, c.ID, core.DocumentFilter{}, page.Request{}); err != nil || got.Count != 5 || got.Items[0].ID != d.ID {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestDocumentsAreNamedAfterWhatWasSent(t *testing.T) {
	f := setup(t)
	c := f.corpus(jo, "Guides")
	for i, tc := range []struct {
		n    core.NewDocument
		want string
	}{
		{core.NewDocument{FileName: `C:\docs\a b.pdf`}, "a b.pdf"},
		{core.NewDocument{FileName: "../../etc/passwd"}, "passwd"},
		{core.NewDocument{FileName: "a\nb\x00.md"}, "a b.md"},
		{core.NewDocument{FileName: "x.md", Name: "My name"}, "My name"},
		{core.NewDocument{FileName: strings.Repeat("ü", 300)}, strings.Repeat("ü", 255)},
		{core.NewDocument{FileName: ".."}, ".."},
		{core.NewDocument{}, "Untitled"},
		{core.NewDocument{Kind: "text", Title: "Its first line"}, "Its first line"},
		{core.NewDocument{Kind: "text"}, "Untitled"},
	} {
		tc.n.Stored.SHA256 = tc.want + string(rune('a'+i))
		tc.n.AllowDuplicate = true
		d, err := f.AddDocument(f.ctx, jo, c, tc.n)
		if err != nil || d.Name != tc.want {
			t.Errorf("%+v is named %q, %v", tc.n, d.Name, err)
		}
	}
}

func TestBlankTextIsRefusedAndABlankFileIsNot(t *testing.T) {
	f := setup(t)
	c := f.corpus(jo, "Guides")
	stored, err := f.Keep(f.ctx, strings.NewReader(" \n\t"))
	f.check(err)
	_, err = f.AddDocument(f.ctx, jo, c, core.NewDocument{Stored: stored, Kind: "text"})
	f.is(err, core.ErrBlank)
	_, err = f.AddDocument(f.ctx, jo, c, core.NewDocument{Stored: stored, FileName: "a.txt"})
	f.check(err)
	f.Discard(f.ctx, stored)
	if n := f.kept(); n != 0 {
		t.Errorf("%d files are left", n)
	}
}

func TestTheOriginalComesBackAsItWasUploaded(t *testing.T) {
	f := setup(t)
	d := f.upload(jo, f.corpus(jo, "Guides"), "a.md", "# As it was\r\n")
	_, file, err := f.Original(f.ctx, jo, d.ID)
	f.check(err)
	raw, err := io.ReadAll(file)
	f.check(err)
	f.check(file.Close())
	if string(raw) != "# As it was\r\n" {
		t.Errorf("%q", raw)
	}
	for _, who := range []actor.Actor{al, abroad} {
		_, _, err := f.Original(f.ctx, who, d.ID)
		f.is(err, core.ErrDocumentNotFound)
		_, err = f.Document(f.ctx, who, d.ID)
		f.is(err, core.ErrDocumentNotFound)
		_, err = f.Documents(f.ctx, who, d.CorpusID, core.DocumentFilter{}, page.Request{})
		f.is(err, core.ErrNotFound)
	}
}
