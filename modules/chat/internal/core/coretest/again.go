package coretest

import (
	"errors"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/storetest"
)

var errTaken = errors.New("the unit is taken back")

// unsure writes a batch in a unit that commits or not, as one that nobody knows
// the end of.
func (f fixture) unsure(commits bool, b core.Batch) core.Written {
	f.t.Helper()
	out, err := f.writeThen(b, func() error {
		if commits {
			return nil
		}
		return errTaken
	})
	if commits {
		f.NoError(err)
	} else {
		f.ErrorIs(err, errTaken)
	}
	return out
}

// again is a question as it comes after a unit that nobody knows the end of.
func again(p core.Accept, before core.Accepted) core.Accept {
	p.Run.ID = before.Run.ID
	return p
}

func questionsAgain(f fixture) {
	for _, commits := range []bool{true, false} {
		thread := f.thread()
		made := core.Thread{OrganizationID: 1, AgentID: agent, UserID: jo, Title: "What?", CreatedBy: "jo@example.com", CreatedOn: now, ModifiedOn: now}
		key := "k"
		if !commits {
			key = "another"
		}
		parts := []core.Accept{
			accept(newRun(thread.ID), core.Content{Question: "Bare?", Sources: "[]"}),
			accept(newRun(thread.ID, withKey(key)), core.Content{Question: "With a key?", Sources: "[]"}),
			{Thread: made, Run: newRun(0), Content: core.Content{Question: "In a thread of its own?", Sources: "[]"}, Events: []core.StreamEvent{started}},
		}
		first := f.unsure(commits, core.Batch{Now: now, Accepts: parts}).Accepts
		if !commits { // their ids may be another's by now
			f.run(newRun(thread.ID))
		}
		for i := range parts {
			parts[i] = again(parts[i], first[i])
		}
		second := storetest.Must[core.Written](f.t)(f.write(f.ctx, core.Batch{Now: now, Accepts: parts})).Accepts
		for i, got := range second {
			f.NoError(got.Err)
			f.Equal(commits, got.Before)
			f.Equal(got.Run, storetest.Must[core.Run](f.t)(f.Run(f.ctx, jo, got.Run.ID)))
			f.Equal(got.Run.ThreadID, got.Thread.ID)
			f.Equal(1, len(f.stream(got.Run.ID)))
			f.Equal(parts[i].Content.Question, storetest.Must[map[int64]core.Content](f.t)(f.Contents(f.ctx, []int64{got.Run.ID}))[got.Run.ID].Question)
			if commits {
				f.Equal(first[i].Run, got.Run)
			}
		}
		want := 2
		if !commits {
			want = 3
		}
		f.Equal(want, len(storetest.Must[page.Of[core.Run]](f.t)(f.RunsPage(f.ctx, thread.ID, page.Request{})).Items))
		f.Equal(1, len(storetest.Must[page.Of[core.Run]](f.t)(f.RunsPage(f.ctx, second[2].Thread.ID, page.Request{})).Items))
	}
}

// A question that came again is told as stored also when its thread has gone.
func questionsAgainOfDeleted(f fixture) {
	thread := f.thread()
	part := accept(newRun(thread.ID), core.Content{Question: "What?", Sources: "[]"})
	first := f.unsure(true, core.Batch{Now: now, Accepts: []core.Accept{part}}).Accepts[0]
	storetest.Must[core.Thread](f.t)(f.UpdateThread(f.ctx, jo, thread.ID, func(t *core.Thread) error { t.IsDeleted = true; return nil }))
	got := storetest.Must[core.Written](f.t)(f.write(f.ctx, core.Batch{Now: now, Accepts: []core.Accept{again(part, first), part}})).Accepts
	f.NoError(got[0].Err)
	f.Equal(true, got[0].Before)
	f.Equal(first.Run.ID, got[0].Run.ID)
	f.ErrorIs(got[1].Err, core.ErrNotFound)
}

func streamsAgain(f fixture) {
	for _, commits := range []bool{true, false} {
		r := f.running()
		part := core.Advance{Run: r.ID, Owner: here, Events: deltas(2, 3), Sequence: 4}
		f.NoError(f.unsure(commits, core.Batch{Now: now, Advances: []core.Advance{part}}).Advances[0])
		part.Again = true
		f.NoError(f.advance(part))
		f.NoError(f.advance(part))
		part.Events, part.Sequence = deltas(2, 5), 6 // with what came since
		f.NoError(f.advance(part))
		f.Equal(append([]core.StreamEvent{started}, deltas(2, 5)...), f.stream(r.ID))
		f.Equal(map[int64]int64{r.ID: 6}, storetest.Must[map[int64]int64](f.t)(f.Sequences(f.ctx, []int64{r.ID})))
		storetest.Must[core.Run](f.t)(f.close(r, full()))
		f.ErrorIs(f.advance(part), core.ErrNoLongerOurs)
	}
}

func endsAgain(f fixture) {
	o := full()
	for _, commits := range []bool{true, false} {
		r := f.running()
		f.NoError(f.extend(r.ID, here, deltas(2, 1)))
		part := core.End{Run: r.ID, Owner: here, Outcome: o, Events: deltas(2, 3), Sequence: 5, Again: true} // the first event is stored
		end := func(p core.End) core.Ended {
			f.t.Helper()
			return storetest.Must[core.Written](f.t)(f.write(f.ctx, core.Batch{Now: now, Ends: []core.End{p}})).Ends[0]
		}
		f.NoError(f.unsure(commits, core.Batch{Now: now, Ends: []core.End{part}}).Ends[0].Err)
		f.Equal(core.Ended{Before: commits}, end(part))
		f.Equal(core.Ended{Before: true}, end(part))
		f.Equal(append(append([]core.StreamEvent{started}, deltas(2, 3)...), o.Last(5)), f.stream(r.ID))
		f.Equal(o.Usage, storetest.Must[[]core.Metered](f.t)(f.Ledger(f.ctx, r.ID)))
		f.Equal(o.Answer, storetest.Must[map[int64]core.Content](f.t)(f.Contents(f.ctx, []int64{r.ID}))[r.ID].Answer)
		other := part
		other.Outcome.State = core.Interrupted
		f.ErrorIs(end(other).Err, core.ErrNoLongerOurs) // another end is not this one
		other = part
		other.Owner = there
		f.ErrorIs(end(other).Err, core.ErrNoLongerOurs)
		other = part
		other.Again = false
		f.ErrorIs(end(other).Err, core.ErrNoLongerOurs)
	}
	r := f.running()
	part := core.End{Run: r.ID, Owner: here, Outcome: o, Sequence: 2}
	f.NoError(f.DeleteUser(f.ctx, jo))
	f.unsure(true, core.Batch{Now: now, Ends: []core.End{part}})
	part.Again = true
	done := storetest.Must[core.Written](f.t)(f.write(f.ctx, core.Batch{Now: now, Ends: []core.End{part}}))
	f.Equal(core.Ended{Before: true, Deleted: true}, done.Ends[0])
	f.Equal(o.Usage, storetest.Must[[]core.Metered](f.t)(f.Ledger(f.ctx, r.ID)))
}
