package coretest

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"parley/modules/chat"
	"parley/modules/chat/internal/core"
	"parley/modules/corpora"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
)

// wholeContent is the long part of a question with every field set that is
// known before the answer.
func wholeContent() core.Content {
	return core.Content{
		Question: "Qu'est-ce que c'est? “漢字” \\ ' \"", Sources: "[]", History: []core.Turn{{User: "Who was first?", Bot: "Ada [1]."}},
		PromptPrefix: "You are kind.", Instructions: []string{"Be brief.", "Cite."},
		Options: core.Options{Model: "m-1", CorpusIDs: []int64{5, 6}, Top: 3, HideSources: true, SuggestFollowUps: true, Temperature: of(0.25)},
	}
}

// full is an outcome with every field set.
func full() core.Outcome {
	return core.Outcome{
		State: core.Completed, Answer: "It is “so” [2]. 漢字", SearchQuery: "what it is", Sources: "[0]", Model: "m-1",
		References: []core.Reference{{Number: 2, URL: "/api/document/11/content", Order: 0, Title: "Guide › It", DocumentID: 11}},
		FollowUps:  []string{"And why?"}, CorpusIDs: []int64{5, 6}, FinishReason: core.FinishLength,
		Thoughts: []core.Thought{
			{Order: 1, Step: "retrieval", Title: "Searched", Message: "Scored 2.", StartedOn: now, DurationMS: 12, Detail: json.RawMessage(`{"query":"what it is","ids":[1,2]}`)},
			{Order: 2, Step: "citations", Title: "Checked", Message: "One.", StartedOn: now.Add(time.Second), Detail: json.RawMessage(`null`)},
		},
		Support: []core.Support{
			{Number: 1, Passage: corpora.Passage{ChunkID: 21, DocumentID: 10, CorpusID: 5, Title: "Intro", URL: "/api/document/10/content", Text: "It was.", Score: 1.5}},
			{Number: 2, Passage: corpora.Passage{ChunkID: 22, DocumentID: 11, CorpusID: 6, Title: "Guide › It", URL: "/api/document/11/content", Text: "It is so.", Page: of(4), Score: 0.25}},
		},
		Usage: []core.Metered{
			{Usage: chat.Usage{Purpose: "query_rewriting", Model: "m-0", FreshInput: 30, Output: 4, CostNano: 1, UsageSource: "estimated"}},
			{Usage: chat.Usage{Purpose: "answer", Model: "m-1", FreshInput: 200, CachedInput: 100, Output: 30, Reasoning: 10, CostNano: 5000, UsageSource: "provider"},
				Raw: json.RawMessage(`{"prompt_tokens":300,"completion_tokens":40}`)},
		},
	}
}

func runRoundTrip(f fixture) {
	thread := f.thread().ID
	want := newRun(thread, withKey("k"), func(r *core.Run) {
		r.MessageID, r.Model, r.PromptTokens, r.CompletionTokens, r.CostNano, r.CacheHit = of("m"), "m-1", 1<<40, 2, 3, true
		r.EstimatedPrompt, r.CancelRequested = 12, true
	})
	content := wholeContent()
	got := must[core.Run](f)(f.add(want, content))
	want.ID = got.ID
	f.same(want, got)
	f.same(want, must[core.Run](f)(f.Run(f.ctx, jo, got.ID)))
	content.RunID = got.ID
	bare := f.run(newRun(thread))
	f.same(map[int64]core.Content{got.ID: content, bare.ID: {RunID: bare.ID, Question: "What is it?", Sources: "[]"}},
		must[map[int64]core.Content](f)(f.Contents(f.ctx, []int64{got.ID, bare.ID, 99999})))
	f.same(bare, must[core.Run](f)(f.Run(f.ctx, jo, bare.ID)))
	f.same([]core.StreamEvent{started}, f.stream(got.ID))
	f.same(0, len(must[map[int64]core.Content](f)(f.Contents(f.ctx, nil))))
	f.same(0, len(must[[]core.Thought](f)(f.Thoughts(f.ctx, got.ID))))
	f.same(0, len(must[[]core.Support](f)(f.Support(f.ctx, got.ID))))
}

