package coretest

import (
	"context"
	"slices"
	"time"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/uow"
	"parley/platform/storetest"
)

// comment adds a comment of jo's.
func (f fixture) comment(run int64, text string, change ...func(*core.Comment)) core.Comment {
	f.t.Helper()
	c := core.Comment{RunID: run, UserID: jo, Comment: text, CreatedBy: "jo@example.com", CreatedOn: now}
	for _, ch := range change {
		ch(&c)
	}
	return storetest.Must[core.Comment](f.t)(f.AddComment(f.ctx, c))
}

// vote votes on a run and answers what is stored.
func (f fixture) vote(run, user int64, up bool, at time.Time) (core.Vote, bool) {
	f.t.Helper()
	v, changed, err := f.SetVote(f.ctx, core.Vote{RunID: run, UserID: user, IsUpvote: up, CreatedBy: "jo@example.com", CreatedOn: at})
	f.NoError(err)
	return v, changed
}

func (f fixture) commentsOf(runs ...int64) map[int64][]core.Comment {
	f.t.Helper()
	return storetest.Must[map[int64][]core.Comment](f.t)(f.Comments(f.ctx, runs))
}

func (f fixture) votesOf(runs ...int64) map[int64][]core.Vote {
	f.t.Helper()
	return storetest.Must[map[int64][]core.Vote](f.t)(f.Votes(f.ctx, runs))
}

func comments(f fixture) {
	a, b, c := f.running().ID, f.running().ID, f.running().ID
	first := f.comment(a, "It's “wrong” \\ 漢字")
	second := f.comment(a, "Or is it?", func(c *core.Comment) {
		c.UserID, c.CreatedBy, c.CreatedOn = ann, "ann@example.com", now.Add(-time.Hour)
	})
	other := f.comment(b, "Thanks.")
	if first.ID == 0 || second.ID <= first.ID {
		f.t.Errorf("ids %d and %d", first.ID, second.ID)
	}
	f.Equal(map[int64][]core.Comment{a: {first, second}, b: {other}}, f.commentsOf(a, b, c, 99999))
	f.Equal(0, len(f.commentsOf()))
	f.Equal(int64(2), storetest.Must[int64](f.t)(f.CountComments(f.ctx, a)))
	f.Equal(int64(0), storetest.Must[int64](f.t)(f.CountComments(f.ctx, c)))
}

func voting(f fixture) {
	run, other := f.running().ID, f.running().ID
	first, changed := f.vote(run, jo, false, now)
	f.Equal([]any{true, false, int64(1), now}, []any{changed, first.IsUpvote, first.Changes, first.CreatedOn})
	again, changed := f.vote(run, jo, false, now.Add(time.Hour))
	f.Equal([]any{first, false}, []any{again, changed})
	second, changed := f.vote(run, jo, true, now.Add(2*time.Hour))
	want := first
	want.IsUpvote, want.Changes, want.CreatedOn = true, 2, now.Add(2*time.Hour)
	f.Equal([]any{want, true}, []any{second, changed})
	anns, changed := f.vote(run, ann, false, now)
	f.Equal([]any{int64(1), true}, []any{anns.Changes, changed})
	elsewhere, _ := f.vote(other, jo, false, now)
	f.Equal(map[int64][]core.Vote{run: {second, anns}, other: {elsewhere}}, f.votesOf(run, other, 99999))
	f.Equal(0, len(f.votesOf()))
}

func votingAtOnce(f fixture) {
	run := f.running().ID
	changes := make(chan int64, 50)
	for _, err := range atOnce(func(i int) error {
		return f.Unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
			v, changed, err := f.SetVote(ctx, core.Vote{RunID: run, UserID: jo, IsUpvote: i%2 == 0, CreatedOn: now})
			if changed {
				changes <- v.Changes
			}
			return err
		})
	}) {
		f.NoError(err)
	}
	close(changes)
	seen := slices.Sorted(func(yield func(int64) bool) {
		for n := range changes {
			if !yield(n) {
				return
			}
		}
	})
	stored := f.votesOf(run)[run]
	f.Equal(1, len(stored))
	f.Equal(int64(len(seen)), stored[0].Changes)
	for i, n := range seen { // each change has a number of its own
		f.Equal(int64(i+1), n)
	}
}

func locking(f fixture) {
	r := f.running()
	lock := func(user, id int64) (got core.Run, err error) {
		err = f.Unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
			got, err = f.LockRun(ctx, user, id)
			return err
		})
		return got, err
	}
	f.Equal(r, storetest.Must[core.Run](f.t)(lock(jo, r.ID)))
	for _, c := range [][2]int64{{ann, r.ID}, {jo, 99999}} {
		_, err := lock(c[0], c[1])
		f.ErrorIs(err, core.ErrNotFound)
	}
	f.NoError(f.deleteRun(r.ID))
	_, err := lock(jo, r.ID)
	f.ErrorIs(err, core.ErrNotFound)
}

func deletingFeedback(f fixture) {
	mine, anns := f.running().ID, f.running(by(ann)).ID
	f.comment(mine, "Mine.")
	kept := f.comment(anns, "Ann's.", func(c *core.Comment) { c.UserID = ann })
	f.comment(anns, "Mine, on Ann's.")
	f.vote(mine, jo, true, now)
	f.vote(anns, jo, true, now)
	stays, _ := f.vote(anns, ann, false, now)
	f.NoError(f.Unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error { return f.DeleteUser(ctx, jo) }))
	f.Equal(map[int64][]core.Comment{anns: {kept}}, f.commentsOf(mine, anns))
	f.Equal(map[int64][]core.Vote{anns: {stays}}, f.votesOf(mine, anns))
}
