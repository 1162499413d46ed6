package coretest

import (
	"sync"
	"time"

	"parley/modules/agents/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/storetest"
)

func (f fixture) addBookmark(k core.Kind, user, agent int64, after time.Duration) core.Bookmark {
	f.t.Helper()
	return storetest.Must[core.Bookmark](f.t)(f.AddBookmark(f.ctx, k, core.Bookmark{OrganizationID: 1, UserID: user, AgentID: agent, CreatedOn: now.Add(after)}))
}

// bookmarked lists the agents of user 1's bookmarks.
func (f fixture) bookmarked(k core.Kind) []int64 {
	f.t.Helper()
	v := all
	v.UserID = 1
	ids := []int64{}
	for _, m := range storetest.Must[page.Of[core.Bookmark]](f.t)(f.BookmarksPage(f.ctx, k, v, page.Request{})).Items {
		ids = append(ids, m.AgentID)
	}
	return ids
}

func seeding(f fixture) {
	var wg sync.WaitGroup
	for range 10 {
		wg.Go(func() { f.seed(2) })
	}
	wg.Wait()
	types := storetest.Must[[]core.Type](f.t)(f.Types(f.ctx, 2))
	if len(types) != 2 || types[0].Name != "QnA" || types[1].Name != "Custom" || types[0].Description != "a" || !types[0].CreatedOn.Equal(now) {
		f.t.Errorf("got %+v", types)
	}
}

func bookmarking(f fixture) {
	a := f.agent()
	first := f.addBookmark(core.Recent, 1, a.ID, 0)
	f.Equal(core.Bookmark{ID: first.ID, OrganizationID: 1, UserID: 1, AgentID: a.ID, CreatedOn: now}, first)
	moved := f.addBookmark(core.Recent, 1, a.ID, time.Hour)
	f.Equal(core.Bookmark{ID: first.ID, OrganizationID: 1, UserID: 1, AgentID: a.ID, CreatedOn: now.Add(time.Hour)}, moved)
	f.Equal(moved, f.addBookmark(core.Recent, 1, a.ID, time.Minute))
	f.Equal([]int64{a.ID}, f.bookmarked(core.Recent))
	f.Equal([]int64{}, f.bookmarked(core.Starred))
	f.Equal(int64(1), storetest.Must[int64](f.t)(f.CountBookmarks(f.ctx, core.Recent, 1)))
	f.Equal(int64(0), storetest.Must[int64](f.t)(f.CountBookmarks(f.ctx, core.Starred, 1)))
}

func bookmarkOrder(f fixture) {
	a, b, c := f.agent(), f.agent(), f.agent()
	f.addBookmark(core.Starred, 1, a.ID, time.Minute)
	f.addBookmark(core.Starred, 1, b.ID, time.Hour)
	f.addBookmark(core.Starred, 1, c.ID, 0)
	f.addBookmark(core.Starred, 2, c.ID, 2*time.Hour)
	f.Equal([]int64{b.ID, a.ID, c.ID}, f.bookmarked(core.Starred))
	v := core.Visible{OrganizationID: 1, UserID: 1, All: true}
	first := storetest.Must[page.Of[core.Bookmark]](f.t)(f.BookmarksPage(f.ctx, core.Starred, v, page.Request{Size: 2, ByCursor: true}))
	rest := storetest.Must[page.Of[core.Bookmark]](f.t)(f.BookmarksPage(f.ctx, core.Starred, v, page.Request{Size: 2, Cursor: first.NextCursor}))
	f.Equal(1, len(rest.Items))
	f.Equal(c.ID, rest.Items[0].AgentID)
	f.Equal(int64(3), storetest.Must[page.Of[core.Bookmark]](f.t)(f.BookmarksPage(f.ctx, core.Starred, v, page.Request{Size: 2})).Count)
}

func bookmarksVisible(f fixture) {
	public := f.agent(func(a *core.Agent) { a.UserID, a.Access = 5, core.Public })
	hidden := f.agent(func(a *core.Agent) { a.UserID = 5 })
	f.addBookmark(core.Recent, 1, hidden.ID, time.Hour)
	f.addBookmark(core.Recent, 1, public.ID, 0)
	seen := storetest.Must[page.Of[core.Bookmark]](f.t)(f.BookmarksPage(f.ctx, core.Recent, core.Visible{OrganizationID: 1, UserID: 1}, page.Request{}))
	f.Equal(int64(1), seen.Count)
	f.Equal(public.ID, seen.Items[0].AgentID)
}

func trimming(f fixture) {
	a, b, c := f.agent(), f.agent(), f.agent()
	for i, id := range []int64{b.ID, c.ID, a.ID} {
		f.addBookmark(core.Recent, 1, id, time.Duration(i)*time.Minute)
		f.addBookmark(core.Recent, 2, id, 0)
		f.addBookmark(core.Starred, 1, id, 0)
	}
	f.addBookmark(core.Recent, 3, a.ID, 0)
	f.ErrorIs(f.Trim(f.ctx, core.Recent, []int64{1, 3}, 2), nil)
	f.Equal(int64(1), storetest.Must[int64](f.t)(f.CountBookmarks(f.ctx, core.Recent, 3)))
	f.Equal([]int64{a.ID, c.ID}, f.bookmarked(core.Recent))
	f.Equal(int64(3), storetest.Must[int64](f.t)(f.CountBookmarks(f.ctx, core.Recent, 2)))
	f.Equal(3, len(f.bookmarked(core.Starred)))
}

