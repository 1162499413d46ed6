package core_test

import (
	"testing"

	"parley/modules/chat/internal/core"
	"parley/modules/corpora"
)

func TestAnAttachedCorpusIsSearchedForItsThreadAlone(t *testing.T) {
	play(t, func(s *scene) {
		first, other := s.ended(s.ask("What is warp?")), s.ended(s.ask("What is weft?"))
		_, err := s.Attach(s.ctx, ann, first.ThreadID, 5)
		s.is(err, core.ErrNotFound)
		_, err = s.Attach(s.ctx, jo, first.ThreadID, 6) // which jo can't read
		s.is(err, core.ErrCorpusNotFound)
		_, err = s.Attach(s.ctx, jo, 999, 5)
		s.is(err, core.ErrNotFound)
		thread, err := s.Attach(s.ctx, jo, first.ThreadID, 5)
		s.must(err)
		if thread.CorpusID == nil || *thread.CorpusID != 5 || thread.ModifiedBy != jo.Email {
			t.Errorf("%+v", thread)
		}
		s.library.scopes = nil
		s.ended(s.ask("And then?", in(first.ThreadID)))
		s.ended(s.ask("And then?", in(other.ThreadID)))
		s.ended(s.ask("Of that alone?", in(first.ThreadID), func(a *core.Ask) { a.Options.CorpusIDs = []int64{5} }))
		s.same([]corpora.Scope{{AgentID: 3, Attached: []int64{5}}, {AgentID: 3}, {AgentID: 3, Only: []int64{5}, Attached: []int64{5}}}, s.library.scopes)
	})
}
