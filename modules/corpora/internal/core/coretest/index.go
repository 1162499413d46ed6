package coretest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/kernel/uow"
)

func (f fixture) claim(owner string, at time.Time) core.Document {
	f.t.Helper()
	d, found, err := f.Claim(f.ctx, owner, at, at.Add(time.Minute))
	if err != nil || !found {
		f.t.Fatalf("nothing to claim: %v", err)
	}
	return d
}

func (f fixture) nothingToClaim(at time.Time) {
	f.t.Helper()
	if d, found, err := f.Claim(f.ctx, "x", at, at); err != nil || found {
		f.t.Errorf("claimed %d, %v", d.ID, err)
	}
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

func (f fixture) finish(claim core.Document, step core.Step, chunks int, last []core.Indexed) core.Document {
	f.t.Helper()
	claim.Step, claim.ChunkCount, claim.ModifiedOn = step, chunks, now.Add(time.Minute)
	var done core.Document
	f.check(f.unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) (err error) {
		done, err = f.Finish(ctx, claim, last)
		return err
	}))
	return done
}

// complete indexes the oldest waiting document.
func (f fixture) complete(title string, texts ...string) core.Document {
	f.t.Helper()
	return f.finish(f.claim("me", now), core.Completed, len(texts), indexed(1, title, texts...))
}

func (f fixture) found(question string, corpora ...core.Corpus) (texts []string) {
	f.t.Helper()
	for _, h := range f.search(f.Store, question, corpora...).Hits {
		texts = append(texts, h.Text)
	}
	slices.Sort(texts)
	return texts
}

func (f fixture) search(source ranking.Source, question string, corpora ...core.Corpus) ranking.Result {
	f.t.Helper()
	var ids []int64
	for _, c := range corpora {
		ids = append(ids, c.ID)
	}
	return must[ranking.Result](f)(ranking.Search(f.ctx, source, ranking.Question{Text: question, Corpora: ids, Limit: 10}))
}

func (f fixture) statistics(c core.Corpus, terms ...string) ranking.Statistics {
	f.t.Helper()
	return must[ranking.Statistics](f)(f.Statistics(f.ctx, []int64{c.ID}, terms))
}

func claiming(f fixture) {
	c := f.corpus("a")
	one := f.document(c, "1")
	f.document(c, "broken", func(d *core.Document) { d.Step = core.Failed })
	f.document(c, "done", func(d *core.Document) { d.Step = core.Completed })
	two := f.document(f.corpus("b"), "2")
	until := now.Add(time.Minute)
	one.Step, one.ClaimedBy, one.ClaimedUntil, one.Attempts = core.Extracting, "me", &until, 1
	f.same(one, f.claim("me", now))
	f.same(one, must[core.Document](f)(f.Document(f.ctx, reader, one.ID)))
	f.same(two.ID, f.claim("me", now).ID)
	f.nothingToClaim(until)
	over := until.Add(time.Microsecond)
	until = over.Add(time.Minute)
	one.ClaimedBy, one.Attempts = "you", 2
	f.same(one, f.claim("you", over))
}

func releasing(f fixture) {
	c := f.corpus("a")
	one, two := f.document(c, "1"), f.document(c, "2")
	f.claim("dead", now)
	f.claim("alive", now)
	claimants, err := f.Claimants(f.ctx)
	f.check(err)
	slices.Sort(claimants)
	f.same([]string{"alive", "dead"}, claimants)
	f.check(f.Release(f.ctx, []string{"dead", "never"}))
	again := f.claim("alive", now)
	if again.ID != one.ID || again.Attempts != 2 {
		f.t.Errorf("claimed %+v", again)
	}
	f.nothingToClaim(now)
	f.check(f.Release(f.ctx, []string{"alive"}))
	f.same(one.ID, f.claim("another", now).ID)
	f.same(two.ID, f.claim("another", now).ID)
}

func claimingAtOnce(f fixture) {
	c := f.corpus("a")
	want := map[int64]int{}
	for i := range 24 {
		want[f.document(c, fmt.Sprint(i)).ID] = 1
	}
	var mu sync.Mutex
	got := map[int64]int{}
	var group sync.WaitGroup
	for worker := range 6 {
		group.Go(func() {
			for {
				d, found, err := f.Claim(f.ctx, fmt.Sprint("worker", worker), now, now.Add(time.Minute))
				if err != nil || !found {
					if err != nil {
						f.t.Error(err)
					}
					return
				}
				mu.Lock()
				got[d.ID]++
				mu.Unlock()
			}
		})
	}
	group.Wait()
	f.same(want, got)
}

