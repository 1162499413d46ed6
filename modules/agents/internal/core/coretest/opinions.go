package coretest

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"parley/modules/agents/internal/core"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
	"parley/platform/storetest"
)

// atOnce calls do n times at the same time and answers how often it worked;
// any error but refused is one.
func atOnce(f fixture, n int, refused error, do func(i int) error) int64 {
	f.t.Helper()
	var wg sync.WaitGroup
	var worked atomic.Int64
	for i := range n {
		wg.Go(func() {
			switch err := do(i); {
			case err == nil:
				worked.Add(1)
			case refused == nil || !errors.Is(err, refused):
				f.t.Error(err)
			}
		})
	}
	wg.Wait()
	return worked.Load()
}

func noting(f fixture) {
	a, b := f.agent(), f.agent()
	atOnce(f, 100, nil, func(int) error {
		return f.NoteQuestions(f.ctx, []core.Question{{OrganizationID: 1, UserID: 1, AgentID: a.ID}}, 20)
	})
	for _, c := range []struct {
		user, agent int64
		want        bool
	}{{1, a.ID, true}, {2, a.ID, false}, {1, b.ID, false}} {
		f.Equal(c.want, storetest.Must[bool](f.t)(f.HasRun(f.ctx, c.user, c.agent)))
	}
	f.ErrorIs(f.NoteQuestions(f.ctx, []core.Question{{OrganizationID: 1, UserID: 2, AgentID: a.ID}, {OrganizationID: 1, UserID: 1, AgentID: a.ID}, {OrganizationID: 1, UserID: 1, AgentID: b.ID}}, 20), nil)
	f.ErrorIs(f.NoteQuestions(f.ctx, nil, 20), nil)
	for _, c := range [][2]int64{{1, a.ID}, {2, a.ID}, {1, b.ID}} {
		f.Equal(true, storetest.Must[bool](f.t)(f.HasRun(f.ctx, c[0], c[1])))
	}
	f.Equal(false, storetest.Must[bool](f.t)(f.HasRun(f.ctx, 2, b.ID)))
}

func (f fixture) review(user, agent int64) core.Review {
	f.t.Helper()
	return storetest.Must[core.Review](f.t)(f.AddReview(f.ctx, core.Review{OrganizationID: 1, AgentID: agent, UserID: user, Review: "Süß.\n'", Audit: audit.New("jo@example.com", now)}))
}

func reviewing(f fixture) {
	a, b := f.agent(), f.agent()
	r := f.review(1, a.ID)
	f.Equal(r, storetest.Must[core.Review](f.t)(f.Review(f.ctx, a.ID, r.ID)))
	_, err := f.AddReview(f.ctx, core.Review{OrganizationID: 1, AgentID: a.ID, UserID: 1, Audit: audit.New("jo@example.com", now)})
	f.ErrorIs(err, core.ErrReviewed)
	f.Equal(r, storetest.Must[core.Review](f.t)(f.ReviewByID(f.ctx, 1, r.ID)))
	_, err = f.ReviewByID(f.ctx, 2, r.ID)
	f.ErrorIs(err, core.ErrReviewNotFound)
	other := f.review(1, b.ID)
	for _, id := range []int64{other.ID, 99} { // of the agent in question alone
		_, err = f.Review(f.ctx, a.ID, id)
		f.ErrorIs(err, core.ErrReviewNotFound)
		_, err = f.UpdateReview(f.ctx, a.ID, id, func(*core.Review) error { return nil })
		f.ErrorIs(err, core.ErrReviewNotFound)
		f.ErrorIs(f.DeleteReview(f.ctx, a.ID, id), core.ErrReviewNotFound)
	}
	r.Review = "b"
	f.Equal(r, storetest.Must[core.Review](f.t)(f.UpdateReview(f.ctx, a.ID, r.ID, func(s *core.Review) error { s.Review = "b"; return nil })))
	f.ErrorIs(f.DeleteReview(f.ctx, a.ID, r.ID), nil)
	_, err = f.Review(f.ctx, a.ID, r.ID)
	f.ErrorIs(err, core.ErrReviewNotFound)
	f.Equal(other, storetest.Must[core.Review](f.t)(f.Review(f.ctx, b.ID, other.ID)))
	f.review(1, a.ID)
}

