package coretest

import (
	"context"
	"math"
	"slices"
	"time"

	"parley/modules/chat"
	"parley/modules/chat/internal/core"
	"parley/modules/corpora"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/storetest"
)

// said stores an answered question, an hour after the one before.
func (f fixture) said(hour int, question, answer string, change ...func(*core.Run)) core.Run {
	f.t.Helper()
	change = append([]func(*core.Run){func(r *core.Run) { r.CreatedOn = now.Add(time.Duration(hour) * time.Hour); r.State = core.InProgress }}, change...)
	r, err := f.add(f.newRun(change...), core.Content{Question: question, Sources: "[]"})
	f.NoError(err)
	r = storetest.Must[core.Run](f.t)(f.close(r, core.Outcome{State: core.Completed, Answer: answer, Sources: "[]", Usage: []core.Metered{{Usage: chat.Usage{Cost: "0"}}}}))
	return r
}

// find answers the ids that a filter finds, by parts of a size.
func (f fixture) find(size int, filter core.AnsweredFilter) []int64 {
	f.t.Helper()
	filter.AgentID = agent
	ids := []int64{}
	for behind, more := (page.Key{}), true; more; {
		part, err := f.Answered(f.ctx, filter, core.WordsOf(filter.Text, ""), behind, size)
		f.NoError(err)
		for _, r := range part.Runs {
			ids = append(ids, r.ID)
		}
		behind, more = part.End, part.More
	}
	return ids
}

// index takes the words of some answers into the index that wait for it.
func (f fixture) index(limit int) (more bool) {
	f.t.Helper()
	f.NoError(f.Unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) (err error) {
		more, err = f.IndexWaiting(ctx, math.MaxInt64, limit)
		return err
	}))
	return more
}

// Subset expects ids among what was found: texts that are not indexed are
// found by any word.
func (f fixture) Subset(found []int64, ids ...int64) {
	f.t.Helper()
	for _, id := range ids {
		f.Equal(true, slices.Contains(found, id))
	}
}

func vote(v int64) *int64 { return &v }