func recents(f fixture) {
	a, b := f.agent(), f.agent()
	f.addBookmark(core.Recent, 1, a.ID, time.Hour)
	at := func(user, agent int64, after time.Duration) core.Question {
		return core.Question{OrganizationID: 1, UserID: user, AgentID: agent, AskedOn: now.Add(after)}
	}
	f.ErrorIs(f.NoteQuestions(f.ctx, []core.Question{at(1, a.ID, 0), at(1, b.ID, time.Minute), at(2, b.ID, 0)}, 20), nil)
	f.ErrorIs(f.NoteQuestions(f.ctx, nil, 20), nil)
	f.Equal([]int64{a.ID, b.ID}, f.bookmarked(core.Recent))
	f.ErrorIs(f.NoteQuestions(f.ctx, []core.Question{at(1, b.ID, 2*time.Hour)}, 20), nil)
	f.Equal([]int64{b.ID, a.ID}, f.bookmarked(core.Recent))
	f.Equal(int64(1), storetest.Must[int64](f.t)(f.CountBookmarks(f.ctx, core.Recent, 2)))
	f.Equal([]int64{}, f.bookmarked(core.Starred))
	f.ErrorIs(f.NoteQuestions(f.ctx, []core.Question{at(1, a.ID, 3*time.Hour), at(3, a.ID, 0)}, 1), nil)
	f.Equal([]int64{a.ID}, f.bookmarked(core.Recent)) // the newest of theirs
	f.Equal(int64(1), storetest.Must[int64](f.t)(f.CountBookmarks(f.ctx, core.Recent, 2)))
	f.Equal(true, storetest.Must[bool](f.t)(f.HasRun(f.ctx, 1, b.ID)))
}

func recentsAgain(f fixture) {
	a, b := f.agent(), f.agent()
	at := func(user, agent int64, after time.Duration) core.Question {
		return core.Question{OrganizationID: 1, UserID: user, AgentID: agent, AskedOn: now.Add(after)}
	}
	again := func(asked ...core.Question) []core.Question {
		return storetest.Must[[]core.Question](f.t)(f.NoteAgain(f.ctx, asked))
	}
	first := []core.Question{at(1, a.ID, 0), at(1, b.ID, time.Minute)}
	f.Equal(first, again(first...))
	f.Equal([]int64{}, f.bookmarked(core.Recent))
	f.ErrorIs(f.NoteQuestions(f.ctx, first, 20), nil)
	f.Equal([]int64{b.ID, a.ID}, f.bookmarked(core.Recent))
	f.Equal([]core.Question{at(2, a.ID, 0)}, again(at(1, a.ID, time.Hour), at(1, b.ID, time.Second), at(2, a.ID, 0)))
	f.Equal([]int64{a.ID, b.ID}, f.bookmarked(core.Recent))
	f.Equal(0, len(again(at(1, b.ID, 30*time.Minute)))) // an earlier question moves nothing back
	f.Equal(0, len(again(at(1, a.ID, 0))))
	f.Equal([]int64{a.ID, b.ID}, f.bookmarked(core.Recent))
	f.Equal(0, len(again()))
	f.addBookmark(core.Recent, 3, a.ID, 0) // without a run
	f.Equal([]core.Question{at(3, a.ID, time.Hour)}, again(at(3, a.ID, time.Hour)))
	f.ErrorIs(f.RemoveBookmark(f.ctx, core.Recent, 1, a.ID), nil)
	f.Equal([]core.Question{at(1, a.ID, 2*time.Hour)}, again(at(1, a.ID, 2*time.Hour)))
	f.ErrorIs(f.ForgetUser(f.ctx, 1), nil)
	f.Equal([]core.Question{at(1, b.ID, 2*time.Hour)}, again(at(1, b.ID, 2*time.Hour)))
}

func removingBookmarks(f fixture) {
	a, b := f.agent(), f.agent()
	for _, k := range []core.Kind{core.Recent, core.Starred} {
		for _, user := range []int64{1, 2} {
			f.addBookmark(k, user, a.ID, 0)
			f.addBookmark(k, user, b.ID, 0)
		}
	}
	for _, id := range []int64{a.ID, a.ID, 99} { // none is no error
		if err := f.RemoveBookmark(f.ctx, core.Recent, 1, id); err != nil {
			f.t.Fatal(err)
		}
	}
	f.Equal([]int64{b.ID}, f.bookmarked(core.Recent))
	f.Equal(2, len(f.bookmarked(core.Starred)))
	if err := f.ForgetUser(f.ctx, 1); err != nil {
		f.t.Fatal(err)
	}
	f.Equal(0, len(f.bookmarked(core.Recent))+len(f.bookmarked(core.Starred)))
	for _, k := range []core.Kind{core.Recent, core.Starred} {
		f.Equal(int64(2), storetest.Must[int64](f.t)(f.CountBookmarks(f.ctx, k, 2)))
	}
}

func bookmarkingAtOnce(f fixture) {
	a := f.agent()
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			_, err := f.AddBookmark(f.ctx, core.Starred, core.Bookmark{OrganizationID: 1, UserID: 1, AgentID: a.ID, CreatedOn: now.Add(time.Duration(i) * time.Second)})
			if err != nil {
				f.t.Error(err)
			}
		})
	}
	wg.Wait()
	f.Equal([]int64{a.ID}, f.bookmarked(core.Starred))
}
