package core_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/modules/corpora"
	"parley/modules/corpora/internal/core"
	"parley/platform/kernel/work"
)

// model knows two meanings: boats, and everything else.
type model struct {
	calls int
	err   error
	short bool // answers fewer vectors than texts
	most  int  // bytes of a text that it reads; 0 for any number
}

// Model implements core.Embedder.
func (*model) Model() string { return "m" }

// Embed implements core.Embedder.
func (m *model) Embed(_ context.Context, texts []string) (out [][]float32, err error) {
	if m.calls++; m.err != nil {
		return nil, m.err
	}
	for _, s := range texts {
		switch {
		case strings.Contains(s, "unreadable") || m.most > 0 && len(s) > m.most:
			return nil, work.Permanent(errors.New("the text is too long"))
		case strings.Contains(s, "rowing") || strings.Contains(s, "boat"):
			out = append(out, []float32{1, 0})
		default:
			out = append(out, []float32{0, 1})
		}
	}
	if m.short {
		out = out[1:]
	}
	return out, nil
}

func withModel(m *model) func(*core.Deps) { return func(d *core.Deps) { d.Embedder = m } }

func TestAPassageThatAModelFindsTooLongIsFoundByItsBeginning(t *testing.T) {
	f := setup(t, withModel(&model{most: 1_000}))
	c := f.corpus(jo, "a")
	f.upload(jo, c, "a.md", "# Sport\n\nHe likes rowing on the lake. "+strings.Repeat("Then he goes home again. ", 60))
	f.work()
	found, err := f.Search(f.ctx, jo, c.ID, "boat", 10)
	f.check(err)
	if len(found.Passages) != 1 {
		t.Errorf("%d found", len(found.Passages))
	}
}

func TestADocumentIsFoundByMeaningOnceItsVectorsAreMade(t *testing.T) {
	m := &model{}
	f := setup(t, withModel(m))
	c := f.corpus(jo, "a")
	f.upload(jo, c, "a.md", "# Sport\n\nHe likes rowing on the lake.")
	f.upload(jo, c, "b.md", "# Food\n\nShe bakes bread.")
	f.work()
	found, err := f.Search(f.ctx, jo, c.ID, "boat", 10)
	f.check(err)
	if len(found.Passages) != 1 || !strings.Contains(found.Passages[0].Text, "rowing") || !strings.Contains(found.Candidates[0].Why, "in meaning it is number 1") {
		t.Errorf("%+v", found)
	}
	calls := m.calls
	_, err = f.Search(f.ctx, jo, c.ID, "boat", 10)
	if f.check(err); m.calls != calls {
		t.Error("the model is asked for the same question again")
	}
	f.check(f.Adopt(f.ctx))
	f.work()
	if m.calls != calls {
		t.Error("the model is asked for vectors that are there")
	}
}

func TestWhoSearchesIsToldWhileTheModelIsAsked(t *testing.T) {
	m := &model{}
	f := setup(t, withModel(m))
	c := f.corpus(jo, "a")
	f.upload(jo, c, "a.md", "He likes rowing on the lake.")
	f.work()
	var told []int // how often the model had been asked
	outside := func() func() {
		told = append(told, m.calls)
		return func() { told = append(told, m.calls) }
	}
	before := m.calls
	for range 2 { // the second is known
		_, err := f.Retrieve(f.ctx, jo, corpora.Scope{Attached: []int64{c.ID}, Outside: outside}, "boat", 10)
		f.check(err)
	}
	if !slices.Equal(told, []int{before, before + 1}) {
		t.Errorf("told at %v, asked since %d", told, before)
	}
}

func TestDocumentsFromBeforeTheModelGetTheirVectors(t *testing.T) {
	f := setup(t)
	c := f.corpus(jo, "a")
	f.upload(jo, c, "a.md", "He likes rowing on the lake.")
	f.work()
	withModel(&model{})(&f.parts)
	f.Service = core.New(f.parts)
	f.check(f.Adopt(f.ctx))
	f.work()
	found, err := f.Search(f.ctx, jo, c.ID, "boat", 10)
	if f.check(err); len(found.Passages) != 1 {
		t.Errorf("%+v", found)
	}
}