func answered(f fixture) {
	a := f.said(1, "How is the warp coil changed?", "Every year [1].")
	b := f.said(2, "Who changes coils?", "The engineer.", by(ann))
	c := f.said(3, "Is it green?", "The coil is green.")
	d := f.said(3, "Where is it?", "In room 3.14.")
	f.said(4, "Of a test?", "The coil.", func(r *core.Run) { r.QuerySource = core.SourceEvaluation })
	f.said(4, "Of another agent?", "The coil.", func(r *core.Run) { r.AgentID = 99 })
	failed := f.running()
	storetest.Must[core.Run](f.t)(f.close(failed, core.Outcome{State: core.Failed, Sources: "[]"}))
	f.running()
	f.vote(b.ID, ann, true, now)
	f.vote(c.ID, jo, true, now)
	f.vote(c.ID, jo, false, now)

	for _, size := range []int{0, 1, 2, 3, 100} {
		if size == 0 { // nothing is indexed yet
			f.Subset(f.find(1, core.AnsweredFilter{Text: "coil"}), a.ID, b.ID, c.ID)
			f.Subset(f.find(10, core.AnsweredFilter{Text: "coil"}), a.ID, b.ID, c.ID)
			f.index(1)
			f.NoError(f.Unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error { // one was indexed meanwhile
				return f.IndexWords(ctx, []core.AnswerWords{
					{RunID: a.ID, AgentID: agent, Words: core.WordsOf("How is the warp coil changed?", "Every year [1].")},
					{RunID: b.ID, AgentID: agent, Words: core.WordsOf("Who changes coils?", "The engineer.")},
				})
			}))
			f.Subset(f.find(2, core.AnsweredFilter{Text: "coil"}), a.ID, b.ID, c.ID)
			for f.index(2) {
			}
			continue
		}
		for name, is := range map[string]struct {
			core.AnsweredFilter
			want []int64
		}{
			"all":                       {core.AnsweredFilter{}, []int64{d.ID, c.ID, b.ID, a.ID}},
			"from a moment":             {core.AnsweredFilter{From: b.CreatedOn}, []int64{d.ID, c.ID, b.ID}},
			"until before a moment":     {core.AnsweredFilter{To: c.CreatedOn}, []int64{b.ID, a.ID}},
			"of an hour":                {core.AnsweredFilter{From: b.CreatedOn, To: c.CreatedOn}, []int64{b.ID}},
			"liked":                     {core.AnsweredFilter{Vote: vote(core.Upvote)}, []int64{b.ID}},
			"disliked":                  {core.AnsweredFilter{Vote: vote(core.Downvote)}, []int64{c.ID}},
			"without a vote":            {core.AnsweredFilter{Vote: vote(core.NoVote)}, []int64{d.ID, a.ID}},
			"a word, in any inflection": {core.AnsweredFilter{Text: "Coils"}, []int64{c.ID, b.ID, a.ID}},
			"two words":                 {core.AnsweredFilter{Text: "green COIL"}, []int64{c.ID}},
			"a number":                  {core.AnsweredFilter{Text: "3.14"}, []int64{d.ID}},
			"words of nobody":           {core.AnsweredFilter{Text: "coil nobody"}, []int64{}},
			"a word and a time":         {core.AnsweredFilter{Text: "coil", From: b.CreatedOn, To: c.CreatedOn}, []int64{b.ID}},
			"a word and no vote":        {core.AnsweredFilter{Text: "coil", Vote: vote(core.NoVote)}, []int64{a.ID}},
		} {
			got := f.find(size, is.AnsweredFilter)
			if f.t.Failed() {
				return
			}
			f.Equal(is.want, got)
			if f.t.Failed() {
				f.t.Fatalf("%s, by %d", name, size)
			}
		}
	}
	// With a vote that few have, who asks looks at the texts.
	f.Equal(true, slices.Contains(f.find(10, core.AnsweredFilter{Text: "coil", Vote: vote(core.Upvote)}), b.ID))

	byID := storetest.Must[[]core.AnsweredRun](f.t)(f.AnsweredByID(f.ctx, agent, []int64{d.ID, a.ID, failed.ID, 99999}))
	f.Equal([]core.AnsweredRun{{ID: a.ID, ThreadID: a.ThreadID, UserID: jo, CreatedOn: a.CreatedOn}, {ID: d.ID, ThreadID: d.ThreadID, UserID: jo, CreatedOn: d.CreatedOn}}, byID)
	f.Equal(0, len(storetest.Must[[]core.AnsweredRun](f.t)(f.AnsweredByID(f.ctx, 99, []int64{a.ID}))))

	f.NoError(f.Unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error { return f.DeleteRun(ctx, jo, c.ID) }))
	f.NoError(f.Unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error { return f.DeleteUser(ctx, ann) }))
	f.Equal([]int64{d.ID, a.ID}, f.find(10, core.AnsweredFilter{}))
	f.Equal([]int64{a.ID}, f.find(10, core.AnsweredFilter{Text: "coil"}))
}

func sources(f fixture) {
	thread := f.thread().ID
	give := func(thread int64, documents ...int64) core.AnsweredRun {
		r := f.run(newRun(thread, func(r *core.Run) { r.State = core.InProgress }))
		o := core.Outcome{State: core.Completed, Sources: "[]"}
		for i, d := range documents {
			o.Support = append(o.Support, core.Support{Number: i + 1, Passage: corpora.Passage{DocumentID: d}})
		}
		storetest.Must[core.Run](f.t)(f.close(r, o))
		return core.AnsweredRun{ID: r.ID, ThreadID: thread}
	}
	first, second, third := give(thread, 12, 11, 12), give(thread), give(thread, 13)
	other := give(f.thread().ID, 14)
	f.Equal(map[int64][]int64{second.ID: {11, 12}, third.ID: {11, 12, 13}, other.ID: {14}},
		storetest.Must[map[int64][]int64](f.t)(f.Sources(f.ctx, []core.AnsweredRun{second, third, other})))
	f.Equal(map[int64][]int64{first.ID: {11, 12}}, storetest.Must[map[int64][]int64](f.t)(f.Sources(f.ctx, []core.AnsweredRun{first})))
}
