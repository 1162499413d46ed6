package coretest

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"parley/modules/chat"
	"parley/modules/chat/internal/core"
	"parley/modules/corpora"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/storetest"
)

// wholeContent is the long part of a question with every field set that is
// known before the answer.
func wholeContent() core.Content {
	return core.Content{
		Question: "Qu'est-ce que c'est? “漢字” \\ ' \"", Sources: "[]", History: []core.Turn{{User: "Who was first?", Bot: "Ada [1]."}},
		PromptPrefix: "You are kind.", Instructions: []string{"Be brief.", "Cite."},
		Options: core.Options{Model: "m-1", CorpusIDs: []int64{5, 6}, Top: 3, HideSources: true, SuggestFollowUps: true, Temperature: of(0.25), Caching: of(false), CacheSkip: true},
	}
}

// full is an outcome with every field set.
func full() core.Outcome {
	return core.Outcome{
		State: core.Completed, Answer: "It is “so” [2]. 漢字", SearchQuery: "what it is", Sources: "[0]", Model: "m-1",
		References: []core.Reference{{Number: 2, URL: "/api/document/11/content", Order: 0, Title: "Guide › It", DocumentID: 11}},
		FollowUps:  []string{"And why?"}, CorpusIDs: []int64{5, 6}, FinishReason: core.FinishLength, CacheHit: true, CacheKey: "k+1",
		Thoughts: []core.Thought{
			{Order: 1, Step: "retrieval", Title: "Searched", Message: "Scored 2.", StartedOn: now, DurationMS: 12, Detail: json.RawMessage(`{"query":"what it is","ids":[1,2]}`)},
			{Order: 2, Step: "citations", Title: "Checked", Message: "One.", StartedOn: now.Add(time.Second), Detail: json.RawMessage(`null`)},
		},
		Support: []core.Support{
			{Number: 1, Passage: corpora.Passage{ChunkID: 21, DocumentID: 10, CorpusID: 5, Title: "Intro", URL: "/api/document/10/content", Text: "It was.", Score: 1.5}},
			{Number: 2, Passage: corpora.Passage{ChunkID: 22, DocumentID: 11, CorpusID: 6, Title: "Guide › It", URL: "/api/document/11/content", Text: "It is so.", Page: of(4), Score: 0.25}},
		},
		Usage: []core.Metered{
			{Usage: chat.Usage{Purpose: "query_rewriting", Model: "m-0", FreshInput: 30, Output: 4, CostNano: 1, UsageSource: "estimated", Cost: "0.000000001001", CostSource: "none"}},
			{Usage: chat.Usage{Purpose: "answer", Model: "m-1", FreshInput: 200, CachedInput: 100, Output: 30, Reasoning: 10, CostNano: 5000, UsageSource: "provider", Cost: "0.000005000999", CostSource: "prices"},
				Raw: json.RawMessage(`{"prompt_tokens":300,"completion_tokens":40}`)},
		},
	}
}

func runRoundTrip(f fixture) {
	thread := f.thread().ID
	want := newRun(thread, withKey("k"), func(r *core.Run) {
		r.MessageID, r.Model, r.PromptTokens, r.CompletionTokens, r.Cost, r.CacheHit = of("m"), "m-1", 1<<40, 2, "0.000000000003", true
		r.EstimatedPrompt, r.CancelRequested, r.AgentVersion = 12, true, 4
	})
	content := wholeContent()
	got := storetest.Must[core.Run](f.t)(f.add(want, content))
	want.ID = got.ID
	f.Equal(want, got)
	f.Equal(want, storetest.Must[core.Run](f.t)(f.Run(f.ctx, jo, got.ID)))
	content.RunID = got.ID
	bare := f.run(newRun(thread))
	f.Equal(map[int64]core.Content{got.ID: content, bare.ID: {RunID: bare.ID, Question: "What is it?", Sources: "[]"}},
		storetest.Must[map[int64]core.Content](f.t)(f.Contents(f.ctx, []int64{got.ID, bare.ID, 99999})))
	f.Equal(bare, storetest.Must[core.Run](f.t)(f.Run(f.ctx, jo, bare.ID)))
	f.Equal([]core.StreamEvent{started}, f.stream(got.ID))
	f.Equal(0, len(storetest.Must[map[int64]core.Content](f.t)(f.Contents(f.ctx, nil))))
	f.Equal(0, len(storetest.Must[[]core.Thought](f.t)(f.Thoughts(f.ctx, got.ID))))
	f.Equal(0, len(storetest.Must[[]core.Support](f.t)(f.Support(f.ctx, got.ID))))
}