func runPaging(f fixture) {
	thread := f.thread().ID
	a, b, c := f.run(newRun(thread)), f.run(newRun(thread)), f.run(newRun(thread))
	f.run(newRun(f.thread().ID))
	list := func(p page.Request) page.Of[core.Run] {
		f.t.Helper()
		return must[page.Of[core.Run]](f)(f.RunsPage(f.ctx, thread, p))
	}
	all := list(page.Request{})
	f.same([]core.Run{a, b, c}, all.Items)
	f.same(int64(3), all.Count)
	f.same([]core.Run{c}, list(page.Request{Number: 2, Size: 2}).Items)
	first := list(page.Request{Size: 2, ByCursor: true})
	f.same([]core.Run{a, b}, first.Items)
	last := list(page.Request{Size: 2, Cursor: first.NextCursor})
	f.same([]core.Run{c}, last.Items)
	f.same("", last.NextCursor)
	_, err := f.RunsPage(f.ctx, thread, page.Request{Cursor: "nonsense"})
	f.is(err, page.ErrCursor)
}

func keys(f fixture) {
	thread := f.thread().ID
	first := f.run(newRun(thread, withKey("k")))
	_, err := f.add(newRun(thread, withKey("k")), core.Content{Question: "Again?"})
	f.is(err, core.ErrInProgress)
	anns := f.run(newRun(thread, withKey("k"), by(ann)))
	f.run(newRun(thread, withKey("K")))
	f.run(newRun(thread))
	f.run(newRun(thread)) // any number without one
	f.same(first, must[core.Run](f)(f.RunByKey(f.ctx, jo, "k")))
	f.same(anns, must[core.Run](f)(f.RunByKey(f.ctx, ann, "k")))
	_, err = f.RunByKey(f.ctx, jo, "other")
	f.is(err, core.ErrNotFound)
	_, err = f.RunByKey(f.ctx, jo, "")
	f.is(err, core.ErrNotFound)
}

func keysAtOnce(f fixture) {
	thread := f.thread().ID
	f.oneWins(atOnce(func(i int) error {
		_, err := f.add(newRun(thread, withKey("k")), core.Content{Question: fmt.Sprintf("Question %d", i)})
		return err
	}), core.ErrInProgress)
	runs := must[page.Of[core.Run]](f)(f.RunsPage(f.ctx, thread, page.Request{})).Items
	f.same(1, len(runs))
	f.same(1, len(f.stream(runs[0].ID)))
}

func forgettingKeys(f fixture) {
	ended := func(key string, at time.Time) core.Run {
		r := f.running(withKey(key), func(r *core.Run) { r.CreatedOn = at })
		return must[core.Run](f)(f.close(r, core.Outcome{State: core.Failed, Sources: "[]"}))
	}
	old, fresh := ended("old", now.Add(-time.Hour)), ended("fresh", now)
	open := f.running(withKey("open"), func(r *core.Run) { r.CreatedOn = now.Add(-time.Hour) })
	f.ok(f.ForgetKeys(f.ctx, now))
	_, err := f.RunByKey(f.ctx, jo, "old")
	f.is(err, core.ErrNotFound)
	f.same(fresh, must[core.Run](f)(f.RunByKey(f.ctx, jo, "fresh")))
	f.same(open, must[core.Run](f)(f.RunByKey(f.ctx, jo, "open")))
	old.IdempotencyKey = nil
	f.same(old, must[core.Run](f)(f.Run(f.ctx, jo, old.ID)))
	f.run(newRun(old.ThreadID, withKey("old"))) // free again
}

