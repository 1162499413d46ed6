package coretest

import (
	"context"
	"errors"
	"time"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/storetest"
)

func (f fixture) deleteRun(run int64) error {
	return f.Unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error { return f.DeleteRun(ctx, jo, run) })
}

func (f fixture) deleteThread(user, thread int64) (was core.Thread, err error) {
	err = f.Unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		was, err = f.DeleteThread(ctx, user, thread, "jo@example.com", now.Add(time.Hour))
		return err
	})
	return was, err
}

// answered is a run with its answer, its thoughts and what was said about it.
func (f fixture) answered(r core.Run) core.Run {
	f.t.Helper()
	r = storetest.Must[core.Run](f.t)(f.add(r, wholeContent()))
	r = storetest.Must[core.Run](f.t)(f.close(r, full()))
	f.comment(r.ID, "Thanks.")
	f.vote(r.ID, jo, true, now)
	return r
}

// noText checks that nothing is left of runs but figures.
func (f fixture) noText(runs ...int64) {
	f.t.Helper()
	for _, id := range runs {
		_, err := f.Run(f.ctx, jo, id)
		f.ErrorIs(err, core.ErrNotFound)
		_, err = f.RequestCancel(f.ctx, jo, id)
		f.ErrorIs(err, core.ErrNotFound)
		f.Equal(0, len(f.stream(id)))
		f.Equal(0, len(storetest.Must[[]core.Thought](f.t)(f.Thoughts(f.ctx, id))))
		f.Equal(0, len(storetest.Must[[]core.Support](f.t)(f.Support(f.ctx, id))))
	}
	f.Equal(0, len(storetest.Must[map[int64]core.Content](f.t)(f.Contents(f.ctx, runs))))
	f.Equal(0, len(f.commentsOf(runs...)))
	f.Equal(0, len(storetest.Must[map[int64]int64](f.t)(f.Sequences(f.ctx, runs))))
}

func deletingThread(f fixture) {
	thread := f.thread(func(t *core.Thread) { t.CorpusID, t.ChatID = of(int64(9)), of("chat-1") })
	done, open, elsewhere := f.answered(newRun(thread.ID, withKey("k"))), f.run(newRun(thread.ID)), f.answered(newRun(f.thread().ID))
	thread = storetest.Must[core.Thread](f.t)(f.Thread(f.ctx, jo, thread.ID))
	for _, c := range [][2]int64{{ann, thread.ID}, {jo, 99999}} {
		_, err := f.deleteThread(c[0], c[1])
		f.ErrorIs(err, core.ErrNotFound)
	}
	f.Equal(thread, storetest.Must[core.Thread](f.t)(f.deleteThread(jo, thread.ID)))
	_, err := f.deleteThread(jo, thread.ID)
	f.ErrorIs(err, core.ErrNotFound)

	f.noText(done.ID, open.ID)
	_, err = f.Thread(f.ctx, jo, thread.ID)
	f.ErrorIs(err, core.ErrNotFound)
	_, err = f.UpdateThread(f.ctx, jo, thread.ID, func(*core.Thread) error { return nil })
	f.ErrorIs(err, core.ErrNotFound)
	f.Equal(1, len(storetest.Must[page.Of[core.Thread]](f.t)(f.ThreadsPage(f.ctx, jo, agent, "", page.Request{})).Items))
	f.Equal(0, len(storetest.Must[page.Of[core.Run]](f.t)(f.RunsPage(f.ctx, thread.ID, page.Request{})).Items))
	f.Equal(0, len(storetest.Must[[]core.Turn](f.t)(f.History(f.ctx, thread.ID, 10))))

	// What stays: figures, the vote, the key, and that the open one is to end.
	f.Equal(full().Usage, storetest.Must[[]core.Metered](f.t)(f.Ledger(f.ctx, done.ID)))
	f.Equal(1, len(f.votesOf(done.ID)[done.ID]))
	kept := storetest.Must[core.Run](f.t)(f.RunByKey(f.ctx, jo, "k"))
	f.Equal([]any{true, done.PromptTokens, false}, []any{kept.IsDeleted, kept.PromptTokens, kept.CancelRequested})
	f.Equal([]int64{open.ID}, storetest.Must[[]int64](f.t)(f.Renew(f.ctx, here, []int64{open.ID}, now.Add(time.Hour))))
	f.Equal(elsewhere, storetest.Must[core.Run](f.t)(f.Run(f.ctx, jo, elsewhere.ID)))
	f.Equal([]int{3, 1}, []int{len(f.stream(elsewhere.ID)) + 1, len(f.commentsOf(elsewhere.ID)[elsewhere.ID])})
}