func runPaging(f fixture) {
	thread := f.thread().ID
	a, b, c := f.run(newRun(thread)), f.run(newRun(thread)), f.run(newRun(thread))
	f.run(newRun(f.thread().ID))
	list := func(p page.Request) page.Of[core.Run] {
		f.t.Helper()
		return storetest.Must[page.Of[core.Run]](f.t)(f.RunsPage(f.ctx, thread, p))
	}
	all := list(page.Request{})
	f.Equal([]core.Run{a, b, c}, all.Items)
	f.Equal(int64(3), all.Count)
	f.Equal([]core.Run{c}, list(page.Request{Number: 2, Size: 2}).Items)
	first := list(page.Request{Size: 2, ByCursor: true})
	f.Equal([]core.Run{a, b}, first.Items)
	last := list(page.Request{Size: 2, Cursor: first.NextCursor})
	f.Equal([]core.Run{c}, last.Items)
	f.Equal("", last.NextCursor)
	_, err := f.RunsPage(f.ctx, thread, page.Request{Cursor: "nonsense"})
	f.ErrorIs(err, page.ErrCursor)
}

func keys(f fixture) {
	thread := f.thread().ID
	first := f.run(newRun(thread, withKey("k")))
	_, err := f.add(newRun(thread, withKey("k")), core.Content{Question: "Again?"})
	f.ErrorIs(err, core.ErrInProgress)
	anns := f.run(f.newRun(withKey("k"), by(ann)))
	f.run(newRun(thread, withKey("K")))
	f.run(newRun(thread))
	f.run(newRun(thread)) // any number without one
	one := []core.Accept{}
	for _, key := range []string{"z", "b", "z", "k"} { // in one commit the first wins, and what is stored
		one = append(one, accept(newRun(thread, withKey(key)), core.Content{Question: "Which?", Sources: "[]"}))
	}
	done := storetest.Must[core.Written](f.t)(f.write(f.ctx, core.Batch{Now: now, Accepts: one})).Accepts
	for i, err := range []error{nil, nil, core.ErrInProgress, core.ErrInProgress} {
		f.ErrorIs(done[i].Err, err)
	}
	f.Equal(done[0].Run, storetest.Must[core.Run](f.t)(f.RunByKey(f.ctx, jo, "z")))
	f.Equal(done[1].Run, storetest.Must[core.Run](f.t)(f.RunByKey(f.ctx, jo, "b")))
	f.Equal(6, len(storetest.Must[page.Of[core.Run]](f.t)(f.RunsPage(f.ctx, thread, page.Request{})).Items))
	f.Equal(first, storetest.Must[core.Run](f.t)(f.RunByKey(f.ctx, jo, "k")))
	f.Equal(anns, storetest.Must[core.Run](f.t)(f.RunByKey(f.ctx, ann, "k")))
	_, err = f.RunByKey(f.ctx, jo, "other")
	f.ErrorIs(err, core.ErrNotFound)
	_, err = f.RunByKey(f.ctx, jo, "")
	f.ErrorIs(err, core.ErrNotFound)
}

func keysAtOnce(f fixture) {
	thread := f.thread().ID
	f.oneWins(atOnce(func(i int) error {
		_, err := f.add(newRun(thread, withKey("k")), core.Content{Question: fmt.Sprintf("Question %d", i)})
		return err
	}), core.ErrInProgress)
	runs := storetest.Must[page.Of[core.Run]](f.t)(f.RunsPage(f.ctx, thread, page.Request{})).Items
	f.Equal(1, len(runs))
	f.Equal(1, len(f.stream(runs[0].ID)))
}

func questions(f fixture) {
	thread := f.thread().ID
	under := func(key string, change ...func(*core.Run)) core.Run {
		return f.newRun(append(change, func(r *core.Run) { r.QuestionKey, r.Purpose = &key, core.PurposeJudge })...)
	}
	first := f.run(under("q"))
	_, err := f.add(under("q"), core.Content{Question: "Again?"})
	f.ErrorIs(err, core.ErrInProgress)
	anns := f.run(under("q", by(ann)))
	f.run(newRun(thread, withKey("q")))
	f.Equal(first, storetest.Must[core.Run](f.t)(f.RunByQuestion(f.ctx, jo, "q")))
	f.Equal(anns, storetest.Must[core.Run](f.t)(f.RunByQuestion(f.ctx, ann, "q")))
	_, err = f.RunByQuestion(f.ctx, jo, "other")
	f.ErrorIs(err, core.ErrNotFound)
	f.NoError(f.ForgetKeys(f.ctx, now.Add(time.Hour)))
	f.NoError(f.ForgetQuestion(f.ctx, first.ID)) // it is still open
	f.Equal(first, storetest.Must[core.Run](f.t)(f.RunByQuestion(f.ctx, jo, "q")))
	storetest.Must[core.Run](f.t)(f.close(first, core.Outcome{State: core.Cancelled, Sources: "[]"}))
	f.NoError(f.ForgetKeys(f.ctx, now.Add(time.Hour)))
	storetest.Must[core.Run](f.t)(f.RunByQuestion(f.ctx, jo, "q"))
	f.NoError(f.ForgetQuestion(f.ctx, first.ID))
	_, err = f.RunByQuestion(f.ctx, jo, "q")
	f.ErrorIs(err, core.ErrNotFound)
	f.run(under("q"))
}