func fencing(f fixture) {
	queued := f.run(newRun(f.thread().ID))
	f.ok(f.extend(queued.ID, here, deltas(2, 1)))
	f.same(core.InProgress, must[core.Run](f)(f.Run(f.ctx, jo, queued.ID)).State)
	r := f.running()
	f.is(f.extend(r.ID, there, deltas(2, 1)), core.ErrNoLongerOurs)
	f.is(f.extend(99999, here, deltas(2, 1)), core.ErrNoLongerOurs)
	f.ok(f.extend(r.ID, here, deltas(2, 2)))
	f.same(int64(3), must[core.Run](f)(f.Run(f.ctx, jo, r.ID)).LastSequence)
	must[core.Run](f)(f.close(r, full()))
	f.is(f.extend(r.ID, here, deltas(5, 1)), core.ErrNoLongerOurs)
	f.same(4, len(f.stream(r.ID)))
}

func events(f fixture) {
	r := f.running()
	whole := core.StreamEvent{Sequence: 2, Step: core.StepStream, Message: "m “漢”", Delta: " d\n", Code: "c", Details: "x"}
	f.ok(f.extend(r.ID, here, []core.StreamEvent{whole}))
	f.ok(f.extend(r.ID, here, deltas(3, 10)))
	f.ok(f.extend(r.ID, here, deltas(13, 10)))
	all := f.stream(r.ID)
	f.same(whole, all[1])
	for i, e := range all {
		f.same(int64(i+1), e.Sequence)
	}
	f.same(all[4:7], must[[]core.StreamEvent](f)(f.Events(f.ctx, r.ID, 4, 3)))
	f.same(all[20:], must[[]core.StreamEvent](f)(f.Events(f.ctx, r.ID, 20, 100)))
	f.same(0, len(must[[]core.StreamEvent](f)(f.Events(f.ctx, r.ID, 22, 100))))
	f.same(0, len(f.stream(99999)))
}

func closing(f fixture) {
	want := must[core.Run](f)(f.add(newRun(f.thread().ID, withKey("k")), wholeContent()))
	f.ok(f.begin(want.ID, here, core.Beginning{LeaseUntil: now.Add(time.Minute)}))
	f.ok(f.extend(want.ID, here, deltas(2, 2)))
	o := full()
	got := must[core.Run](f)(f.close(want, o))
	want.State, want.Model, want.PromptTokens, want.CompletionTokens, want.CostNano = core.Completed, "m-1", 330, 44, 5001
	want.FinishReason, want.ModifiedOn, want.LastSequence = core.FinishLength, now.Add(time.Second), 4
	f.same(want, got)
	f.same(want, must[core.Run](f)(f.Run(f.ctx, jo, want.ID)))

	content := wholeContent()
	content.RunID, content.Answer, content.SearchQuery, content.Sources = want.ID, o.Answer, o.SearchQuery, o.Sources
	content.References, content.FollowUps, content.CorpusIDs = o.References, o.FollowUps, o.CorpusIDs
	f.same(content, must[map[int64]core.Content](f)(f.Contents(f.ctx, []int64{want.ID}))[want.ID])
	f.same(o.Thoughts, must[[]core.Thought](f)(f.Thoughts(f.ctx, want.ID)))
	f.same(o.Support, must[[]core.Support](f)(f.Support(f.ctx, want.ID)))
	f.same(o.Usage, must[[]core.Metered](f)(f.Ledger(f.ctx, want.ID)))
	stream := f.stream(want.ID)
	f.same(o.Last(4), stream[len(stream)-1])
	f.same(core.StepEnd, stream[len(stream)-1].Step)
}