func reviewOrder(f fixture) {
	a := f.agent()
	one, two, three := f.review(1, a.ID), f.review(2, a.ID), f.review(3, a.ID)
	f.review(1, f.agent().ID)
	f.Equal([]core.Review{three, two, one}, storetest.Must[page.Of[core.Review]](f.t)(f.ReviewsPage(f.ctx, a.ID, page.Request{})).Items)
	first := storetest.Must[page.Of[core.Review]](f.t)(f.ReviewsPage(f.ctx, a.ID, page.Request{Size: 2, ByCursor: true}))
	f.Equal([]core.Review{one}, storetest.Must[page.Of[core.Review]](f.t)(f.ReviewsPage(f.ctx, a.ID, page.Request{Size: 2, Cursor: first.NextCursor})).Items)
}

func reviewingAtOnce(f fixture) {
	a := f.agent()
	f.Equal(int64(1), atOnce(f, 100, core.ErrReviewed, func(int) error {
		_, err := f.AddReview(f.ctx, core.Review{OrganizationID: 1, AgentID: a.ID, UserID: 1, Review: "a", Audit: audit.New("jo@example.com", now)})
		return err
	}))
}

func (f fixture) toggle(user, agent int64) error {
	return f.ToggleRating(f.ctx, core.Rating{OrganizationID: 1, AgentID: agent, UserID: user, IsRated: true, ModifiedOn: now})
}

func (f fixture) rated(agent, user int64, count int64, is bool) {
	f.t.Helper()
	n, rated, err := f.CountRatings(f.ctx, agent, user)
	if n != count || rated != is || err != nil {
		f.t.Errorf("%d ratings, by %d: %v, %v", n, user, rated, err)
	}
}

func rating(f fixture) {
	a, b := f.agent(), f.agent()
	f.rated(a.ID, 1, 0, false)
	for _, err := range []error{f.toggle(1, a.ID), f.toggle(2, a.ID), f.toggle(1, b.ID)} {
		f.ErrorIs(err, nil)
	}
	f.rated(a.ID, 1, 2, true)
	f.rated(a.ID, 3, 2, false)
	f.ErrorIs(f.toggle(1, a.ID), nil)
	f.rated(a.ID, 1, 1, false)
	f.rated(a.ID, 2, 1, true)
	f.rated(b.ID, 1, 1, true)
	f.ErrorIs(f.toggle(1, a.ID), nil)
	f.rated(a.ID, 1, 2, true)
}

func ratingAtOnce(f fixture) {
	a := f.agent()
	atOnce(f, 101, nil, func(int) error { return f.toggle(1, a.ID) })
	f.rated(a.ID, 1, 1, true)
	atOnce(f, 100, nil, func(i int) error { return f.toggle(int64(2+i), a.ID) })
	f.rated(a.ID, 2, 101, true)
	atOnce(f, 100, nil, func(int) error { return f.toggle(1, a.ID) })
	f.rated(a.ID, 1, 101, true)
}

func (f fixture) alias(agent int64, address string) (core.Alias, error) {
	return f.AddAlias(f.ctx, core.Alias{OrganizationID: 1, AgentID: agent, Alias: address, Audit: audit.New("jo@example.com", now)})
}

func aliasing(f fixture) {
	a, b := f.agent(), f.agent()
	added := storetest.Must[core.Alias](f.t)(f.alias(a.ID, "Guide@x.example"))
	_, err := f.alias(a.ID, "other@x.example")
	f.ErrorIs(err, core.ErrHasAlias)
	_, err = f.alias(b.ID, "gUIDE@X.example")
	f.ErrorIs(err, core.ErrAliasTaken)
	_, err = f.UpdateAlias(f.ctx, b.ID, func(*core.Alias) error { return nil })
	f.ErrorIs(err, core.ErrNoAlias)
	second := storetest.Must[core.Alias](f.t)(f.alias(b.ID, "second@x.example"))
	_, err = f.UpdateAlias(f.ctx, b.ID, func(s *core.Alias) error { s.Alias = "GUIDE@x.example"; return nil })
	f.ErrorIs(err, core.ErrAliasTaken)
	added.Alias = "GUIDE@x.example"
	f.Equal(added, storetest.Must[core.Alias](f.t)(f.UpdateAlias(f.ctx, a.ID, func(s *core.Alias) error { s.Alias = "GUIDE@x.example"; return nil })))
	f.Equal([]core.Alias{added, second}, storetest.Must[[]core.Alias](f.t)(f.Aliases(f.ctx, []int64{b.ID, 99, a.ID})))
	f.Equal(0, len(storetest.Must[[]core.Alias](f.t)(f.Aliases(f.ctx, nil))))
}