func forgettingKeys(f fixture) {
	ended := func(key string, at time.Time) core.Run {
		r := f.running(withKey(key), func(r *core.Run) { r.CreatedOn = at })
		return storetest.Must[core.Run](f.t)(f.close(r, core.Outcome{State: core.Failed, Sources: "[]"}))
	}
	old, fresh := ended("old", now.Add(-time.Hour)), ended("fresh", now)
	open := f.running(withKey("open"), func(r *core.Run) { r.CreatedOn = now.Add(-time.Hour) })
	f.NoError(f.ForgetKeys(f.ctx, now))
	_, err := f.RunByKey(f.ctx, jo, "old")
	f.ErrorIs(err, core.ErrNotFound)
	f.Equal(fresh, storetest.Must[core.Run](f.t)(f.RunByKey(f.ctx, jo, "fresh")))
	f.Equal(open, storetest.Must[core.Run](f.t)(f.RunByKey(f.ctx, jo, "open")))
	old.IdempotencyKey = nil
	f.Equal(old, storetest.Must[core.Run](f.t)(f.Run(f.ctx, jo, old.ID)))
	f.run(newRun(old.ThreadID, withKey("old"))) // free again
}

func fencing(f fixture) {
	queued := f.run(newRun(f.thread().ID))
	f.NoError(f.extend(queued.ID, here, deltas(2, 1)))
	f.Equal(core.InProgress, storetest.Must[core.Run](f.t)(f.Run(f.ctx, jo, queued.ID)).State)
	r := f.running()
	f.ErrorIs(f.extend(r.ID, there, deltas(2, 1)), core.ErrNoLongerOurs)
	f.ErrorIs(f.extend(99999, here, deltas(2, 1)), core.ErrNoLongerOurs)
	f.NoError(f.extend(r.ID, here, deltas(2, 2)))
	f.Equal(int64(3), storetest.Must[core.Run](f.t)(f.Run(f.ctx, jo, r.ID)).LastSequence)
	storetest.Must[core.Run](f.t)(f.close(r, full()))
	f.ErrorIs(f.extend(r.ID, here, deltas(5, 1)), core.ErrNoLongerOurs)
	f.Equal(4, len(f.stream(r.ID)))
}

func events(f fixture) {
	r := f.running()
	whole := core.StreamEvent{Sequence: 2, Step: core.StepStream, Message: "m “漢”", Delta: " d\n", Code: "c", Details: "x"}
	f.NoError(f.extend(r.ID, here, []core.StreamEvent{whole}))
	f.NoError(f.extend(r.ID, here, deltas(3, 10)))
	f.NoError(f.extend(r.ID, here, deltas(13, 10)))
	all := f.stream(r.ID)
	f.Equal(whole, all[1])
	for i, e := range all {
		f.Equal(int64(i+1), e.Sequence)
	}
	f.Equal(all[4:7], storetest.Must[[]core.StreamEvent](f.t)(f.Events(f.ctx, r.ID, 4, 3)))
	f.Equal(all[20:], storetest.Must[[]core.StreamEvent](f.t)(f.Events(f.ctx, r.ID, 20, 100)))
	f.Equal(0, len(storetest.Must[[]core.StreamEvent](f.t)(f.Events(f.ctx, r.ID, 22, 100))))
	f.Equal(0, len(f.stream(99999)))
}