func closingFailed(f fixture) {
	r := f.running()
	o := core.Outcome{State: core.Failed, FailureCode: "chat.model_failed", FailureDetails: "The model broke off.", Sources: "[]", Answer: "Half an"}
	got := must[core.Run](f)(f.close(r, o))
	f.same([]any{core.Failed, o.FailureCode, o.FailureDetails, int64(0), int64(2)}, []any{got.State, got.FailureCode, got.FailureDetails, got.PromptTokens, got.LastSequence})
	f.same(core.StreamEvent{Sequence: 2, Step: core.StepError, Message: o.FailureDetails, Code: o.FailureCode, Details: o.FailureDetails}, f.stream(r.ID)[1])
	f.same("Half an", must[map[int64]core.Content](f)(f.Contents(f.ctx, []int64{r.ID}))[r.ID].Answer)
	f.same(0, len(must[[]core.Metered](f)(f.Ledger(f.ctx, r.ID))))
	f.same(0, len(must[[]core.Thought](f)(f.Thoughts(f.ctx, r.ID))))
}

func closingAtOnce(f fixture) {
	r := f.running()
	f.oneWins(atOnce(func(i int) error {
		o := full()
		o.Answer = fmt.Sprintf("Answer %d", i)
		_, err := f.close(r, o)
		return err
	}), core.ErrNoLongerOurs)
	f.same(2, len(f.stream(r.ID)))
	f.same(full().Usage, must[[]core.Metered](f)(f.Ledger(f.ctx, r.ID)))
	f.same(2, len(must[[]core.Support](f)(f.Support(f.ctx, r.ID))))
}

func ended(f fixture) {
	r := f.running()
	want := must[core.Run](f)(f.close(r, full()))
	_, err := f.close(r, core.Outcome{State: core.Failed, Sources: "[]"})
	f.is(err, core.ErrNoLongerOurs)
	f.is(f.begin(r.ID, here, core.Beginning{Model: "stub", EstimatedPrompt: 5, SearchQuery: "changed", LeaseUntil: now}), core.ErrNoLongerOurs)
	_, err = f.RequestCancel(f.ctx, jo, r.ID)
	f.is(err, core.ErrEnded)
	f.same(0, len(must[[]int64](f)(f.Renew(f.ctx, here, []int64{r.ID}, now.Add(time.Hour)))))
	f.same(want, must[core.Run](f)(f.Run(f.ctx, jo, r.ID)))
	f.same("what it is", must[map[int64]core.Content](f)(f.Contents(f.ctx, []int64{r.ID}))[r.ID].SearchQuery)

	other := f.running()
	other.Owner = there
	_, err = f.close(other, full())
	f.is(err, core.ErrNoLongerOurs)
	f.same(0, len(must[[]core.Metered](f)(f.Ledger(f.ctx, other.ID))))
	f.is(f.end(f.ctx, core.Run{ID: 99999, Owner: here}, full()), core.ErrNoLongerOurs)
}

func closingQueued(f fixture) {
	r := f.run(newRun(f.thread().ID))
	got := must[core.Run](f)(f.close(r, core.Outcome{State: core.Cancelled, FailureCode: "chat.cancelled", Sources: "[]"}))
	f.same(core.Cancelled, got.State)
	f.same(core.StepError, f.stream(r.ID)[1].Step)
}

func history(f fixture) {
	thread := f.thread().ID
	for i := range 5 {
		r := must[core.Run](f)(f.add(newRun(thread), core.Content{Question: fmt.Sprintf("q%d", i), Sources: "[]"}))
		state := core.Completed
		if i == 3 {
			state = core.Failed
		}
		must[core.Run](f)(f.close(r, core.Outcome{State: state, Answer: fmt.Sprintf("a%d", i), Sources: "[]"}))
	}
	f.run(newRun(thread)) // open
	turn := func(i int) core.Turn { return core.Turn{User: fmt.Sprintf("q%d", i), Bot: fmt.Sprintf("a%d", i)} }
	f.same([]core.Turn{turn(1), turn(2), turn(4)}, must[[]core.Turn](f)(f.History(f.ctx, thread, 3)))
	f.same([]core.Turn{turn(0), turn(1), turn(2), turn(4)}, must[[]core.Turn](f)(f.History(f.ctx, thread, 10)))
	f.same(0, len(must[[]core.Turn](f)(f.History(f.ctx, f.thread().ID, 10))))
	// A question is answered with what was said before it, in its own unit.
	f.ok(f.Unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		f.same(1, len(must[[]core.Turn](f)(f.History(ctx, thread, 1))))
		return nil
	}))
}

