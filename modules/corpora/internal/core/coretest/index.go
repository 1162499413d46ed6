package coretest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"parley/modules/corpora"
	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/kernel/text"
	"parley/platform/kernel/uow"
	"parley/platform/storetest"
)

// held is a hold that is never lost.
func held(context.Context) error { return nil }

// begin takes the oldest unfinished document, as a worker does.
func (f fixture) begin() core.Document {
	f.t.Helper()
	waiting := storetest.Must[[]core.Document](f.t)(f.Unfinished(f.ctx, 0, 1))
	if len(waiting) == 0 {
		f.t.Fatal("no document waits")
	}
	before := storetest.Must[core.Document](f.t)(f.Begin(f.ctx, waiting[0].ID))
	f.Equal(waiting[0], before)
	before.Step, before.FailureReason = core.Extracting, nil
	return before
}

// indexed reads passages as the indexer does, numbered from first on.
func indexed(first int, title string, texts ...string) []core.Indexed {
	out := make([]core.Indexed, len(texts))
	for i, text := range texts {
		e := ranking.NewIndexer().Entry(title, text)
		out[i] = core.Indexed{Number: first + i, Title: title, Text: text, Page: first + i, Terms: e.Terms, Length: e.Length}
	}
	return out
}

func (f fixture) finish(d core.Document, step core.Step, chunks int, last []core.Indexed) core.Document {
	f.t.Helper()
	d.Step, d.ChunkCount, d.ModifiedOn = step, chunks, now.Add(time.Minute)
	var done core.Document
	f.NoError(f.unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) (err error) {
		done, err = f.Finish(ctx, d, last, held)
		return err
	}))
	return done
}

// complete indexes the oldest waiting document.
func (f fixture) complete(title string, texts ...string) core.Document {
	f.t.Helper()
	return f.finish(f.begin(), core.Completed, len(texts), indexed(1, title, texts...))
}

func (f fixture) found(question string, corpora ...core.Corpus) (texts []string) {
	f.t.Helper()
	for _, h := range f.search(question, corpora...).Hits {
		texts = append(texts, h.Text)
	}
	slices.Sort(texts)
	return texts
}

// partly is an index that is not read as a whole.
type partly struct{ ranking.Source }

// Whole implements ranking.Source.
func (partly) Whole(context.Context, []int64, int) ([]ranking.Postings, ranking.Versions, error) {
	return nil, nil, nil
}

// search asks twice: what is read, and what is then in memory, answer alike. So do
// parts of an index.
func (f fixture) search(question string, corpora ...core.Corpus) ranking.Result {
	f.t.Helper()
	var ids []int64
	for _, c := range corpora {
		ids = append(ids, c.ID)
	}
	q := ranking.Question{Text: question, Corpora: f.searchable(ids...), Limit: 10}
	engine := ranking.NewEngine(f.Store, 16<<20)
	cold := storetest.Must[ranking.Result](f.t)(engine.Search(f.ctx, q))
	f.Equal(cold, storetest.Must[ranking.Result](f.t)(engine.Search(f.ctx, q)))
	f.Equal(cold, storetest.Must[ranking.Result](f.t)(ranking.NewEngine(partly{f.Store}, 16<<20).Search(f.ctx, q)))
	return cold
}

func (f fixture) searchable(ids ...int64) []ranking.Corpus {
	f.t.Helper()
	return storetest.Must[[]ranking.Corpus](f.t)(f.Searchable(f.ctx, reader, 0, ids))
}

func (f fixture) statistics(c core.Corpus, terms ...string) ranking.Statistics {
	f.t.Helper()
	counts, versions, err := f.Postings(f.ctx, []int64{c.ID}, terms, 0)
	f.NoError(err)
	now := f.searchable(c.ID)[0]
	f.Equal(ranking.Versions{c.ID: now.Version}, versions)
	s := ranking.Statistics{Passages: now.Passages, Length: now.Length, DF: map[string]int{}}
	for _, n := range counts {
		s.DF[n.Term] += n.DF
	}
	return s
}

func (f fixture) vocabulary(prefix string, shortest, longest, limit int, in ...int64) []ranking.TermCount {
	f.t.Helper()
	words, _, err := f.Vocabulary(f.ctx, in, prefix, shortest, longest, limit)
	f.NoError(err)
	return words
}