func TestAModelThatIsAwayOnlyLosesTheMeaning(t *testing.T) {
	m := &model{err: errors.New("connection refused")}
	f := setup(t, withModel(m))
	c := f.corpus(jo, "a")
	f.upload(jo, c, "a.md", "He likes rowing on the lake.")
	f.work()
	for range 3 {
		found, err := f.Search(f.ctx, jo, c.ID, "lake", 10)
		if f.check(err); len(found.Passages) != 1 {
			t.Errorf("by its words: %+v", found)
		}
	}
	if m.calls != 1 {
		t.Errorf("a model that is away was asked %d times", m.calls)
	}
	m.err = nil
	f.clock.Advance(2 * time.Minute)
	f.work()
	found, err := f.Search(f.ctx, jo, c.ID, "boat", 10)
	if f.check(err); len(found.Passages) != 1 {
		t.Errorf("after it came back: %+v", found)
	}
}

func TestAPassageThatTheModelRefusesKeepsNoOtherFromItsVector(t *testing.T) {
	f := setup(t, withModel(&model{}))
	c := f.corpus(jo, "a")
	f.upload(jo, c, "a.md", "# One\n\nAn unreadable sentence.\n\n"+strings.Repeat("Some words of a passage that stands between. ", 40)+"\n\n# Two\n\nHe likes rowing on the lake.")
	f.work()
	found, err := f.Search(f.ctx, jo, c.ID, "boat", 10)
	if f.check(err); len(found.Passages) == 0 || !strings.Contains(found.Passages[0].Text, "rowing") {
		t.Errorf("%+v", found)
	}
}

func TestTooFewVectorsAreNotTakenForOthers(t *testing.T) {
	m := &model{short: true}
	f := setup(t, withModel(m))
	c := f.corpus(jo, "a")
	f.upload(jo, c, "a.md", "He likes rowing on the lake.")
	f.work()
	found, err := f.Search(f.ctx, jo, c.ID, "lake", 10)
	if f.check(err); len(found.Passages) != 1 || found.Passages[0].Score <= 0 {
		t.Errorf("%+v", found)
	}
}

// indexing is a store with an index that older vectors are not in yet.
type indexing struct {
	core.Store
	left, turns int
}

// IndexVectors implements core.Vectors.
func (s *indexing) IndexVectors(ctx context.Context, _ int64, _ string, hold core.Hold) (int, error) {
	if err := hold(ctx); err != nil {
		return 0, err
	}
	n := min(s.left, 10)
	s.left, s.turns = s.left-n, s.turns+1
	return n, nil
}

func TestVectorsFromBeforeTheIndexArePutIntoIt(t *testing.T) {
	m := &model{}
	f := setup(t, withModel(m))
	c := f.corpus(jo, "a")
	f.upload(jo, c, "a.md", "He likes rowing on the lake.")
	f.work()
	store := &indexing{Store: f.parts.Store, left: 375}
	f.parts.Store = store
	f.Service = core.New(f.parts)
	calls := m.calls
	f.check(f.Adopt(f.ctx))
	f.work()
	if store.left != 0 || store.turns != 39 { // 38 that put some there, and one that finds none
		t.Errorf("%d are left after %d turns", store.left, store.turns)
	}
	if m.calls != calls {
		t.Error("the model is asked again")
	}
}

// interrupted is a store in which something happens once a job has found no
// more passages without vectors, before it ends.
type interrupted struct {
	core.Store
	meanwhile func()
	looks     int // for what is not in the index
}

// IndexVectors implements core.Vectors.
func (s *interrupted) IndexVectors(ctx context.Context, corpusID int64, model string, hold core.Hold) (int, error) {
	s.looks++
	if do := s.meanwhile; do != nil {
		s.meanwhile = nil
		do()
	}
	return s.Store.IndexVectors(ctx, corpusID, model, hold)
}