func batches(f fixture) {
	a, b, foreign := f.running(), f.running(), f.running(func(r *core.Run) { r.Owner = there })
	taken := f.run(newRun(a.ThreadID, withKey("k")))
	o := full()
	done := must[core.Written](f)(f.write(f.ctx, core.Batch{
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
		f.is(done.Accepts[i].Err, want)
	}
	for i, want := range []error{core.ErrNoLongerOurs, nil} {
		f.is(done.Advances[i], want)
		f.same(core.Ended{Err: want}, done.Ends[i])
	}
	first, other := done.Accepts[0].Run, done.Accepts[3].Run
	f.same(first, must[core.Run](f)(f.Run(f.ctx, jo, first.ID)))
	f.same(other, must[core.Run](f)(f.RunByKey(f.ctx, jo, "other")))
	f.same(taken, must[core.Run](f)(f.RunByKey(f.ctx, jo, "k")))
	if first.ID >= other.ID || other.ID <= taken.ID {
		f.t.Errorf("a later question has a lower id: %d, %d, %d", taken.ID, first.ID, other.ID)
	}
	contents := must[map[int64]core.Content](f)(f.Contents(f.ctx, []int64{first.ID, other.ID, b.ID}))
	f.same([]string{"First?", wholeContent().Question, o.Answer}, []string{contents[first.ID].Question, contents[other.ID].Question, contents[b.ID].Answer})
	f.same([]int{4, 4, 1, 1, 1}, []int{len(f.stream(a.ID)), len(f.stream(b.ID)), len(f.stream(foreign.ID)), len(f.stream(first.ID)), len(f.stream(other.ID))})
	f.same(o.Usage, must[[]core.Metered](f)(f.Ledger(f.ctx, b.ID)))
	f.same(map[int64]int64{a.ID: 4, b.ID: 4, foreign.ID: 1}, must[map[int64]int64](f)(f.Sequences(f.ctx, []int64{a.ID, b.ID, foreign.ID, 99999})))
	f.same(core.Written{}, must[core.Written](f)(f.write(f.ctx, core.Batch{Now: now})))
}

func acceptingThreads(f fixture) {
	ask := func(t core.Thread) core.Accepted {
		f.t.Helper()
		done := must[core.Written](f)(f.write(f.ctx, core.Batch{Now: now.Add(time.Hour), Accepts: []core.Accept{{Thread: t, Run: newRun(t.ID), Content: core.Content{Question: "What?", Sources: "[]"}, Events: []core.StreamEvent{started}}}}))
		return done.Accepts[0]
	}
	made := ask(core.Thread{OrganizationID: 1, AgentID: agent, UserID: jo, Title: "What?", QuerySource: of("teams"), CreatedBy: "jo@example.com", CreatedOn: now, ModifiedOn: now})
	f.ok(made.Err)
	f.same(made.Thread, must[core.Thread](f)(f.Thread(f.ctx, jo, made.Thread.ID)))
	f.same(made.Thread.ID, made.Run.ThreadID)

	fresh := f.thread()
	fresh.Title, fresh.ModifiedBy, fresh.ModifiedOn = "What?", "jo@example.com", now.Add(time.Hour)
	f.same(fresh, ask(fresh).Thread)
	f.same(fresh, must[core.Thread](f)(f.Thread(f.ctx, jo, fresh.ID)))
	again := fresh
	again.Title = "Another title"
	f.same("What?", ask(again).Thread.Title) // it has one

	foreign := fresh
	foreign.UserID = ann
	f.is(ask(foreign).Err, core.ErrNotFound)
	f.is(ask(f.thread(func(t *core.Thread) { t.IsDeleted = true })).Err, core.ErrNotFound)
}