func aliasingAtOnce(f fixture) {
	var agents []int64
	for range 100 {
		agents = append(agents, f.agent().ID)
	}
	f.Equal(int64(1), atOnce(f, 100, core.ErrAliasTaken, func(i int) error {
		_, err := f.alias(agents[i], strings.Repeat("A", i%2)+strings.Repeat("a", 1-i%2)+"@x.example")
		return err
	}))
	free := f.agent().ID
	f.Equal(int64(1), atOnce(f, 100, core.ErrHasAlias, func(i int) error {
		_, err := f.alias(free, fmt.Sprintf("b%d@x.example", i))
		return err
	}))
}

func aliasesVisible(f fixture) {
	mine, hidden, gone := f.agent(), f.agent(func(a *core.Agent) { a.UserID = 5 }), f.agent(func(a *core.Agent) { a.IsDeleted = true })
	for i, id := range []int64{mine.ID, hidden.ID, gone.ID} {
		storetest.Must[core.Alias](f.t)(f.alias(id, fmt.Sprintf("a%d@x.example", i)))
	}
	seen := func(v core.Visible) []int64 {
		ids := []int64{}
		for _, a := range storetest.Must[page.Of[core.Alias]](f.t)(f.AliasesPage(f.ctx, v, page.Request{})).Items {
			ids = append(ids, a.AgentID)
		}
		return ids
	}
	f.Equal([]int64{mine.ID, hidden.ID}, seen(all))
	f.Equal([]int64{mine.ID}, seen(core.Visible{OrganizationID: 1, UserID: 1}))
	f.Equal([]int64{}, seen(core.Visible{OrganizationID: 2, All: true}))
}

func forgetting(f fixture) {
	a, b := f.agent(), f.agent()
	hang := func(user int64, agent core.Agent) {
		f.t.Helper()
		f.addBookmark(core.Recent, user, agent.ID, 0)
		f.addBookmark(core.Starred, user, agent.ID, time.Minute)
		f.review(user, agent.ID)
		f.ErrorIs(f.NoteQuestions(f.ctx, []core.Question{{OrganizationID: 1, UserID: user, AgentID: agent.ID}}, 20), nil)
		f.ErrorIs(f.toggle(user, agent.ID), nil)
	}
	for _, agent := range []core.Agent{a, b} {
		hang(1, agent)
		hang(2, agent)
		storetest.Must[core.Alias](f.t)(f.alias(agent.ID, fmt.Sprintf("a%d@x.example", agent.ID)))
	}
	hangs := func(user int64, agent core.Agent, want bool) {
		f.t.Helper()
		_, rated, err := f.CountRatings(f.ctx, agent.ID, user)
		f.ErrorIs(err, nil)
		reviewed := false
		for _, r := range storetest.Must[page.Of[core.Review]](f.t)(f.ReviewsPage(f.ctx, agent.ID, page.Request{})).Items {
			reviewed = reviewed || r.UserID == user
		}
		bookmarks := 0
		for _, k := range []core.Kind{core.Recent, core.Starred} {
			for _, m := range storetest.Must[page.Of[core.Bookmark]](f.t)(f.BookmarksPage(f.ctx, k, core.Visible{OrganizationID: 1, UserID: user, All: true}, page.Request{})).Items {
				if m.AgentID == agent.ID {
					bookmarks++
				}
			}
		}
		if ran := storetest.Must[bool](f.t)(f.HasRun(f.ctx, user, agent.ID)); rated != want || reviewed != want || ran != want || bookmarks != map[bool]int{true: 2}[want] {
			f.t.Errorf("of %d on %d: rated %v, reviewed %v, ran %v, %d bookmarks; want %v", user, agent.ID, rated, reviewed, ran, bookmarks, want)
		}
	}
	f.ErrorIs(f.ForgetUser(f.ctx, 1), nil)
	hangs(1, a, false)
	hangs(1, b, false)
	hangs(2, a, true)
	f.ErrorIs(f.ForgetAgents(f.ctx, []int64{a.ID, 99}), nil)
	hangs(2, a, false)
	hangs(2, b, true)
	left := storetest.Must[[]core.Alias](f.t)(f.Aliases(f.ctx, []int64{a.ID, b.ID}))
	if len(left) != 1 || left[0].AgentID != b.ID {
		f.t.Errorf("left are %+v", left)
	}
}