func TestATextThatChangesWhileTheJobOfTheOldOneEndsGetsItsVectors(t *testing.T) {
	for what, text := range map[string]string{
		"other words": "He likes rowing on the lake.",
		"the same":    "She bakes bread.", // whose vectors are passed on, and not in the index
	} {
		t.Run(what, func(t *testing.T) {
			store := &interrupted{}
			f := setup(t, withModel(&model{}), func(d *core.Deps) { store.Store, d.Store = d.Store, store })
			c := f.corpus(jo, "a")
			d := f.upload(jo, c, "a.md", "She bakes bread.")
			store.meanwhile = func() {
				stored, err := f.Keep(f.ctx, strings.NewReader(text))
				f.check(err)
				_, err = f.UpdateDocument(f.ctx, jo, d.ID, core.DocumentChange{Source: &core.NewDocument{Stored: stored, FileName: "a.md"}})
				f.check(err)
				f.work() // as another process does
			}
			f.work()
			bare, err := store.Unembedded(f.ctx, c.ID, 0, "m", 0, 10)
			if f.check(err); len(bare) > 0 {
				t.Errorf("%q has no vector", bare[0].Text)
			}
			if store.looks != 2 {
				t.Errorf("looked %d times for vectors that are not in the index", store.looks)
			}
			if left, err := f.jobs.Counts(f.ctx); err != nil || len(left) != 0 {
				t.Errorf("jobs are left: %+v %v", left, err)
			}
		})
	}
}

// named is a model of another name.
type named struct {
	*model
	name string
}

// Model implements core.Embedder.
func (n named) Model() string { return n.name }

// fallsSilent answers so many calls.
type fallsSilent struct {
	*model
	after int
}

// Embed implements core.Embedder.
func (m fallsSilent) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	if m.calls == m.after {
		return nil, errors.New("connection refused")
	}
	return m.model.Embed(ctx, texts)
}

func (f fixture) bare(c core.Corpus, model string) int {
	f.t.Helper()
	found, err := f.parts.Store.Unembedded(f.ctx, c.ID, 0, model, 0, 1_000)
	f.check(err)
	return len(found)
}

func TestAModelThatTakesThePlaceOfAnotherHalfwayMakesAllVectors(t *testing.T) {
	f := setup(t)
	c := f.corpus(jo, "a")
	for i := range 70 {
		f.upload(jo, c, fmt.Sprint(i, ".md"), fmt.Sprint("Text ", i))
	}
	f.work()
	start := func(e core.Embedder) {
		f.parts.Embedder = e
		f.Service = core.New(f.parts)
		f.check(f.Adopt(f.ctx))
		f.work()
	}
	start(fallsSilent{&model{}, 1})
	if n := f.bare(c, "m"); n != 6 {
		t.Fatalf("%d passages are left of the first model", n)
	}
	start(named{&model{}, "n"})
	if n := f.bare(c, "n"); n != 0 {
		t.Errorf("%d passages have no vector of the second model", n)
	}
	for range 20 { // what is left of the first one goes
		f.clock.Advance(2 * time.Minute)
		f.work()
	}
	if left, err := f.jobs.Counts(f.ctx); err != nil || len(left) != 0 {
		t.Errorf("jobs are left: %+v %v", left, err)
	}
}

func TestAProcessWithAnotherModelLeavesJobsToThoseThatHaveIt(t *testing.T) {
	f := setup(t, withModel(&model{}))
	c := f.corpus(jo, "a")
	before := f
	f.parts.Embedder = named{&model{}, "n"}
	f.Service = core.New(f.parts)
	f.upload(jo, c, "a.md", "He likes rowing on the lake.")
	f.index()
	before.work()
	if n := f.bare(c, "n"); n != 1 {
		t.Fatalf("%d passages have no vectors", n)
	}
	f.clock.Advance(2 * time.Minute)
	f.work()
	if n := f.bare(c, "n"); n != 0 {
		t.Errorf("%d passages have no vectors of the new model", n)
	}
}