func beginning(f fixture) {
	c := f.corpus("a")
	reason := "It is broken."
	one := f.document(c, "1")
	broken := f.document(c, "broken", func(d *core.Document) { d.Step, d.FailureReason = core.Failed, &reason })
	done := f.document(c, "done", func(d *core.Document) { d.Step = core.Completed })
	two := f.document(f.corpus("b"), "2")
	f.Equal([]core.Document{one, two}, storetest.Must[[]core.Document](f.t)(f.Unfinished(f.ctx, 0, 10)))
	f.Equal([]core.Document{one}, storetest.Must[[]core.Document](f.t)(f.Unfinished(f.ctx, 0, 1)))
	f.Equal([]core.Document{two}, storetest.Must[[]core.Document](f.t)(f.Unfinished(f.ctx, one.ID, 10)))
	f.Equal(0, len(storetest.Must[[]core.Document](f.t)(f.Unfinished(f.ctx, two.ID, 10))))
	get := func(id int64) core.Document {
		f.t.Helper()
		return storetest.Must[core.Document](f.t)(f.Document(f.ctx, reader, id))
	}
	for _, d := range []core.Document{one, broken} { // as it was before
		f.Equal(d, storetest.Must[core.Document](f.t)(f.Begin(f.ctx, d.ID)))
		d.Step, d.FailureReason = core.Extracting, nil
		f.Equal(d, get(d.ID))
		f.Equal(d, storetest.Must[core.Document](f.t)(f.Begin(f.ctx, d.ID)))
	}
	f.Equal(done, storetest.Must[core.Document](f.t)(f.Begin(f.ctx, done.ID)))
	f.Equal(done, get(done.ID))
	_, err := f.Begin(f.ctx, 99)
	f.ErrorIs(err, core.ErrDocumentNotFound)
}

func fencing(f fixture) {
	c := f.corpus("a")
	f.document(c, "1")
	d := f.begin()
	var left int
	lost := errors.New("lost")
	// losing holds so many times.
	losing := func(times int) core.Hold {
		left = times
		return func(context.Context) error {
			if left--; left < 0 {
				return lost
			}
			return nil
		}
	}
	f.ErrorIs(f.Stage(f.ctx, d, indexed(1, "t", "early words"), losing(0)), lost)
	f.Equal(core.Extracting, storetest.Must[core.Document](f.t)(f.Document(f.ctx, reader, d.ID)).Step)
	f.NoError(f.Stage(f.ctx, d, indexed(1, "t", "early words"), held))
	f.Equal(core.Indexing, storetest.Must[core.Document](f.t)(f.Document(f.ctx, reader, d.ID)).Step)
	_, err := f.Clear(f.ctx, d.ID, losing(0))
	f.ErrorIs(err, lost)
	f.NoError(f.Stage(f.ctx, d, indexed(2, "t", "more words"), losing(100)))
	if left == 100 {
		f.t.Error("Stage did not ask whether the job is held")
	}
	f.finish(d, core.Completed, 2, nil)
	f.Equal([]string{"early words", "more words"}, f.found("words", c))
	f.Equal(2, f.statistics(c, "words").Passages)
}

func staging(f fixture) {
	c := f.corpus("a")
	f.document(c, "1")
	f.document(c, "2")
	f.complete("Old", "a lantern of old")
	before := f.statistics(c, "lantern", "harbour")
	f.Equal(ranking.Statistics{Passages: 1, Length: 5, DF: map[string]int{"lantern": 1}}, before)

	d := f.begin()
	many := make([]string, 120) // more than the candidates of one question
	for i := range many {
		many[i] = fmt.Sprintf("lantern lantern harbour %d", i)
	}
	f.NoError(f.Stage(f.ctx, d, indexed(1, "New", many...), held))
	f.Equal([]string{"a lantern of old"}, f.found("lantern", c))
	f.Equal(before, f.statistics(c, "lantern", "harbour"))
	f.Equal(0, len(f.vocabulary("h", 1, 99, 10, c.ID)))

	last := indexed(121, "New", "the last harbour")
	last[0].Sections = []corpora.Section{{At: 4, Title: "New › “Last”"}, {At: 9, Title: "New › “Last” › Harbour"}}
	done := f.finish(d, core.Completed, 121, last)
	d.Step, d.ChunkCount, d.IndexVersion, d.ModifiedOn = core.Completed, 121, core.IndexVersion, now.Add(time.Minute)
	f.Equal(d, done)
	f.Equal(done, storetest.Must[core.Document](f.t)(f.Document(f.ctx, reader, done.ID)))
	f.Equal(100, len(f.found("lantern", c)))
	length := 5
	for _, p := range append(indexed(1, "New", many...), indexed(121, "New", "the last harbour")...) {
		length += p.Length
	}
	f.Equal(ranking.Statistics{Passages: 122, Length: length, DF: map[string]int{"lantern": 121, "harbour": 121}}, f.statistics(c, "lantern", "harbour"))
	hit := f.search("last harbour", c).Hits[0]
	f.Equal(ranking.Passage{ID: hit.ID, Corpus: c.ID, Document: done.ID, Number: 121, Page: 121, Title: "New", Text: "the last harbour", Sections: last[0].Sections}, *hit.Passage)
}