func history(f fixture) {
	thread := f.thread().ID
	for i := range 5 {
		r := storetest.Must[core.Run](f.t)(f.add(newRun(thread), core.Content{Question: fmt.Sprintf("q%d", i), Sources: "[]"}))
		state := core.Completed
		if i == 3 {
			state = core.Failed
		}
		storetest.Must[core.Run](f.t)(f.close(r, core.Outcome{State: state, Answer: fmt.Sprintf("a%d", i), Sources: "[]"}))
	}
	f.run(newRun(thread)) // open
	turn := func(i int) core.Turn { return core.Turn{User: fmt.Sprintf("q%d", i), Bot: fmt.Sprintf("a%d", i)} }
	f.Equal([]core.Turn{turn(1), turn(2), turn(4)}, storetest.Must[[]core.Turn](f.t)(f.History(f.ctx, thread, 3)))
	f.Equal([]core.Turn{turn(0), turn(1), turn(2), turn(4)}, storetest.Must[[]core.Turn](f.t)(f.History(f.ctx, thread, 10)))
	f.Equal(0, len(storetest.Must[[]core.Turn](f.t)(f.History(f.ctx, f.thread().ID, 10))))
	// A question is answered with what was said before it, in its own unit.
	f.NoError(f.Unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		f.Equal(1, len(storetest.Must[[]core.Turn](f.t)(f.History(ctx, thread, 1))))
		return nil
	}))
}

func batches(f fixture) {
	a, b, foreign := f.running(), f.running(), f.running(func(r *core.Run) { r.Owner = there })
	taken := f.run(newRun(a.ThreadID, withKey("k")))
	o := full()
	done := storetest.Must[core.Written](f.t)(f.write(f.ctx, core.Batch{
		Now: now.Add(time.Second),
		Accepts: []core.Accept{
			accept(newRun(a.ThreadID), core.Content{Question: "First?", Sources: "[]"}),
			accept(newRun(a.ThreadID, withKey("k")), core.Content{Question: "Taken?", Sources: "[]"}),
			accept(newRun(99999), core.Content{Question: "Nowhere?", Sources: "[]"}),
			accept(newRun(b.ThreadID, withKey("other")), wholeContent()),
		},
		Advances: []core.Advance{{Run: foreign.ID, Owner: here, Events: deltas(2, 1), Sequence: 2}, {Run: a.ID, Owner: here, Events: deltas(2, 3), Sequence: 4}},
		Ends:     []core.End{{Run: 99999, Owner: here, Outcome: o, Sequence: 2}, {Run: b.ID, Owner: here, Outcome: o, Events: deltas(2, 2), Sequence: 4}},
	}))
	for i, want := range []error{nil, core.ErrInProgress, core.ErrNotFound, nil} {
		f.ErrorIs(done.Accepts[i].Err, want)
	}
	for i, want := range []error{core.ErrNoLongerOurs, nil} {
		f.ErrorIs(done.Advances[i], want)
		f.Equal(core.Ended{Err: want}, done.Ends[i])
	}
	first, other := done.Accepts[0].Run, done.Accepts[3].Run
	f.Equal(first, storetest.Must[core.Run](f.t)(f.Run(f.ctx, jo, first.ID)))
	f.Equal(other, storetest.Must[core.Run](f.t)(f.RunByKey(f.ctx, jo, "other")))
	f.Equal(taken, storetest.Must[core.Run](f.t)(f.RunByKey(f.ctx, jo, "k")))
	if first.ID >= other.ID || other.ID <= taken.ID {
		f.t.Errorf("a later question has a lower id: %d, %d, %d", taken.ID, first.ID, other.ID)
	}
	contents := storetest.Must[map[int64]core.Content](f.t)(f.Contents(f.ctx, []int64{first.ID, other.ID, b.ID}))
	f.Equal([]string{"First?", wholeContent().Question, o.Answer}, []string{contents[first.ID].Question, contents[other.ID].Question, contents[b.ID].Answer})
	f.Equal([]int{4, 4, 1, 1, 1}, []int{len(f.stream(a.ID)), len(f.stream(b.ID)), len(f.stream(foreign.ID)), len(f.stream(first.ID)), len(f.stream(other.ID))})
	f.Equal(o.Usage, storetest.Must[[]core.Metered](f.t)(f.Ledger(f.ctx, b.ID)))
	f.Equal(map[int64]int64{a.ID: 4, b.ID: 4, foreign.ID: 1}, storetest.Must[map[int64]int64](f.t)(f.Sequences(f.ctx, []int64{a.ID, b.ID, foreign.ID, 99999})))
	f.Equal(core.Written{}, storetest.Must[core.Written](f.t)(f.write(f.ctx, core.Batch{Now: now})))
}