func deletingRun(f fixture) {
	thread := f.thread().ID
	gone, stays := core.Turn{User: wholeContent().Question, Bot: full().Answer}, core.Turn{User: "And?", Bot: "So."}
	keeping := func(history ...core.Turn) int64 {
		c := core.Content{Question: "Later?", Sources: "[]", History: history}
		return storetest.Must[core.Run](f.t)(f.add(newRun(thread), c)).ID
	}
	before := keeping(gone, stays)
	run := f.answered(newRun(thread))
	var after []int64
	for range 101 { // more than are looked at in one statement
		after = append(after, keeping(gone, stays))
	}
	without, bare := keeping(stays), keeping()
	_, err := f.Run(f.ctx, jo, run.ID)
	f.NoError(err)
	f.ErrorIs(f.Unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error { return f.DeleteRun(ctx, ann, run.ID) }), core.ErrNotFound)
	f.NoError(f.deleteRun(run.ID))
	f.ErrorIs(f.deleteRun(run.ID), core.ErrNotFound)
	f.noText(run.ID)
	f.Equal(0, len(storetest.Must[[]core.Turn](f.t)(f.History(f.ctx, thread, 10))))
	f.Equal(full().Usage, storetest.Must[[]core.Metered](f.t)(f.Ledger(f.ctx, run.ID)))
	contents := storetest.Must[map[int64]core.Content](f.t)(f.Contents(f.ctx, append(after, before, without, bare)))
	f.Equal([]core.Turn{gone, stays}, contents[before].History) // its own, from before
	for _, id := range append(after, without) {
		if !f.Equal([]core.Turn{stays}, contents[id].History) {
			break
		}
	}
	f.Equal(0, len(contents[bare].History))
	_, err = f.Thread(f.ctx, jo, thread)
	f.NoError(err)
}

func deletingAndAccepting(f fixture) {
	for range 5 {
		thread := f.thread()
		asked := make(chan core.Accepted, 10)
		deleted := make(chan error, 1)
		for range cap(asked) {
			go func() {
				done, err := f.write(f.ctx, core.Batch{Now: now, Accepts: []core.Accept{accept(newRun(thread.ID), wholeContent())}})
				if err != nil {
					asked <- core.Accepted{Err: err}
					return
				}
				asked <- done.Accepts[0]
			}()
		}
		go func() {
			_, err := f.deleteThread(jo, thread.ID)
			deleted <- err
		}()
		var accepted []int64
		for range cap(asked) {
			if a := <-asked; a.Err == nil {
				accepted = append(accepted, a.Run.ID)
			} else {
				f.ErrorIs(a.Err, core.ErrNotFound)
			}
		}
		f.NoError(<-deleted)
		f.noText(accepted...) // what came before went with the thread
	}
}

func acceptingStale(f fixture) {
	read := f.thread()
	f.run(newRun(read.ID))
	one := storetest.Must[core.Thread](f.t)(f.UpdateThread(f.ctx, jo, read.ID, func(t *core.Thread) error { t.Deletions++; return nil }))
	f.Equal(int64(1), one.Deletions)
	ask := func(threads ...core.Thread) []core.Accepted {
		b := core.Batch{Now: now.Add(time.Hour)}
		for _, t := range threads {
			part := accept(newRun(t.ID), wholeContent())
			part.Thread = t
			b.Accepts = append(b.Accepts, part)
		}
		return storetest.Must[core.Written](f.t)(f.write(f.ctx, b)).Accepts
	}
	f.ErrorIs(ask(read)[0].Err, core.ErrNotFound)
	f.Equal(one, storetest.Must[core.Thread](f.t)(f.Thread(f.ctx, jo, read.ID)))
	f.Equal(1, len(storetest.Must[page.Of[core.Run]](f.t)(f.RunsPage(f.ctx, read.ID, page.Request{})).Items))
	both := ask(read, one, read) // together with one that knows
	f.ErrorIs(both[0].Err, core.ErrNotFound)
	f.NoError(both[1].Err)
	f.ErrorIs(both[2].Err, core.ErrNotFound)
	f.Equal(2, len(storetest.Must[page.Of[core.Run]](f.t)(f.RunsPage(f.ctx, read.ID, page.Request{})).Items))
}

func closingDeletedRun(f fixture) {
	r := f.running(withKey("k"))
	f.NoError(f.deleteRun(r.ID))
	f.ErrorIs(f.extend(r.ID, here, deltas(2, 3)), core.ErrDeleted)
	o := full()
	o.State, o.FailureCode, o.FailureDetails = core.Cancelled, core.ErrDeleted.Code, "It quoted the secret words."
	done := storetest.Must[core.Written](f.t)(f.write(f.ctx, core.Batch{Now: now, Ends: []core.End{{Run: r.ID, Owner: here, Outcome: o, Sequence: 2}}}))
	f.Equal([]core.Ended{{Deleted: true}}, done.Ends)
	f.noText(r.ID)
	f.Equal(o.Usage, storetest.Must[[]core.Metered](f.t)(f.Ledger(f.ctx, r.ID)))
	kept := storetest.Must[core.Run](f.t)(f.RunByKey(f.ctx, jo, "k"))
	f.Equal([]any{true, core.Cancelled, "", int64(330)}, []any{kept.IsDeleted, kept.State, kept.FailureDetails, kept.PromptTokens})
	f.ErrorIs(f.end(f.ctx, r, o), core.ErrNoLongerOurs)
}

func rollbackOfDeletion(f fixture) {
	thread := f.thread()
	run := f.answered(newRun(thread.ID))
	thread = storetest.Must[core.Thread](f.t)(f.Thread(f.ctx, jo, thread.ID))
	boom := errors.New("boom")
	f.ErrorIs(f.Unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		f.NoError(f.DeleteRun(ctx, jo, run.ID))
		_, err := f.DeleteThread(ctx, jo, thread.ID, "jo@example.com", now)
		f.NoError(err)
		return boom
	}), boom)
	f.Equal(thread, storetest.Must[core.Thread](f.t)(f.Thread(f.ctx, jo, thread.ID)))
	f.Equal(run, storetest.Must[core.Run](f.t)(f.Run(f.ctx, jo, run.ID)))
	f.Equal(2, len(f.stream(run.ID)))
	f.Equal(1, len(f.commentsOf(run.ID)[run.ID]))
}