func clearing(f fixture) {
	c := f.corpus("a")
	f.document(c, "1")
	f.document(c, "2")
	f.complete("Kept", "the kept lantern")
	before := f.statistics(c, "lantern", "harbour", "данные")
	d := f.begin()
	many := make([]string, 250)
	for i := range many {
		many[i] = fmt.Sprintf("Lanterns, harbours und данные %d", i)
	}
	for part := range slices.Chunk(indexed(1, "New", many...), 100) {
		f.NoError(f.Stage(f.ctx, d, part, held))
	}
	clear := func() {
		for rounds := 0; ; rounds++ {
			done, err := f.Clear(f.ctx, d.ID, held)
			f.NoError(err)
			if done {
				return
			}
			if rounds > len(many) {
				f.t.Fatal("clearing never ends")
			}
		}
	}
	alike := func() []ranking.AlikeTerm {
		found, versions, err := f.Alike(f.ctx, []int64{c.ID}, [][]text.Gram{text.TermGrams("lanterns"), text.TermGrams("данным")}, 3)
		f.NoError(err)
		f.Equal(1, len(versions))
		return slices.DeleteFunc(found, func(a ranking.AlikeTerm) bool { return f.statistics(c, a.Term).DF[a.Term] == 0 })
	}
	clear()
	clear() // nothing there is no error
	f.Equal([]ranking.AlikeTerm{{Word: 0, Term: "lantern", Shared: 5}}, alike())
	terms := []string{"lantern", "harbour", "данные", "und", "new", "249"}
	f.Equal(before, f.statistics(c, terms...))
	f.finish(d, core.Completed, 1, indexed(1, "New", "another harbour"))
	after := f.statistics(c, terms...)
	f.Equal(map[string]int{"lantern": 1, "harbour": 1, "new": 1}, after.DF)
	f.Equal(2, after.Passages)
	f.Equal(1, len(alike()))
	f.document(c, "3")
	d = f.begin()
	f.NoError(f.Stage(f.ctx, d, indexed(1, "…", "*** --- ***"), held)) // passages without words
	clear()
	f.Equal(after, f.statistics(c, terms...))
}

func failing(f fixture) {
	c := f.corpus("a")
	f.document(c, "1")
	d := f.begin()
	reason := "It is broken."
	d.FailureReason, d.Warnings = &reason, []string{"Slide 2 is “missing”."}
	done := f.finish(d, core.Failed, 0, nil)
	if done.Step != core.Failed || done.FailureReason == nil || *done.FailureReason != reason {
		f.t.Errorf("%+v", done)
	}
	f.Equal(d.Warnings, done.Warnings)
	f.Equal(0, done.ChunkCount)
	f.Equal(done, storetest.Must[core.Document](f.t)(f.Document(f.ctx, reader, done.ID)))
	f.Equal(ranking.Statistics{DF: map[string]int{}}, f.statistics(c, "lantern"))
	f.document(c, "of a new source", func(d *core.Document) { d.ChunkCount = 7 })
	again := f.begin()
	again.ChunkCount = 3 // of what was read of it
	f.Equal(7, f.finish(again, core.Failed, 3, nil).ChunkCount)
	boom := errors.New("boom")
	f.document(c, "2")
	d = f.begin()
	err := f.unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		failed := d
		failed.Step = core.Failed
		if _, err := f.Finish(ctx, failed, nil, held); err != nil {
			return err
		}
		return boom
	})
	f.ErrorIs(err, boom)
	f.Equal(d, storetest.Must[core.Document](f.t)(f.Document(f.ctx, reader, d.ID)))
	// A hold that fails leaves everything as it was, and says more than that a
	// document is gone.
	lost := func(context.Context) error { return boom }
	d.Step = core.Completed
	for _, gone := range []int64{0, 99} {
		ended := d
		ended.ID += gone
		err = f.unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
			_, err := f.Finish(ctx, ended, indexed(1, "t", "lantern"), lost)
			return err
		})
		f.ErrorIs(err, boom)
		f.ErrorIs(f.Stage(f.ctx, ended, indexed(1, "t", "lantern"), lost), boom)
	}
	f.Equal(ranking.Statistics{DF: map[string]int{}}, f.statistics(c, "lantern"))
	d.ID += 99
	_, err = f.Finish(f.ctx, d, nil, held)
	f.ErrorIs(err, core.ErrDocumentNotFound)
}