func acceptingThreads(f fixture) {
	ask := func(t core.Thread) core.Accepted {
		f.t.Helper()
		done := storetest.Must[core.Written](f.t)(f.write(f.ctx, core.Batch{Now: now.Add(time.Hour), Accepts: []core.Accept{{Thread: t, Run: newRun(t.ID), Content: core.Content{Question: "What?", Sources: "[]"}, Events: []core.StreamEvent{started}}}}))
		return done.Accepts[0]
	}
	made := ask(core.Thread{OrganizationID: 1, AgentID: agent, UserID: jo, Title: "What?", QuerySource: of("teams"), CreatedBy: "jo@example.com", CreatedOn: now, ModifiedOn: now})
	f.NoError(made.Err)
	f.Equal(made.Thread, storetest.Must[core.Thread](f.t)(f.Thread(f.ctx, jo, made.Thread.ID)))
	f.Equal(made.Thread.ID, made.Run.ThreadID)

	fresh := f.thread()
	fresh.Title, fresh.ModifiedBy, fresh.ModifiedOn = "What?", "jo@example.com", now.Add(time.Hour)
	f.Equal(fresh, ask(fresh).Thread)
	f.Equal(fresh, storetest.Must[core.Thread](f.t)(f.Thread(f.ctx, jo, fresh.ID)))
	again := fresh
	again.Title = "Another title"
	f.Equal("What?", ask(again).Thread.Title) // it has one

	foreign := fresh
	foreign.UserID = ann
	f.ErrorIs(ask(foreign).Err, core.ErrNotFound)
	f.ErrorIs(ask(f.thread(func(t *core.Thread) { t.IsDeleted = true })).Err, core.ErrNotFound)
}

// naming writes few and many threads, which a store may mark in another way.
func naming(f fixture) {
	for _, threads := range []int{1, 20} {
		var parts []core.Accept
		for range threads {
			t := f.thread()
			stale := t
			stale.Title, stale.Deletions = "Read before a deletion", 1
			for _, as := range []core.Thread{stale, t, t} {
				if as.Deletions == 0 {
					as.Title = fmt.Sprintf("Question %d", len(parts))
				}
				parts = append(parts, core.Accept{Thread: as, Run: newRun(t.ID), Content: core.Content{Question: "What?", Sources: "[]"}, Events: []core.StreamEvent{started}})
			}
		}
		slices.Reverse(parts[:3]) // the first thread's stale one comes last
		for i, done := range storetest.Must[core.Written](f.t)(f.write(f.ctx, core.Batch{Now: now, Accepts: parts})).Accepts {
			if parts[i].Thread.Deletions != 0 {
				f.ErrorIs(done.Err, core.ErrNotFound)
				continue
			}
			f.NoError(done.Err)
			want := parts[i/3*3].Thread.Title
			if i >= 3 {
				want = parts[i/3*3+1].Thread.Title
			}
			f.Equal(want, storetest.Must[core.Thread](f.t)(f.Thread(f.ctx, jo, done.Thread.ID)).Title)
		}
	}
}

func pruning(f fixture) {
	end := func() core.Run {
		r := f.running()
		f.NoError(f.extend(r.ID, here, deltas(2, 3)))
		return storetest.Must[core.Run](f.t)(f.close(r, full()))
	}
	first, second := end(), end()
	open := f.running()
	third := end()
	fourth := f.running() // its answer comes with its end
	whole := storetest.Must[core.Written](f.t)(f.write(f.ctx, core.Batch{Now: now.Add(time.Second), Ends: []core.End{{Run: fourth.ID, Owner: fourth.Owner, Outcome: full(), Events: deltas(2, 3), Sequence: 5}}}))
	f.NoError(whole.Ends[0].Err)
	f.Equal(append([]core.StreamEvent{started}, append(deltas(2, 3), full().Last(5))...), f.stream(fourth.ID))
	f.Equal(deltas(3, 2), storetest.Must[[]core.StreamEvent](f.t)(f.Events(f.ctx, fourth.ID, 2, 2)))
	prune := func(before time.Time) {
		f.t.Helper()
		for more := true; more; {
			f.NoError(f.Unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) (err error) {
				more, err = f.PruneStreams(ctx, before, 1)
				return err
			}))
		}
	}
	prune(now)
	f.Equal(5, len(f.stream(first.ID)))
	prune(now.Add(time.Hour))
	for _, r := range []core.Run{first, second} {
		left := f.stream(r.ID)
		f.Equal(1, len(left))
		f.Equal([]any{core.StepEnd, r.LastSequence}, []any{left[0].Step, left[0].Sequence})
	}
	f.Equal(5, len(f.stream(third.ID))) // behind one that is open
	storetest.Must[core.Run](f.t)(f.close(open, full()))
	prune(now.Add(time.Hour))
	f.Equal(1, len(f.stream(third.ID)))
	f.Equal([]core.StreamEvent{full().Last(5)}, f.stream(fourth.ID))
}