func fencing(f fixture) {
	c := f.corpus("a")
	f.document(c, "1")
	old := f.claim("me", now)
	later := now.Add(time.Hour)
	f.check(f.Stage(f.ctx, old, indexed(1, "t", "early words"), now.Add(time.Minute)))
	latest := f.claim("me", later) // the same process, in another of its workers
	f.is(f.Stage(f.ctx, old, indexed(2, "t", "late words"), later), core.ErrClaimLost)
	_, err := f.Clear(f.ctx, old, later)
	f.is(err, core.ErrClaimLost)
	old.Step = core.Completed
	_, err = f.Finish(f.ctx, old, nil)
	f.is(err, core.ErrClaimLost)
	f.check(f.Stage(f.ctx, latest, indexed(2, "t", "more words"), later))
	f.same(core.Indexing, must[core.Document](f)(f.Document(f.ctx, reader, latest.ID)).Step)
	f.finish(latest, core.Completed, 2, nil)
	f.same([]string{"early words", "more words"}, f.found("words", c))
	_, err = f.Finish(f.ctx, latest, nil)
	f.is(err, core.ErrClaimLost)
	f.nothingToClaim(later.Add(time.Hour))
}

func staging(f fixture) {
	c := f.corpus("a")
	f.document(c, "1")
	f.document(c, "2")
	f.complete("Old", "a lantern of old")
	before := f.statistics(c, "lantern", "harbour")
	f.same(ranking.Statistics{Passages: 1, Length: 5, DF: map[string]int{"lantern": 1}}, before)

	claim := f.claim("me", now)
	many := make([]string, 120) // more than the candidates of one question
	for i := range many {
		many[i] = fmt.Sprintf("lantern lantern harbour %d", i)
	}
	f.check(f.Stage(f.ctx, claim, indexed(1, "New", many...), now.Add(time.Minute)))
	f.same([]string{"a lantern of old"}, f.found("lantern", c))
	f.same(before, f.statistics(c, "lantern", "harbour"))
	f.same(0, len(must[[]ranking.TermCount](f)(f.Vocabulary(f.ctx, []int64{c.ID}, "h", 1, 99, 10))))

	done := f.finish(claim, core.Completed, 121, indexed(121, "New", "the last harbour"))
	claim.Step, claim.ChunkCount, claim.ModifiedOn, claim.ClaimedUntil = core.Completed, 121, now.Add(time.Minute), nil
	f.same(claim, done)
	f.same(done, must[core.Document](f)(f.Document(f.ctx, reader, done.ID)))
	f.same(100, len(f.found("lantern", c)))
	length := 5
	for _, p := range append(indexed(1, "New", many...), indexed(121, "New", "the last harbour")...) {
		length += p.Length
	}
	f.same(ranking.Statistics{Passages: 122, Length: length, DF: map[string]int{"lantern": 121, "harbour": 121}}, f.statistics(c, "lantern", "harbour"))
	hit := f.search(f.Store, "last harbour", c).Hits[0]
	f.same(ranking.Passage{ID: hit.ID, Corpus: c.ID, Document: done.ID, Number: 121, Page: 121, Title: "New", Text: "the last harbour"}, hit.Passage)
}

func clearing(f fixture) {
	c := f.corpus("a")
	f.document(c, "1")
	f.document(c, "2")
	f.complete("Kept", "the kept lantern")
	before := f.statistics(c, "lantern", "harbour", "данные")
	claim := f.claim("me", now)
	many := make([]string, 250)
	for i := range many {
		many[i] = fmt.Sprintf("Lanterns, harbours und данные %d", i)
	}
	for part := range slices.Chunk(indexed(1, "New", many...), 100) {
		f.check(f.Stage(f.ctx, claim, part, now.Add(time.Minute)))
	}
	clear := func() {
		for rounds := 0; ; rounds++ {
			done, err := f.Clear(f.ctx, claim, now.Add(time.Hour))
			f.check(err)
			if done {
				return
			}
			if rounds > len(many) {
				f.t.Fatal("clearing never ends")
			}
		}
	}
	clear()
	clear() // nothing there is no error
	f.nothingToClaim(now.Add(30 * time.Minute))
	terms := []string{"lantern", "harbour", "данные", "und", "new", "249"}
	f.same(before, f.statistics(c, terms...))
	f.finish(claim, core.Completed, 1, indexed(1, "New", "another harbour"))
	after := f.statistics(c, terms...)
	f.same(map[string]int{"lantern": 1, "harbour": 1, "new": 1}, after.DF)
	f.same(2, after.Passages)
}

func failing(f fixture) {
	c := f.corpus("a")
	f.document(c, "1")
	claim := f.claim("me", now)
	reason := "It is broken."
	claim.FailureReason, claim.Warnings = &reason, []string{"Slide 2 is “missing”."}
	done := f.finish(claim, core.Failed, 0, nil)
	if done.Step != core.Failed || done.FailureReason == nil || *done.FailureReason != reason || done.ClaimedUntil != nil {
		f.t.Errorf("%+v", done)
	}
	f.same(claim.Warnings, done.Warnings)
	f.same(done, must[core.Document](f)(f.Document(f.ctx, reader, done.ID)))
	f.same(ranking.Statistics{DF: map[string]int{}}, f.statistics(c, "lantern"))
	f.nothingToClaim(now.Add(time.Hour))
	boom := errors.New("boom")
	f.document(c, "2")
	claim = f.claim("me", now)
	err := f.unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		failed := claim
		failed.Step = core.Failed
		if _, err := f.Finish(ctx, failed, nil); err != nil {
			return err
		}
		return boom
	})
	f.is(err, boom)
	f.same(claim, must[core.Document](f)(f.Document(f.ctx, reader, claim.ID)))
}
