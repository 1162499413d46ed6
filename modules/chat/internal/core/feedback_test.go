package core_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"parley/modules/chat"
	"parley/modules/chat/internal/core"
	"parley/platform/kernel/page"
)

// rated are the votes that were told of.
func (s *scene) rated() (out []chat.ResponseRated) {
	for _, e := range s.db.Published() {
		if e, ok := e.(chat.ResponseRated); ok {
			out = append(out, e)
		}
	}
	return out
}

func TestACommentIsToldOfAndShownWithItsAnswer(t *testing.T) {
	play(t, func(s *scene) {
		run := s.ended(s.ask("What is green?"))
		other := s.ended(s.ask("And blue?", in(run.ThreadID)))
		first, err := s.Comment(s.ctx, jo, run.Run.ID, "  Not the coil. \n")
		s.must(err)
		s.same("Not the coil.", first.Comment)
		second, err := s.Comment(s.ctx, jo, run.Run.ID, "Or is it?")
		s.must(err)
		told := s.db.Published()
		s.same(chat.ResponseCommented{
			CommentID: second.ID, AgentResponseID: run.Run.ID, OrganizationID: 1, ThreadID: run.ThreadID, AgentID: 3, UserID: 7, CommentedOn: second.CreatedOn,
		}, told[len(told)-1])
		vote, err := s.Vote(s.ctx, jo, other.Run.ID, true)
		s.must(err)

		_, list, err := s.Thread(s.ctx, jo, run.ThreadID, page.Request{})
		s.must(err)
		s.same([]core.Comment{first, second}, list.Items[0].Comments)
		s.same([]core.Vote{vote}, list.Items[1].Votes)
		s.same([]int{0, 0}, []int{len(list.Items[0].Votes), len(list.Items[1].Comments)})
		s.same(list.Items[0], s.ended(run.Run))
	})
}

func TestACommentHasATextAndAnAnswerOfItsOwn(t *testing.T) {
	play(t, func(s *scene) {
		run := s.ended(s.ask("What is green?")).Run
		before := len(s.db.Published())
		_, err := s.Comment(s.ctx, jo, run.ID, " \n\t ")
		s.is(err, core.ErrBlankComment)
		for _, id := range []int64{run.ID, 999} {
			_, err = s.Comment(s.ctx, ann, id, "Mine?")
			s.is(err, core.ErrNotFound)
			_, err = s.Vote(s.ctx, ann, id, true)
			s.is(err, core.ErrNotFound)
		}
		s.same(before, len(s.db.Published()))
		got := s.ended(run)
		s.same(0, len(got.Comments)+len(got.Votes))
	})
}

func TestAnAnswerTakesSoManyCommentsAndNoMore(t *testing.T) {
	play(t, func(s *scene) {
		run := s.ended(s.ask("What is green?")).Run
		var wg sync.WaitGroup
		failed := make(chan error, core.MaxComments+20)
		for i := range cap(failed) {
			wg.Go(func() {
				_, err := s.Comment(s.ctx, jo, run.ID, fmt.Sprintf("Comment %d.", i))
				if err != nil {
					failed <- err
				}
			})
		}
		wg.Wait()
		close(failed)
		for err := range failed {
			s.is(err, core.ErrTooManyComments)
		}
		s.same([]int{20, core.MaxComments}, []int{len(failed) + cap(failed) - core.MaxComments, len(s.ended(run).Comments)})
		_, err := s.Vote(s.ctx, jo, run.ID, true) // which is no comment
		s.must(err)
	})
}

func TestAVoteIsOneAndToldOfOnlyWhenItChanges(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = says(0, strings.Repeat("It is green. ", 3))
		run := s.ended(s.ask("What is green?")).Run
		vote := func(up bool) core.Vote {
			t.Helper()
			v, err := s.Vote(s.ctx, jo, run.ID, up)
			s.must(err)
			return v
		}
		first := vote(true)
		s.same(first, vote(true))
		second := vote(false)
		s.same(second, vote(false))
		s.same([]any{first.ID, true, false}, []any{second.ID, first.IsUpvote, second.IsUpvote})
		s.same([]core.Vote{second}, s.ended(run).Votes)
		fact := func(change int64, before, after string, v core.Vote) chat.ResponseRated {
			return chat.ResponseRated{
				FeedbackID: v.ID, Change: change, Before: before, After: after, AgentResponseID: run.ID, OrganizationID: 1, ThreadID: run.ThreadID, AgentID: 3,
				AgentType: "QnA", ProjectID: 4, TeamID: 5, UserID: 7, QuerySource: "api", Model: "m-1", AskedOn: run.CreatedOn, RatedOn: v.CreatedOn,
			}
		}
		s.same([]chat.ResponseRated{fact(1, "", "upvote", first), fact(2, "upvote", "downvote", second)}, s.rated())
	})
}

func TestVotesAtOnceAddUpToTheOneThatIsStored(t *testing.T) {
	play(t, func(s *scene) {
		run := s.ended(s.ask("What is green?")).Run
		var wg sync.WaitGroup
		for i := range 60 {
			wg.Go(func() {
				_, err := s.Vote(s.ctx, jo, run.ID, i%3 == 0)
				s.is(err, nil)
			})
		}
		wg.Wait()
		count := map[string]int{}
		for _, e := range s.rated() {
			count[e.Before]--
			count[e.After]++
		}
		stored := s.ended(run).Votes
		want := map[string]int{"": -1, "upvote": 0, "downvote": 0}
		if stored[0].IsUpvote {
			want["upvote"] = 1
		} else {
			want["downvote"] = 1
		}
		for word, n := range want {
			s.same(n, count[word])
		}
		s.same(1, len(stored))
	})
}

func TestAThreadIsRenamedByItsUserAlone(t *testing.T) {
	play(t, func(s *scene) {
		run := s.ended(s.ask("What is green?"))
		before := len(s.db.Published())
		_, err := s.RenameThread(s.ctx, ann, run.ThreadID, "Mine")
		s.is(err, core.ErrNotFound)
		_, err = s.RenameThread(s.ctx, jo, run.ThreadID, " \t")
		s.is(err, core.ErrBlankTitle)
		renamed, err := s.RenameThread(s.ctx, jo, run.ThreadID, "  Coils, warp ")
		s.must(err)
		s.same([]string{"Coils, warp", jo.Email}, []string{renamed.Title, renamed.ModifiedBy})
		s.same("Coils, warp", s.ended(s.ask("And blue?", in(run.ThreadID))).ThreadTitle)
		s.same("Coils, warp", s.ended(run.Run).ThreadTitle)
		s.same(before+1, len(s.db.Published())) // of the second question
	})
}
